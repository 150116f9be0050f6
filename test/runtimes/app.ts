import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { type CreateCacheOptions, createCache, memoryStore, type Target, tieredStore } from 'trpc-cached';
import { type UpstashClient, upstashStore } from 'trpc-cached/upstash';
import { z } from 'zod';
import { largeTextOf, outputOf } from './outputs.ts';
import type { Settings, Variant } from './settings.ts';

/** What keeps work alive behind a response. */
export type WaitUntil = (work: Promise<unknown>) => void;

interface Context {
  readonly user: string | null;
  readonly settings: Settings;
  readonly waitUntil: WaitUntil | undefined;
}

type Client = new (options: { url: string; token: string; retry: { retries: number } }) => UpstashClient;

/** What answers the requests of one runtime. */
export interface App {
  readonly fetch: (request: Request, waitUntil?: WaitUntil) => Promise<Response>;
  /** The options for an adapter of node:http. */
  readonly overNode: () => any;
}

/** The app of all runtimes: one cache and one router for each variant, all of them made at module scope. */
export function appOn(Redis: Client, settings: Settings): App {
  const clientOf = ({ url, token }: Settings) => upstashStore(new Redis({ url, token, retry: { retries: 0 } }));
  const patient = { read: '3s', write: '3s', join: '1s', revalidate: '1s' } as const;
  const shop = (variant: Variant, options: Partial<CreateCacheOptions<Context>> = {}) =>
    shopOn(variant, settings, { store: clientOf(settings), timeouts: patient, ...options });
  const shops: Record<Variant, ReturnType<typeof shopOn>> = {
    plain: shop('plain'),
    wrapped: shop('wrapped'),
    memory: shop('memory', { store: memoryStore() }),
    tiered: shop('tiered', { store: tieredStore(memoryStore(), clientOf(settings)) }),
    bound: shop('bound', { store: ({ ctx }) => clientOf(ctx.settings) }),
    hasty: shop('hasty', { timeouts: { write: '300ms' } }),
  };
  const known = new Map(Object.entries(shops));
  return {
    async fetch(request, waitUntil) {
      const [, variant = '', rest = ''] = new URL(request.url).pathname.split('/');
      if (variant === 'about') return Response.json(about());
      const found = known.get(variant);
      if (found === undefined) return new Response('no such variant', { status: 404 });
      return rest === 'trpc' ? found.serve(request, waitUntil) : found.hook(rest, request);
    },
    overNode: () => shops.plain.http(undefined),
  };
}

/** What is there beside Web APIs. */
const about = () => {
  const here = globalThis as { process?: unknown; Buffer?: unknown };
  return { process: typeof here.process, Buffer: typeof here.Buffer };
};

function shopOn(variant: Variant, settings: Settings, options: Partial<CreateCacheOptions<Context>>) {
  const cache = createCache<Context>({
    namespace: `${settings.namespace}-${variant}`,
    scope: 'public',
    transformer: superjson,
    ...(settings.keepsWork && { waitUntil: (work, { ctx }) => ctx.waitUntil?.(work) }),
    http: { requestDirectives: ({ ctx }) => ctx.user === 'admin' },
    ...options,
  });
  const { cached, invalidates } = cache;
  const t = initTRPC.context<Context>().create({ transformer: superjson });
  const ask = async (row: number | string, method: 'GET' | 'POST'): Promise<number> => {
    const response = await fetch(`${settings.database}/${variant}-${row}`, { method });
    return Number(await response.text());
  };
  const versionOf = (row: number | string) => ask(row, 'GET');
  const commit = (row: number | string) => ask(row, 'POST');
  const byId = t.procedure.input(z.object({ id: z.number() }));
  const windows = { ttl: '1h', staleWhileRevalidate: '1h' } as const;
  const router = t.router({
    row: t.router({
      byId: byId
        .use(cached({ ...windows, tags: ({ input }) => [`row:${input.id}`] }))
        .query(async ({ input }) => outputOf(input.id, await versionOf(input.id))),
      live: byId.query(({ input }) => versionOf(input.id)),
      mine: t.procedure
        .use(cached({ ttl: '1h', scope: ({ ctx }) => ctx.user }))
        .query(async ({ ctx }) => ({ user: ctx.user, version: await versionOf(`of-${ctx.user}`) })),
      large: byId
        .use(cached('1h'))
        .query(async ({ input }) => ({ version: await versionOf(input.id), text: largeTextOf(input.id) })),
      write: byId
        .use(invalidates(({ input }) => ({ path: 'row.byId', input: { id: input.id } })))
        .mutation(({ input }) => commit(input.id)),
      writeMine: t.procedure
        .use(invalidates(({ ctx }) => ({ path: '.mine', scope: ctx.user })))
        .mutation(({ ctx }) => commit(`of-${ctx.user}`)),
    }),
  });
  const top = cache.wrap('top', (id: number) => versionOf(id), { ttl: '1h' });
  const http = (waitUntil: WaitUntil | undefined) =>
    cache.http({
      router,
      createContext: (opts: { req: unknown }): Context => ({ user: userOf(opts.req as never), settings, waitUntil }),
    });
  const handle = (req: Request, waitUntil?: WaitUntil) =>
    fetchRequestHandler({ endpoint: `/${variant}/trpc`, req, ...http(waitUntil) });

  return {
    http,
    serve: variant === 'wrapped' ? cache.fetch(handle) : handle,
    /** What is called beside tRPC: a webhook, and a plain function. */
    async hook(name: string, request: Request): Promise<Response> {
      if (name === 'top') {
        const id = Number(new URL(request.url).searchParams.get('id'));
        return Response.json(request.method === 'DELETE' ? await top.invalidate(id) : await top(id));
      }
      const { targets, mode } = (await request.json()) as { targets: [Target, ...Target[]]; mode?: 'expire' };
      try {
        if (mode === undefined) await cache.invalidate(...targets);
        else await cache.invalidate(...targets, { mode });
        return Response.json('acknowledged');
      } catch (error) {
        return Response.json((error as { code?: string }).code ?? String(error), { status: 503 });
      }
    },
  };
}

const userOf = ({ headers }: { headers: Headers | Record<string, string | undefined> }): string | null =>
  (headers instanceof Headers ? headers.get('x-user') : headers['x-user']) ?? null;
