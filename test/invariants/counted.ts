/** A text that counts how many of its characters are looked at, for parsers that read one by its methods. */
export function counted(text: string): { readonly text: string; readonly steps: () => number } {
  let steps = 0;
  const looked = <T>(many: number, result: T): T => {
    steps += many;
    return result;
  };
  const reader = {
    length: text.length,
    charCodeAt: (at: number) => looked(1, text.charCodeAt(at)),
    startsWith(start: string, at = 0) {
      let same = 0;
      while (same < start.length && text[at + same] === start[same]) same++;
      return looked(same + 1, same === start.length);
    },
    indexOf(wanted: string, from = 0) {
      const found = text.indexOf(wanted, from);
      return looked((found < 0 ? text.length : found) - from + 1, found);
    },
    slice: (from: number, to: number) => looked(to - from, text.slice(from, to)),
  };
  return { text: reader as unknown as string, steps: () => steps };
}

const etag = 'W/"0123456789abcdefghijABCD"';

/** What headers are filled with that somebody hopes will be slow to read. */
export const fillings = [
  ...[
    '"',
    '""',
    '",',
    'W/',
    'W/"',
    'W/",',
    ',',
    ' ',
    '\t',
    ', ',
    ' ,',
    '*',
    '"a",',
    '"a" x,',
    'a"b,',
    etag.slice(0, -1),
  ],
  ...[
    `${etag.slice(2, -1)},`,
    '"0123456789abcdefghijABCE",',
    `${etag.slice(0, -1)}-"`,
    ';',
    '; ',
    ';  ;',
    'trpc-cached-exact=1',
  ],
  ...[
    '; trpc-cached-exact=',
    'no-cache',
    'no-cache ',
    ', no-cache',
    ',  no-cache  x',
    'max-age',
    '=',
    'max-age=',
    'max-age=1,',
  ],
  ...['1', 'max-age="1', '"1"', 'min-fresh=9', '\xff', 'user=a; '],
];

export const target = etag;
