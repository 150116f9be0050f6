// Docs: docs/http.md
/**
 * The value of the `x-cache` field: how each call of the response was answered, in the order of the calls, as a list
 * (RFC 9110 §5.6.1).
 *
 * @param outcomes one per call; a batch has several. None give the empty string: send no field then.
 * @example
 * xCache(['hit', 'miss']); // 'HIT, MISS'
 */
export function xCache(outcomes: readonly ('hit' | 'stale' | 'miss' | 'bypass')[]): string {
  return outcomes.join(', ').toUpperCase();
}
