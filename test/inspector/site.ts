import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type CreateCacheOptions, createCache } from '../../src/index.ts';
import { type Inspector, type InspectorOptions, inspector } from '../../src/inspector/index.ts';
import { type Context, perUser, t } from '../support/app.ts';

/** Takes so long, by a clock that is faked; without one it takes no time. */
const taking = <R>(ms: number, output: R): R => {
  if (vi.isFakeTimers()) vi.advanceTimersByTime(ms);
  return output;
};

/** A small shop behind a cache. */
export const shopOn = (options: Partial<CreateCacheOptions<Context>> = {}) => {
  const cache = createCache<Context>({ scope: 'public', ...options });
  const { cached, invalidates } = cache;
  const id = z.object({ id: z.number() });
  const router = cache.register(
    t.router({
      city: t.router({
        byId: t.procedure
          .input(id)
          .use(cached({ ttl: '5m', tags: ({ input }) => [`city:${input.id}`] }))
          .query(({ input }) =>
            taking(85, { id: input.id, name: `City ${input.id}`, text: 'x'.repeat(input.id * 700) }),
          ),
        list: t.procedure.use(cached({ ttl: '1m', staleWhileRevalidate: '1h' })).query(() =>
          taking(
            240,
            Array.from({ length: 400 }, (_, index) => ({ id: index, name: `City ${index}` })),
          ),
        ),
        search: t.procedure
          .input(z.object({ q: z.string() }))
          .use(cached({ ttl: '4m', tags: ['search'] }))
          .query(({ input }) => taking(130, [input.q, input.q.toUpperCase()])),
        rename: t.procedure
          .input(id)
          .use(invalidates('.list', ({ input }) => ({ path: 'city.byId', input: { id: input.id } })))
          .mutation(() => 'renamed'),
      }),
      cart: t.router({
        mine: t.procedure
          .use(cached({ ttl: '10m', scope: perUser, tags: ({ ctx }) => [`cart:${ctx.user?.id}`] }))
          .query(({ ctx }) => taking(32, { of: ctx.user?.id ?? null, items: [1, 2, 3] })),
        add: t.procedure
          .use(invalidates(({ ctx }) => ({ path: 'cart.*', scope: ctx.user?.id ?? null })))
          .mutation(() => 1),
      }),
      offers: t.procedure
        .use(cached({ ttl: '15s', when: ({ ctx }) => ctx.headers?.preview === undefined }))
        .query(() => taking(18, ['one'])),
    }),
  );
  const rates = cache.wrap('exchangeRates', async (currency: string) => ({ currency, rate: 1.1 }), { ttl: '1h' });
  return { cache, router, rates, as: (ctx: Context = {}) => router.createCaller(ctx) };
};

export type Shop = ReturnType<typeof shopOn>;

/** What visitors do, about ten minutes long by a clock that is faked. */
export const visit = async ({ as, rates, cache }: Shop, times: number): Promise<void> => {
  for (let at = 0; at < times; at++) {
    const user = { user: { id: `user-${at % 5}` } };
    // More in the middle than at the ends.
    const isBusy = Math.sin((at / times) * Math.PI) * 4 > at % 4;
    await Promise.all([as().city.byId({ id: at % 9 }), as().city.byId({ id: at % 9 }), as().city.list()]);
    if (isBusy) await Promise.all([as().city.byId({ id: (at * 5) % 9 }), as().city.list(), as(user).cart.mine()]);
    if (at % 3 === 0) await as(user).cart.mine();
    if (at % 4 === 0) await as().city.search({ q: `word ${at % 7}` });
    if (at % 5 === 0) await as({ headers: at % 10 === 0 ? { preview: '1' } : {} }).offers();
    if (at % 6 === 0) await rates('EUR');
    if (at % 41 === 7) await as(user).cart.add();
    if (at % 67 === 12) await as().city.rename({ id: at % 9 });
    if (at === Math.floor(times * 0.6)) await cache.invalidate('city.*');
    if (vi.isFakeTimers()) vi.advanceTimersByTime(560_000 / times);
  }
};

/**
 * The inspectors of shops on a server of Node, until the test ends: of several processes, any may answer. The page comes from the
 * first, the last does what it asks for, and they tell it in turn how things are.
 */
export const serveInspector = async (shops: Shop | readonly Shop[], options: InspectorOptions<Context> = {}) => {
  const panels = [shops].flat().map(({ cache }) => inspector(cache, options));
  let polls = 0;
  const panelFor = ({ method, url = '' }: IncomingMessage) =>
    panels.at(url.includes('since=') ? polls++ % panels.length : method === 'POST' ? -1 : 0) as Inspector;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/admin/cache') === true) void panelFor(request).node(request, response);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const panel of panels) panel.close();
    server.closeAllConnections();
    server.close();
  });
  const panel = panels[0] as Inspector;
  return { panel, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/cache` };
};
