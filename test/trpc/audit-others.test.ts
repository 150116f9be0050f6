import { AsyncLocalStorage } from 'node:async_hooks';
import { log } from 'node:console';
import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { mayCommitLate } from '../../src/trpc/audit/late-commit.ts';
import { refuses } from '../../src/trpc/audit/source-text.ts';
import { deferred as finish } from '../support/app.ts';

// Middlewares in the words of other libraries and styles. What is imported here is written otherwise by the runner of tests.

declare const [tracer, logger, statsd, requestCounter, requestDuration, withIsolationScope, startSpanManual]: any[];
type Opts = { ctx: any; next: (...given: any[]) => Promise<any>; path: string; type: string };
const als = new AsyncLocalStorage<object>();
const requestStorage = als;

describe('a middleware cannot commit late that', () => {
  test.each<[string, (opts: Opts) => unknown]>([
    [
      'takes next out of its argument',
      async (opts) => {
        const { ctx, next } = opts;
        if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED' });
        return next({ ctx: { user: ctx.user } });
      },
    ],
    [
      'takes it beside what is in ctx, and the rest',
      async (opts) => {
        const {
          ctx: { user },
          next,
          ...rest
        } = opts;
        return next({ ctx: { user, rest } });
      },
    ],
    [
      'takes it alone',
      (opts) => {
        const next = opts.next;
        return next();
      },
    ],
    [
      'takes the time in nanoseconds',
      async ({ next, path }) => {
        const start = process.hrtime.bigint();
        const result = await next();
        log(path, new Date().toISOString(), `${Number(process.hrtime.bigint() - start) / 1e6}`.padStart(8));
        return result;
      },
    ],
    [
      'counts',
      async ({ next, path }) => {
        const result = await next();
        requestCounter.add(1, { path, ok: result.ok });
        requestCounter.inc({ path });
        statsd.histogram(`trpc.${path}`, performance.now());
        requestDuration.labels(path).observe(1);
        return result;
      },
    ],
    [
      'logs with a child of a logger, in texts within texts',
      async ({ next, path, type }) => {
        const result = await next();
        logger.child({ path }).info(`[${type}] ${result.ok ? `ok ${type.toUpperCase().padEnd(8)}` : `it's broken`}`);
        return result;
      },
    ],
    ['runs the rest beside what it keeps', ({ next, path }) => als.run({ path }, () => next())],
    ['hands next to it', ({ next, path }) => requestStorage.run({ path }, next)],
    [
      'is that of Sentry',
      async (opts) => {
        const { path, next } = opts;
        return withIsolationScope((scope: any) => {
          scope.setContext('trpc', { path });
          return startSpanManual({ name: path }, async (span: any) => {
            try {
              const nextResult = await next();
              span.end();
              return nextResult;
            } catch (error) {
              logger.captureException(error);
              span.end();
              throw error;
            }
          });
        });
      },
    ],
    [
      'chooses, and waits',
      async ({ ctx, next }) => (ctx.user ? await next({ ctx: { user: ctx.user } }) : await next()),
    ],
    [
      'makes another error of a failure',
      async ({ next }) => {
        const result = await next();
        if (result.ok) return result;
        const { cause } = result.error;
        switch (cause?.name) {
          case 'P2002':
            throw new TRPCError({ code: 'CONFLICT', cause });
          default:
            throw result.error;
        }
      },
    ],
    [
      'adds a header, and an event to a span',
      async ({ ctx, next }) => {
        const result = await next();
        ctx.resHeaders.append('server-timing', 'x');
        ctx.span.addEvent('done');
        return result;
      },
    ],
  ])('%s', (_, middleware) => {
    expect(mayCommitLate(middleware)).toBe(false);
  });
});

describe('a middleware may commit late that', () => {
  test.each<[string, (opts: Opts) => unknown]>([
    [
      'calls something imported',
      async ({ next }) => {
        const result = await next();
        finish();
        return result;
      },
    ],
    [
      'takes next under another name',
      (opts) => {
        const { next: go } = opts;
        return go();
      },
    ],
    ['runs in a transaction that is called a context', ({ next }) => tracer.transactionContext.run(() => next())],
    ['does something when a span has ended', ({ next }) => tracer.startActiveSpan('x', () => next()).then(finish)],
    [
      'does something behind a span that it returns from',
      async ({ next, ctx }) => {
        const result = await als.run({}, () => {
          return next();
        });
        await ctx.finish();
        return result;
      },
    ],
    ['chains something to a choice', ({ ctx, next }) => (ctx.user ? next() : ctx.nothing).then(finish)],
    [
      'writes to a table of counters',
      async ({ ctx, next }) => {
        const result = await next();
        ctx.db.requestCounter.add(1);
        return result;
      },
    ],
    [
      'hands what it awaits to something',
      async ({ ctx, next }) => {
        return ctx.commit(await next());
      },
    ],
  ])('%s', (_, middleware) => {
    expect(mayCommitLate(middleware)).toBe(true);
  });
});

test('a middleware refuses surely that throws a refusal, wherever the code stands in it', () => {
  const named = ({ ctx, next }: Opts) => {
    if (ctx.user) return next();
    throw new TRPCError({ message: `Ask ${ctx.admin ?? `somebody (who?)`}`, code: 'FORBIDDEN' });
  };
  const told = ({ ctx, next }: Opts) => {
    if (!ctx.user) throw new TRPCError({ code: 'NOT_FOUND', message: 'UNAUTHORIZED' });
    return next({ ctx: { code: 'FORBIDDEN' } });
  };
  expect([refuses(named), refuses(told), refuses(finish)]).toEqual(['surely', 'perhaps', undefined]);
});
