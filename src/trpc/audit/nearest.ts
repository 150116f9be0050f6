// Docs: docs/errors.md#audit
/** The known name that was probably meant: another case, or few letters away; nothing when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const best = known
    .map((other) => ({ other, away: distance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((one, two) => one.away - two.away)[0];
  return best !== undefined && best.away <= Math.max(1, Math.floor(name.length / 4)) ? best.other : undefined;
}

/** Levenshtein's distance, row by row. */
function distance(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, index) => index);
  for (const [index, sign] of Array.from(one).entries()) {
    const next = [index + 1];
    for (let at = 1; at <= two.length; at++) {
      const [left = 0, above = 0, before = 0] = [next[at - 1], row[at], row[at - 1]];
      next.push(Math.min(left + 1, above + 1, before + (two[at - 1] === sign ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
