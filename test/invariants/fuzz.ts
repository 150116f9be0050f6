import fc from 'fast-check';
import { names as isNamed } from './conditional.ts';
import { openShop, type QueryName, type Shop } from './shop.ts';
import type { Config } from './steps.ts';

/** What a fuzzing run saw. */
export interface Fuzzed {
  readonly inputs: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly wrong: readonly string[];
}

// What the parsers of these fields look for, whole and in pieces.
const pieces = [
  ...[
    '"',
    '""',
    'W/',
    'W/"',
    'w/"',
    '*',
    ',',
    ', ',
    ' ',
    '\t',
    ';',
    '; ',
    '=',
    '\\"',
    '-gzip',
    '%',
    '\x7f',
    '\xff',
    '$E',
  ],
  ...[
    '"a"',
    'W/"b"',
    '"a,b"',
    '$E',
    '$E',
    '"c",$E',
    '$Q,"d"',
    '$E,',
    '$Q',
    ',$E',
    '$E x',
    'no-cache',
    'no-store',
    'only-if-cached',
    'max-stale',
  ],
  ...[
    'max-age',
    'max-age=',
    'max-age=0',
    'max-age="5"',
    'min-fresh=',
    'min-fresh=9',
    '99999999999999999999',
    '-1',
    '1e9',
  ],
  ...['trpc-cached-exact=1', 'trpc-cached-exact', 'user=ann', 'user=', 'Bearer ', 'Bearer bob', 'en', 'fr', 'NO-CACHE'],
];

const fields = ['if-none-match', 'cookie', 'cache-control', 'pragma', 'authorization', 'accept-language'] as const;

const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((some) => some.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...pieces), fc.integer({ min: 1, max: 300 }))
      .map(([one, times]) => one.repeat(times)),
  },
);

// Fields that make sense, and change what is answered.
const sensible: Record<(typeof fields)[number], string[]> = {
  'if-none-match': ['$E', '$Q', '*', '"a", $E', '$Q,"z"', '"b"', '$E,,', 'W/$E'],
  cookie: ['user=ann', 'user=bob; trpc-cached-exact=1', 'trpc-cached-exact=1', 'a=b;trpc-cached-exact=1;c=d'],
  'cache-control': ['only-if-cached', 'no-cache', 'no-store', 'max-age=0', 'max-age=5, min-fresh=70', 'max-stale'],
  pragma: ['no-cache', 'x, no-cache', 'NO-CACHE'],
  authorization: ['Bearer ann', 'Bearer', 'Basic YTpi'],
  'accept-language': ['en', 'fr', 'de;q=0.5, en'],
};
const textOf = (field: (typeof fields)[number]) =>
  fc.oneof({ weight: 2, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(...sensible[field]) });

const input = fc.record({
  name: fc.constantFrom<QueryName>('pub', 'lang', 'swr', 'priv', 'def'),
  headers: fc.record(Object.fromEntries(fields.map((field) => [field, textOf(field)])), {
    requiredKeys: [],
  }) as fc.Arbitrary<Partial<Record<(typeof fields)[number], string>>>,
});

const config: Config = {
  age: true,
  strongEtag: false,
  encodingSuffixes: true,
  requestDirectives: 'honor',
  cacheStatus: 'trpc-cached',
  allowAuthorization: false,
  readYourWrites: '5s',
  cdnTags: 'cloudflare',
  typed: false,
  wrapped: true,
  numbered: false,
};

/** A server that reads all request headers that there are to be read. */
export const openFuzzed = (requestDirectives: Config['requestDirectives']): Shop =>
  openShop({ ...config, requestDirectives });

/** What a header can hold: anything of Latin-1 but line ends and NUL. */
const sendable = (value: string) =>
  Array.from(value, (character) => ('\0\r\n'.includes(character) || character > '\xff' ? '?' : character)).join('');

/** Sends requests whose headers make little sense to two servers, of which one obeys request directives. */
export async function fuzz(count: number, seed: number): Promise<Fuzzed> {
  const shops = (['honor', 'ignore'] as const).map(openFuzzed);
  const statuses: Record<number, number> = {};
  const wrong: string[] = [];
  const etags = new Map<string, string>();
  for (const [index, { name, headers }] of fc.sample(input, { seed, numRuns: count }).entries()) {
    const shop = shops[index % 2];
    // Else everything is stored after a while, and nothing is left to be refused.
    if (index % 10 < 2) await shop?.invalidate();
    const request = new Request(`http://shop.test/trpc/${name}?x=${index % 2}`);
    const etag = etags.get(name) ?? '"none"';
    for (const [field, value] of Object.entries(headers)) {
      request.headers.set(field, sendable(value.replaceAll('$E', etag).replaceAll('$Q', etag.replace('W/', ''))));
    }
    const field = request.headers.get('if-none-match');
    const what = () => `${name} ${JSON.stringify([...request.headers])}`;
    try {
      const reply = await shop?.send(request);
      const status = reply?.status ?? 0;
      statuses[status] = (statuses[status] ?? 0) + 1;
      const isAsked = /only-if-cached/i.test(request.headers.get('cache-control') ?? '');
      if (status !== 200 && status !== 304 && !(status === 504 && isAsked && index % 2 === 0))
        wrong.push(`${status}: ${what()}`);
      const own = reply?.headers.get('etag') ?? null;
      if (status === 200 && own !== null) etags.set(name, own);
      // What does not fit the grammar may be read as far as it does.
      const named = field === null || own === null ? false : isNamed(field, own, true);
      if (named !== undefined && named !== (status === 304)) wrong.push(`${status} with ${own}: ${what()}`);
    } catch (error) {
      wrong.push(`${error}: ${what()}`);
    }
  }
  return { inputs: count, statuses, wrong };
}
