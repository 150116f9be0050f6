import { initTRPC } from '@trpc/server';
import { createCache } from '../../src/index.ts';

type Member =
  | 'res'
  | 'tx'
  | 'logger'
  | 'work'
  | 'db'
  | 'space'
  | 'id'
  | 'user'
  | 'ids'
  | 'isPublic'
  | 'at'
  | 'kind'
  | 'all'
  | 'refuse'
  | 'headers'
  | 'tenant';

/** A context of what apps have in theirs. */
export const t = initTRPC.context<{ [name in Member]: any }>().create();

/** A cache that tells its callers apart by who they are. */
export const cacheOf = (scope: (opts: { ctx: any }) => any = ({ ctx }) => ctx.user?.id ?? null) =>
  createCache<any>({ scope });
export type Cache = ReturnType<typeof cacheOf>;

/** The procedures of a router. */
export type Make = (cache: Cache) => Parameters<typeof t.router>[0];

/** What the audit finds in a router, one line for each finding. */
export const found = async (make: Make, cache = cacheOf()) =>
  (await cache.audit(cache.register(t.router(make(cache))))).map(
    ({ severity, path, rule }) => `${severity} ${path} ${rule}`,
  );

/** A query whose answers everybody shares. */
export const shared = ({ cached }: Cache) => t.procedure.use(cached({ ttl: '1m', scope: 'public' }));
