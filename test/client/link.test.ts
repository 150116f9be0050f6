import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, splitLink, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Invalidated, invalidationLink } from '../../src/client/index.ts';
import { errorOf } from '../support/app.ts';
import { openSite, type Router } from './site.ts';

const linked = (end: Parameters<typeof openSite>[2], options: Parameters<typeof openSite>[1] = {}) =>
  openSite({}, options, end);
const invalidatedIn = (told: readonly (readonly [unknown, readonly Invalidated[]])[]) =>
  told.map(([, invalidated]) => invalidated);

/** A link that leaves something else in place of the response. */
const answeredBy =
  (response: unknown): TRPCLink<Router> =>
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (result) => observer.next({ ...result, context: { response } as never }),
        error: (error) => observer.error(Object.assign(error, { meta: { response } })),
        complete: () => observer.complete(),
      }),
    );

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('invalidationLink', () => {
  test.each([
    ['httpLink', httpLink],
    ['httpBatchLink', httpBatchLink],
  ] as const)(
    'before %s tells what a mutation invalidated, and nothing of queries or of mutations without',
    async (_, end) => {
      const { client, told } = await linked((url) => end({ url }));
      await client.stats.query();
      await client.post.nothing.mutate();
      expect(told).toEqual([]);
      await client.post.touch.mutate();
      expect(invalidatedIn(told)).toEqual([[{ path: 'post.list' }, { path: 'user.*' }]]);
    },
  );

  test('tells before the promise of the mutation goes on', async () => {
    const order: string[] = [];
    const { client } = await linked((url) => httpLink({ url }), { onInvalidated: () => order.push('told') });
    await client.post.touch.mutate().then(() => order.push('done'));
    expect(order).toEqual(['told', 'done']);
  });

  test('tells a batch once, of all its mutations', async () => {
    const { client, told } = await linked((url) => httpBatchLink({ url }));
    await Promise.all([
      client.post.touch.mutate(),
      client.post.write.mutate({ targets: ['stats'] }),
      client.post.nothing.mutate(),
    ]);
    expect(invalidatedIn(told)).toEqual([[{ path: 'post.list' }, { path: 'user.*' }, { path: 'stats' }]]);
  });

  test('tells a batch also when one of its mutations failed, or all of them', async () => {
    const { client, told, hidden } = await linked((url) => httpBatchLink({ url }));
    const results = await Promise.allSettled([client.post.half.mutate(), client.post.touch.mutate()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await errorOf(() => client.post.half.mutate());
    hidden.fails = true;
    await errorOf(() => client.post.write.mutate({ targets: ['stats'] }));
    expect(invalidatedIn(told)).toEqual([
      [{ path: 'stats' }, { path: 'post.list' }, { path: 'user.*' }],
      [{ path: 'stats' }],
    ]);
  });

  test('before httpBatchStreamLink tells of each mutation as it ends that anything may have changed', async () => {
    const { client, told } = await linked((url) => httpBatchStreamLink({ url }));
    await Promise.all([client.post.touch.mutate(), client.post.write.mutate({ targets: [] })]);
    expect(invalidatedIn(told)).toEqual([[{ path: '*' }], [{ path: '*' }]]);
    told.length = 0;
    await client.post.nothing.mutate();
    expect(told).toEqual([]);
  });

  test('works in front of a splitLink and behind other links', async () => {
    const { client, told } = await linked((url) =>
      splitLink({
        condition: ({ type }) => type === 'mutation',
        true: httpLink({ url }),
        false: httpBatchLink({ url }),
      }),
    );
    expect((await Promise.all([client.stats.query(), client.post.touch.mutate()])).length).toBe(2);
    expect(told).toHaveLength(1);
  });

  test('leaves results, errors and aborts of mutations as they are, and takes none of their time when nothing listens', async () => {
    const { url, hidden } = await openSite({ http: { tellInvalidated: false } });
    const clients = [[], [invalidationLink({ onInvalidated: () => {} })]].map((links) =>
      createTRPCClient<Router>({ links: [...links, httpLink({ url })] }),
    );
    for (const client of clients) {
      hidden.fails = false;
      expect(await client.post.touch.mutate()).toBeNull();
      const aborted = await errorOf(() => client.post.touch.mutate(undefined, { signal: AbortSignal.abort() }));
      expect(aborted.name).toBe('TRPCClientError');
      hidden.fails = true;
      const failed = await errorOf(() => client.post.write.mutate({}));
      expect(failed).toMatchObject({ name: 'TRPCClientError', message: 'CONFLICT', data: { httpStatus: 409 } });
    }
  });

  test('hands what its callback throws, or rejects with, to reportError, and the mutation succeeds', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const errors = [new Error('at once'), new Error('later')];
    const callbacks = [
      () => {
        throw errors[0];
      },
      () => Promise.reject(errors[1]),
    ];
    for (const onInvalidated of callbacks) {
      const { client } = await linked((url) => httpLink({ url }), { onInvalidated });
      expect(await client.post.touch.mutate()).toBeNull();
    }
    await expect.poll(() => reported, { timeout: 10_000 }).toEqual(errors);
    vi.stubGlobal('reportError', undefined);
    const { client } = await linked((url) => httpLink({ url }), { onInvalidated: callbacks[0] as () => never });
    expect(await client.post.touch.mutate()).toBeNull();
  });

  test('never keeps a result or an error from its mutation, whatever the response is like', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const { url, hidden } = await openSite();
    const gone = (message: string) => () => {
      throw new Error(message);
    };
    const broken: [unknown, string?][] = [
      [{ headers: { get: gone('no such header') } }, 'no such header'],
      [Object.defineProperty({}, 'headers', { get: gone('no headers') }), 'no headers'],
      [{ headers: { get: 'text' } }, 'not a function'],
      ['no response'],
      [null],
    ];
    for (const [response, message] of broken) {
      reported.length = 0;
      const client = createTRPCClient<Router>({
        links: [invalidationLink({ onInvalidated: () => {} }), answeredBy(response), httpLink({ url })],
      });
      hidden.fails = false;
      expect(await client.post.touch.mutate()).toBeNull();
      hidden.fails = true;
      expect((await errorOf(() => client.post.write.mutate({}))).message).toBe('CONFLICT');
      const times = message === undefined ? 0 : 2;
      expect(reported.map((error) => (error as Error).message)).toEqual(
        Array(times).fill(expect.stringContaining(message ?? '')),
      );
    }
  });

  test('reads the header that the server was told to send', async () => {
    const told: unknown[] = [];
    const { client } = await openSite(
      { http: { tellInvalidated: 'X-Changed' } },
      { header: 'x-changed', onInvalidated: (_, invalidated) => told.push(invalidated) },
    );
    await client.post.touch.mutate();
    expect(told).toHaveLength(1);
  });

  test.each<[object, string]>([
    [{}, 'invalidationLink: onInvalidated: expected a function of (matches, invalidated), received undefined.'],
    [
      { onInvalidated: () => {}, ttl: 1 },
      'invalidationLink: unknown option "ttl". Known options: onInvalidated, header, keyPrefix.',
    ],
    ...['x y', '', 5, null, 'é', 'a:b'].map((header): [object, string] => [
      { onInvalidated: () => {}, header },
      `invalidationLink: header: expected a header name such as 'x-cache-invalidated', received ${JSON.stringify(header)}.`,
    ]),
    ...['', 5, null].map((keyPrefix): [object, string] => [
      { onInvalidated: () => {}, keyPrefix },
      `invalidationLink: keyPrefix: expected the keyPrefix of your tRPC integration such as 'shop', received ${JSON.stringify(keyPrefix)}.`,
    ]),
  ])('refuses %o', async (options, message) => {
    expect((await errorOf(() => invalidationLink(options as never))).message).toBe(message);
  });
});

