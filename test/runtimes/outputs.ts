/** What a query answers: every kind of value that JSON alone would lose. */
export const outputOf = (id: number, version: number) => ({
  id,
  version,
  at: new Date(1_700_000_000_000 + version),
  tags: new Set(['a', 'é', '🙂']),
  sizes: new Map([['big', 2n ** 70n]]),
  link: new URL('https://example.com/?q=1'),
  pattern: /x+/gi,
  none: undefined,
  nothing: null,
  odd: [Number.NaN, -0, Number.POSITIVE_INFINITY],
});

/** A quarter of a megabyte that no two rows share. */
export const largeTextOf = (id: number): string => `row ${id} é`.padEnd(250_000, `${id} `);
