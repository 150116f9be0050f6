/** Whether a path matches an absolute pattern, segment by segment; a trailing `*` is the whole subtree. */
export function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('.');
  const actual = path.split('.');
  const subtree = wanted.at(-1) === '*';
  if (subtree ? actual.length < wanted.length : actual.length !== wanted.length) return false;
  return wanted.every((segment, index) => segment === '*' || segment === actual[index]);
}
