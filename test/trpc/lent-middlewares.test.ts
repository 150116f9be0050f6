import { initTRPC } from '@trpc/server';
import superjson, { SuperJSON } from 'superjson';
import { createCache, type Store } from 'trpc-cached';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { app, handlerOf, type Result, rows, textStore } from './lent-app.ts';

const outputs: [string, () => any][] = [
  ['a list', rows],
  ['an object of lists', () => ({ rows: rows(), next: undefined, total: 2, owner: { secret: 's' } })],
];
const secretsOf = (output: any): any[] => [...(Array.isArray(output) ? output : [...output.rows, output.owner])];

const strip = (output: any) => {
  for (const one of secretsOf(output)) delete one.secret;
  return output;
};
const withoutSecrets = (output: any): any =>
  superjson.deserialize(superjson.serialize(strip(superjson.deserialize(superjson.serialize(output)))));

/** Does something, and hands the result on. */
const after = (act: (result: Result) => unknown) => async (result: Result) => {
  await act(result);
  return result;
};

/** What a middleware may do with the result of those inside it. Whatever it is, a hit must be answered as a run is. */
const middlewares: [string, (result: Result) => unknown][] = [
  ['hands it on', (result) => result],
  ['looks whether it is ok', (result) => (result.ok ? result : result)],
  ['reads all of the output', after((result) => JSON.stringify(result.data))],
  ['measures the output with superjson', after((result) => superjson.stringify(result.data))],
  ['clones the output', after((result) => structuredClone(result.data))],
  ['strips the output in place', after((result) => strip(result.data))],
  ['strips the output in place, into a result of its own', (result) => ({ ok: true, data: strip(result.data) })],
  ['strips a copy, spread', (result) => ({ ...result, data: withoutSecrets(result.data) })],
  ['strips a clone', (result) => ({ ...result, data: strip(structuredClone(result.data)) })],
  [
    'sets another output',
    after((result) => {
      result.data = withoutSecrets(result.data);
    }),
  ],
  [
    'sets another output without a look',
    after((result) => {
      result.data = [{ other: true }];
    }),
  ],
  ['spreads the result', (result) => ({ ...result })],
  ['takes it apart', ({ ok, data, ctx, marker }) => ({ ok, data, ctx, marker })],
  ['assigns it to another', (result) => Object.assign({}, result)],
  ['freezes the output', after((result) => Object.freeze(result.data))],
  ['freezes the result', (result) => Object.freeze(result)],
  ['sorts the output', after((result) => Array.isArray(result.data) && result.data.reverse())],
  [
    'hides a toJSON in the output',
    after((result) => Object.defineProperty(result.data, 'toJSON', { value: () => 'hidden' })),
  ],
  [
    'defines the output anew',
    (result) => Object.defineProperty(result, 'data', { value: withoutSecrets(result.data) }),
  ],
  ['keeps the output and changes it later', after((result) => queueMicrotask(() => strip(result.data)))],
  ['hands on a result that inherits from it', (result) => Object.assign(Object.create(result), { ok: true })],
  ['awaits the output', after((result) => Promise.resolve(result.data))],
  ['deletes the output', after((result) => delete (result as Partial<Result>).data)],
];

const stores: [string, () => Store | undefined][] = [
  ['memory', () => undefined],
  ['texts', textStore],
];

describe.each(stores)('store of %s', (_store, makeStore) => {
  describe.each([
    ['superjson', true],
    ['no transformer', false],
  ])('%s', (_codec, transformed) => {
    describe.each(outputs)('%s', (_output, output) => {
      test.each(middlewares)(
        'a middleware around `cached` that %s gets for a hit what it gets for a run',
        async (_, change) => {
          const { send, handlers } = app(output, change, makeStore(), transformed);
          const plain = await send(handlers.bare);
          const [status, body] = [plain.status, await plain.text()];
          for (const handler of [handlers.http, handlers.wrapped, handlers.http, handlers.wrapped]) {
            const reply = await send(handler);
            expect([reply.status, await reply.text()]).toEqual([status, body]);
            const etag = reply.headers.get('etag');
            if (etag === null) continue;
            // A 304 stands for the very body that has the tag.
            const again = await send(handler, { 'if-none-match': etag });
            if (again.status !== 304) expect([again.status, await again.text()]).toEqual([status, body]);
          }
        },
      );

      test('where nobody looks at the output of a hit, it is not decoded', async () => {
        const transformer = new SuperJSON();
        const deserialize = vi.spyOn(transformer, 'deserialize');
        const t = initTRPC.create({ transformer });
        const store = makeStore();
        const cache = createCache({ scope: 'public', namespace: 'lent', ...(store && { store }) });
        const auth = t.middleware(({ next }) => next({ ctx: { user: 1 } }));
        const router = t.router({
          q: t.procedure.use(auth).input(z.undefined()).use(cache.cached('1h')).query(output),
        });
        const handler = handlerOf(cache.http({ router }));
        const wrapped = cache.fetch(handler);
        const request = (headers = {}) => new Request('http://localhost/trpc/q', { headers });
        const miss = await handler(request());
        const body = await miss.text();
        deserialize.mockClear();
        const parse = vi.spyOn(JSON, 'parse').mockName('JSON.parse');
        expect(await (await wrapped(request())).text()).toBe(body);
        expect(parse.mock.calls.some(([text]) => String(text).includes('secret'))).toBe(false);
        parse.mockRestore();
        expect(await (await handler(request())).text()).toBe(body);
        expect((await handler(request({ 'if-none-match': miss.headers.get('etag') }))).status).toBe(304);
        expect(deserialize.mock.calls.filter(([value]) => value !== undefined)).toEqual([]);
      });
    });
  });
});
