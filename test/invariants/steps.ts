import fc from 'fast-check';
import { type QueryName, queryNames } from './shop.ts';

/** Where a request goes first. */
export type Via = 'origin' | 'browser' | 'shared' | 'careless' | 'cdn' | 'fastly';

/** What the user's own `responseMeta` and `createContext` add. */
export interface Own {
  readonly form: 'plain' | 'Headers';
  /** Where a cookie is set; late is after tRPC has answered, which the fetch wrapper alone can see. */
  readonly cookie: 'none' | 'meta' | 'context' | 'late';
  readonly cacheControl?: 'private, max-age=5' | 'public, max-age=9' | 'no-store';
  readonly cdnCacheControl?: 'max-age=9';
  readonly etag: boolean;
  readonly status?: 200 | 201 | 203;
  readonly fails: boolean;
}

/** How a tag is named in `If-None-Match`. */
export type Naming =
  | 'none'
  | 'same'
  | 'flipped'
  | 'listed'
  | 'with a comma'
  | 'older'
  | 'another'
  | 'any'
  | 'suffixed'
  | 'broken'
  | 'unknown';

export interface Get {
  readonly kind: 'get';
  readonly pick: number;
  readonly user: 'ann' | 'bob' | null;
  readonly by: 'cookie' | 'authorization' | 'params';
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly stream: boolean;
  readonly language: 'en' | 'fr';
  readonly directive: Readonly<Record<string, string>>;
  readonly wrote: boolean;
  readonly naming: Naming;
  readonly via: Via;
  readonly own: Own;
}

/** One thing that happens. */
export type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'data'; readonly pick: number; readonly value: number | 'fails' | 'missing' }
  | { readonly kind: 'write'; readonly how: 'drop' | 'touch' | 'fail' | 'direct' | 'get' }
  | Get;

export interface Config {
  readonly age: boolean;
  readonly strongEtag: boolean;
  readonly encodingSuffixes: boolean;
  readonly requestDirectives: 'ignore' | 'honor';
  readonly cacheStatus: 'trpc-cached' | false;
  readonly allowAuthorization: boolean;
  readonly readYourWrites: '5s' | false;
  readonly cdnTags: 'cloudflare' | 'fastly' | undefined;
  readonly typed: boolean;
  /** Whether `cache.fetch` is around the handler. */
  readonly wrapped: boolean;
  /** Whether outputs name the run they come from: then none are equal, and the age of each is known exactly. */
  readonly numbered: boolean;
}

export interface Sequence {
  readonly config: Config;
  /** The requests of this sequence: the queries of each, in a batch or alone. */
  readonly menu: readonly { readonly names: readonly QueryName[]; readonly batch: boolean }[];
  readonly steps: readonly Step[];
}

const often = <T>(usual: T, weight: number, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const seldom = often(false, 9, true);

const nothing: Own = { form: 'plain', cookie: 'none', etag: false, fails: false };
const form = fc.constantFrom<Own['form']>('plain', 'Headers');
const cookie = fc.constantFrom<Own['cookie']>('meta', 'context', 'late');
const cacheControl = fc.constantFrom<NonNullable<Own['cacheControl']>>(
  'private, max-age=5',
  'public, max-age=9',
  'no-store',
);
const status = fc.constantFrom<NonNullable<Own['status']>>(200, 201, 203);
const cdnCacheControl = fc.constant('max-age=9' as const);

const own: fc.Arbitrary<Own> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(nothing) },
  {
    weight: 4,
    arbitrary: fc
      .oneof(
        fc.record({ form, cookie }),
        fc.record({ form, cookie }),
        fc.record({ form, cacheControl }),
        fc.record({ form, cdnCacheControl }),
        fc.record({ form, status }),
        fc.record({ form, etag: fc.constant(true) }),
        fc.record({ form, fails: fc.constant(true) }),
        fc.record(
          { form, cookie, cacheControl, cdnCacheControl, status, etag: fc.boolean() },
          { requiredKeys: ['form'] },
        ),
      )
      .map((some) => ({ ...nothing, ...some }) as Own),
  },
);

const directives: Get['directive'][] = [
  ...['no-cache', 'no-store', 'max-age=0', 'max-age=20', 'min-fresh=30', 'max-stale', 'max-stale=10', 'only-if-cached'],
].map((value) => ({ 'cache-control': value }));

const get: fc.Arbitrary<Get> = fc.record({
  kind: fc.constant('get'),
  pick: fc.nat(3),
  user: fc.constantFrom('ann', 'bob', null),
  by: often<Get['by']>('cookie', 2, 'authorization', 'params'),
  method: often<Get['method']>('GET', 12, 'POST', 'HEAD'),
  stream: often(false, 15, true),
  language: often<Get['language']>('en', 3, 'fr'),
  directive: often<Get['directive']>({}, 5, ...directives, { pragma: 'no-cache' }),
  wrote: seldom,
  naming: fc.oneof(
    fc.constantFrom<Naming>('none', 'same'),
    fc.constantFrom<Naming>(
      ...(['flipped', 'listed', 'with a comma', 'older', 'another', 'any', 'suffixed', 'broken', 'unknown'] as const),
    ),
  ),
  via: often<Via>('origin', 1, 'browser', 'shared', 'careless', 'cdn', 'fastly'),
  own,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: get },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(400, 1_000, 5_000, 20_000, 30_500, 40_000, 59_500, 60_000, 75_000, 95_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      pick: fc.nat(3),
      value: fc.constantFrom<number | 'fails' | 'missing'>(0, 1, 2, 'fails', 'missing'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      how: fc.constantFrom('drop' as const, 'touch' as const, 'fail' as const, 'direct' as const, 'get' as const),
    }),
  },
);

// More of those whose answers have a window, which is met at few moments.
const name = fc.constantFrom(...queryNames, ...(['swr', 'mine', 'tide', 'ebb', 'sie'] as const));

/** Sequences of requests for a few URLs, so that what one leaves behind is met by the next. */
export const sequences: fc.Arbitrary<Sequence> = fc.record({
  config: fc.record({
    age: fc.boolean(),
    strongEtag: seldom,
    encodingSuffixes: fc.boolean(),
    requestDirectives: fc.constantFrom('ignore', 'honor'),
    cacheStatus: fc.constantFrom('trpc-cached', false),
    allowAuthorization: often(false, 3, true),
    readYourWrites: fc.constantFrom('5s', false),
    cdnTags: often<'cloudflare' | 'fastly' | undefined>(undefined, 2, 'cloudflare', 'fastly'),
    typed: seldom,
    wrapped: fc.boolean(),
    numbered: fc.boolean(),
  }),
  menu: fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          names: name.map((one) => [one]),
          batch: often(false, 4, true),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          names: fc.array(name, { minLength: 2, maxLength: 3 }),
          batch: fc.constant(true),
        }),
      },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  steps: fc.array(step, { minLength: 4, maxLength: 20 }),
}) as fc.Arbitrary<Sequence>;
