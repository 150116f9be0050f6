// What a project with `isolatedDeclarations` exports: every type written down, by the names that the package has for them.
import type { AnyTRPCRouter } from '@trpc/server';
import { type Cache, type CachedOptions, createCache, memoryStore, type Store, type Wrapped } from 'trpc-cached';
import { type ConditionalFetch, conditionalFetch, type InvalidationLink, invalidationLink } from 'trpc-cached/client';

/** The context of the procedures. */
export interface Context {
  user: { id: string } | undefined;
}

export const store: Store = memoryStore();
export const cache: Cache<Context> = createCache<Context>({ store, scope: ({ ctx }) => ctx.user?.id ?? null });
export const options: CachedOptions<Context, { id: number }> = { ttl: '1m', tags: ({ input }) => [`post:${input.id}`] };
export const top: Wrapped<[region: string], number> = cache.wrap('top', async (region) => region.length, {
  ttl: '5m',
});
export const register = <Router extends AnyTRPCRouter>(router: Router): Router => cache.register(router);
export const asking: ConditionalFetch = conditionalFetch();
export const link: InvalidationLink = invalidationLink({ onInvalidated: (matches) => matches([['post', 'byId']]) });
