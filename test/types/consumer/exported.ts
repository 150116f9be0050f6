// What an app exports beside `initTRPC`, as the README has it. Where declarations are emitted, each type that is inferred here
// needs a name that the package exports.
import { initTRPC } from '@trpc/server';
import { createCache } from 'trpc-cached';

interface Context {
  user: { id: string } | undefined;
}

export const t = initTRPC.context<Context>().create();
export const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user?.id ?? null });
export const { cached, invalidates } = cache;
export const { settle, pure, register, http, fetch: wrapped, control, on, wrap } = cache;
export const { invalidate, peek, refresh, explain, entries, status, clear, audit, close } = cache;
export const briefly = cached('1m');
export const listed = invalidates('.list', { onFailure: 'throw' });
export const router = register(t.router({ list: t.procedure.use(briefly).query(() => 'one') }));
export const typed = cache.for<typeof router>();
export const top = wrap('top', async (region: string) => region.length, { ttl: '5m' });
