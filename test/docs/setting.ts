// The names that a block of the docs may use without declaring them. Compiled, never run.
import { initTRPC, TRPCError } from '@trpc/server';
import type { Redis } from '@upstash/redis';
import { createCache } from 'trpc-cached';

export { z } from 'zod';

interface Context {
  user: { id: string } | null;
  language: string;
  preview: boolean;
  requestId: string;
}

type Call = (...args: any[]) => Promise<any>;

export declare const createContext: () => Context;
export declare const redis: Redis;
export declare const db: Record<
  | 'draftsOf'
  | 'importPosts'
  | 'match'
  | 'menu'
  | 'news'
  | 'post'
  | 'postOrThrow'
  | 'publish'
  | 'removeAuthor'
  | 'saveDraftOf'
  | 'search'
  | 'topSellers'
  | 'updatePost',
  Call
> & {
  authorsOf: (postId: number) => Promise<{ id: number }[]>;
  offers: () => Promise<{ items: { id: string }[]; isPartial: boolean; endsInSeconds: number }>;
  postsBy: (authorId: number) => Promise<{ id: number }[]>;
  transaction: <R>(run: () => Promise<R>) => Promise<R>;
};
export declare const metrics: {
  increment: (name: string, labels: object) => void;
  timing: (name: string, ms: number) => void;
};
export declare const report: (error: unknown, details: object) => void;

export const t = initTRPC.context<Context>().create();
export const protectedProcedure = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { user: ctx.user } });
});
export const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user?.id ?? null });
export const { cached, invalidates } = cache;

export const userRouter = t.router({ byId: t.procedure.query(() => 'Ada') });
export const postRouter = t.router({ byId: t.procedure.use(cached('1m')).query(() => 'Hello') });
export const appRouter = t.router({ post: postRouter, user: userRouter });
export type AppRouter = typeof appRouter;
