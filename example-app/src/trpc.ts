import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { announce } from './announcements.ts';
import type { Context } from './context.ts';

const t = initTRPC.context<Context>().create({ transformer: superjson });

export const router = t.router;
export const publicProcedure = t.procedure;

export const protectedProcedure = t.procedure.use(({ ctx, next }) => {
  if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' });
  return next({ ctx: { user: ctx.user } });
});

/** Tells the others once `invalidates`, which is inside of it, has done its work: who asks at the word gets the new answer. */
export const announcedProcedure = protectedProcedure.use(async ({ ctx, next, path }) => {
  const result = await next();
  if (result.ok) announce({ by: ctx.user.id, path });
  return result;
});
