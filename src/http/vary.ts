// Docs: docs/http.md
/**
 * The request header names in a `Vary` field value, lower-case and once each, in their order (RFC 9110 §12.5.5).
 *
 * @param value a field value, several joined by commas, or `null` or `undefined` when absent.
 * @example
 * varyNames('trpc-accept, Accept'); // ['trpc-accept', 'accept']
 */
export function varyNames(value: string | null | undefined): string[] {
  const names = new Set<string>();
  for (const member of (value ?? '').split(',')) {
    const name = member.trim().toLowerCase();
    // Empty list members are ignored (RFC 9110 §5.6.1.2).
    if (name !== '') names.add(name);
  }
  return [...names];
}

/**
 * The names to append to a `Vary` that is already there, so that each name is in it once (RFC 9110 §12.5.5). What is
 * there is never replaced: it may come from tRPC (`trpc-accept, accept`) or from CORS (`origin`).
 *
 * @param existing the field value of the response so far.
 * @param add header names, in any case; a member may also be a comma list.
 * @returns lower-case names, once each, sorted; empty when nothing is missing or `existing` has `*`; `['*']` when `add`
 * has `*`.
 * @example
 * mergeVary('trpc-accept, Accept', ['Accept-Language', 'accept']); // ['accept-language']
 */
export function mergeVary(existing: string | null | undefined, add: readonly string[]): string[] {
  const present = new Set(varyNames(existing));
  if (present.has('*')) return [];
  const wanted = varyNames(add.join(','));
  // `*` covers every name (RFC 9110 §12.5.5).
  if (wanted.includes('*')) return ['*'];
  // Sorted, so that a 200 and its 304 agree whatever the order of the calls (RFC 9110 §15.4.5).
  return wanted.filter((name) => !present.has(name)).sort();
}
