import { describe, expect, test } from 'vitest';
import { createCache } from '../../src/index.ts';
import { t } from '../support/app.ts';

interface Of {
  readonly of: string;
}

/** A middleware in front of `cached` that asks for two users at once, as one that compares or merges does. */
const both = t.middleware(async ({ next, ctx }) => {
  if ((ctx as unknown as Of).of !== 'both') return next();
  const [first] = await Promise.all([next({ ctx: { of: 'ann' } }), next({ ctx: { of: 'bob' } })]);
  return first;
});

describe.each(['registered', 'not registered'])('next called twice at the same time is two calls, %s', (how) => {
  const shop = (ran: (opts: { ctx: Of }, cache: ReturnType<typeof open>) => unknown) => {
    const cache = open();
    const name = t.procedure
      .use(both)
      .use(cache.cached('1h'))
      .query(async (opts) => {
        const given = opts as unknown as { ctx: Of };
        await new Promise(setImmediate); // the other one begins
        return ran(given, cache);
      });
    const router = t.router({ name });
    if (how === 'registered') cache.register(router);
    return { cache, call: (of: string) => router.createCaller({ of } as never).name() };
  };
  const open = () => createCache({ scope: ({ ctx }) => (ctx as Of).of });

  test('a tag is on the answer of the run that gave it, and an invalidation of it empties that', async () => {
    const names: Record<string, string> = { ann: 'Ann', bob: 'Bob' };
    const { cache, call } = shop((opts, own) => {
      own.control(opts).tag(`user:${opts.ctx.of}`);
      return names[opts.ctx.of];
    });
    await call('ann'); // what stands behind is learned where no router tells it
    await cache.clear();
    await call('both');
    Object.assign(names, { ann: 'Anna', bob: 'Bobby' });
    await cache.invalidate({ tag: 'user:ann' });
    expect([await call('ann'), await call('bob')]).toEqual(['Anna', 'Bob']);
    await cache.invalidate({ tag: 'user:bob' });
    expect(await call('bob')).toBe('Bobby');
  });

  test('what one of them does not want to be stored is not, and the other one is', async () => {
    let runs = 0;
    const { cache, call } = shop((opts, own) => {
      if (opts.ctx.of === 'ann') own.control(opts).noStore();
      return `${opts.ctx.of} ${++runs}`;
    });
    await call('bob');
    await cache.clear();
    await call('both');
    expect(await call('ann')).not.toBe(await call('ann'));
    expect(await call('bob')).toBe(await call('bob'));
  });
});
