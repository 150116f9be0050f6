import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { cacheOf, shared, t } from './audit-found.ts';

/** A parser that asks a service which answers only what it likes. */
const asking = (answers: (input: any) => boolean) => (input: unknown) =>
  answers(input) ? Promise.resolve(input) : new Promise<never>(() => {});

test('parsers that never answer are found, and nobody waits for them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const cache = cacheOf();
  const query = shared(cache);
  const router = cache.register(
    t.router({
      never: t.procedure
        .input(asking(() => false))
        .use(cache.cached('1m'))
        .query(() => 1),
      some: t.procedure
        .input(asking((input) => input?.id !== 7))
        .use(cache.cached('1m'))
        .query(() => 1),
      quick: query.input(z.string()).query(() => 1),
      save: t.procedure.use(cache.invalidates({ path: 'some', input: { id: 7 } })).mutation(() => 1),
    }),
  );
  let findings: Awaited<ReturnType<typeof cache.audit>> | undefined;
  const audited = cache.audit(router).then((found) => (findings = found));
  while (findings === undefined) {
    await new Promise(setImmediate);
    vi.advanceTimersByTime(1_000);
  }
  vi.useRealTimers();
  expect((await audited).map(({ severity, path, rule }) => `${severity} ${path} ${rule}`)).toEqual([
    'warning never parser-hangs',
    'warning save parser-hangs',
  ]);
  expect(findings[1]?.fix).toMatch(/^The parsers of some did not answer .*all of some is emptied/);
});
