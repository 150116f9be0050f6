// Stands for the `trpc.ts` of an app made by create-t3-app: the same exports, made in the same way.
import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { auth } from '../auth.ts';
import { db } from '../db.ts';

export const createTRPCContext = async (opts: { headers: Headers }) => ({ db, session: await auth(), ...opts });

const t = initTRPC.context<typeof createTRPCContext>().create({ transformer: superjson });

export const createCallerFactory = t.createCallerFactory;
export const createTRPCRouter = t.router;

/** How often the timing middleware ran. */
export const timed = { count: 0 };
const timing = t.middleware(async ({ next }) => {
  const result = await next();
  timed.count++;
  return result;
});

export const publicProcedure = t.procedure.use(timing);
export const protectedProcedure = t.procedure.use(timing).use(({ ctx, next }) => {
  if (!ctx.session?.user) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { session: { ...ctx.session, user: ctx.session.user } } });
});
