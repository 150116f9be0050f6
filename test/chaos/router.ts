import { initTRPC } from '@trpc/server';
import type { Cache } from '../../src/index.ts';
import type { Target } from '../../src/targets.ts';
import { rowCount, softTtl, tagOf, timed, userOf } from './rows.ts';

export interface Context {
  user: string;
}

/** A row as a procedure answers it. */
export type Answered = readonly [row: number, version: number];

export interface RouterParts {
  readonly cache: Cache<Context>;
  /** Reads the row at once, and then takes its time. */
  readonly read: (row: number) => Promise<Answered>;
  readonly commit: (row: number) => number;
}

const t = initTRPC.context<Context>().create();
const byRow = t.procedure.input((sent) => sent as { row: number });
const targetsOf = ({ input }: { input: { targets: Target[] } }) => input.targets;

/** The router of a process: one query for each way to invalidate, and mutations. */
export function appOn({ cache, read, commit }: RouterParts) {
  const { cached, invalidates, control } = cache;
  const one = async ({ input }: { input: { row: number } }) => [await read(input.row)];
  const write = t.procedure.input((sent) => sent as { row: number; targets: Target[] });
  const router = cache.register(
    t.router({
      input: { get: byRow.use(cached('1h')).query(one) },
      path: { get: byRow.use(cached('1h')).query(one) },
      area: { deep: { get: byRow.use(cached('1h')).query(one) } },
      tag: { get: byRow.use(cached({ ttl: '1h', tags: ({ input }) => [tagOf(input.row)] })).query(one) },
      learned: {
        get: byRow.use(cached('1h')).query(async (opts) => {
          const answer = await one(opts);
          control(opts).tag(tagOf(opts.input.row));
          return answer;
        }),
        // Learns its tags from what it read: the rows behind the first one.
        page: t.procedure
          .input((sent) => sent as { rows: number[] })
          .use(cached('1h'))
          .query(async (opts) => {
            const page = await Promise.all(opts.input.rows.map(read));
            for (const [row] of page) control(opts).tag(tagOf(row));
            return page;
          }),
      },
      mine: { get: byRow.use(cached({ ttl: '1h', scope: ({ ctx }) => ctx.user })).query(one) },
      soft: {
        get: byRow
          .use(cached({ ttl: softTtl, staleWhileRevalidate: '1h', tags: ({ input }) => [tagOf(input.row)] }))
          .query(one),
      },
      timed: { get: byRow.use(cached(timed)).query(one) },
      write: {
        strict: write
          .use(invalidates({ targets: targetsOf, onFailure: 'throw' }))
          .mutation(({ input }) => commit(input.row)),
        // May answer before the store confirmed.
        eager: write.use(invalidates(targetsOf)).mutation(({ input }) => commit(input.row)),
      },
    }),
  );
  const wrapped = cache.wrap('row', read, { ttl: '1h' });
  const callers = Array.from({ length: rowCount }, (_, row) => router.createCaller({ user: userOf(row) }));
  return { wrapped, callerOf: (row: number) => callers[row]! };
}
export type App = ReturnType<typeof appOn>;
