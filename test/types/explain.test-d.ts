// Compiled, never run: `npm run types` with TypeScript 7 and 5.9.
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { createCache, type Explanation } from '../../src/index.ts';

interface Context {
  user: { id: string } | undefined;
}
const t = initTRPC.context<Context>().create();
const cache = createCache<Context>({ scope: 'public' });
const router = t.router({
  post: t.router({
    byId: t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached('1m'))
      .query(({ input }) => input.id),
    list: t.procedure.query(() => []),
  }),
});
const typed = cache.for<typeof router>();

export const told: Promise<Explanation>[] = [
  typed.explain('post.byId', { id: 1 }),
  typed.explain('post.byId', { id: 1 }, { user: { id: '7' } }, { scope: null, headers: { 'accept-language': 'en' } }),
  typed.explain('post.list'),
  cache.explain('any.path', { any: 'input' }, { user: undefined }),
  // @ts-expect-error no such path
  typed.explain('post.byID', { id: 1 }),
  // @ts-expect-error not an input of it
  typed.explain('post.byId', { id: '1' }),
  // @ts-expect-error not a context of it
  cache.explain('any.path', undefined, { user: 7 }),
];