describe('matches', () => {
  const matcherFor = async (targets: unknown[], options: { keyPrefix?: string } = {}) => {
    const { client, told } = await linked((url) => httpLink({ url }), options);
    await client.post.write.mutate({ targets });
    const [[matches]] = told as [(typeof told)[number]];
    return matches;
  };

  test('knows the keys of @trpc/tanstack-react-query and of @trpc/react-query', async () => {
    const matches = await matcherFor([{ path: 'post.byId', input: { id: 1 } }]);
    const keys: [unknown[], boolean][] = [
      [[['post', 'byId'], { input: { id: 1 }, type: 'query' }], true],
      [[['post', 'byId'], { input: { id: 1 }, type: 'infinite' }], true],
      [[['post', 'byId'], { input: { id: 1 } }], true],
      [[['post', 'byId'], { type: 'query' }], true],
      [[['post', 'byId']], true],
      [[['shop'], ['post', 'byId'], { input: { id: 1 }, type: 'query' }], true],
      [[['shop'], ['post', 'byId']], true],
      [[['post', 'byId'], { input: { id: 2 }, type: 'query' }], false],
      [[['shop'], ['post', 'byId'], { input: { id: 2 }, type: 'query' }], false],
      [[['post', 'list'], { input: { id: 1 }, type: 'query' }], false],
      [[['post']], false],
    ];
    for (const [key, expected] of keys) expect(matches(key), JSON.stringify(key)).toBe(expected);
  });

  test('knows no key that tRPC did not make, also when anything may have changed', async () => {
    const matches = await matcherFor(['*']);
    for (const key of [[], ['todos'], ['todos', { input: 1 }], [{ path: 'post' }], [[]], [[1]], [null]])
      expect(matches(key), JSON.stringify(key)).toBe(false);
    expect(matches([['stats'], { type: 'query' }])).toBe(true);
  });

  test('takes only keys with its keyPrefix, if it has one', async () => {
    const matches = await matcherFor(['stats'], { keyPrefix: 'shop' });
    expect(matches([['shop'], ['stats'], { type: 'query' }])).toBe(true);
    expect(matches([['other'], ['stats'], { type: 'query' }])).toBe(false);
    expect(matches([['stats'], { type: 'query' }])).toBe(false);
  });
});
