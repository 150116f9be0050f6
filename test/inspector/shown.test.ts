import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CacheError, type CreateCacheOptions, createCache, type Target } from '../../src/index.ts';
import { inspector, type Snapshot } from '../../src/inspector/index.ts';
import { errorLabel } from '../../src/label.ts';
import { type Context, listen } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';

const opened = (options: Partial<CreateCacheOptions<Context>> = {}) => {
  const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user?.id ?? null, ...options });
  const panel = inspector(cache);
  const poll = async (): Promise<Snapshot> =>
    (await panel.fetch(new Request('http://shop.example/?since='))).json() as Promise<Snapshot>;
  return { cache, poll };
};

const her = 'ada@secret.example';
const ada = { user: { id: her } };

describe('what is shown of values', () => {
  it('that transformers, parsers, callbacks and procedures quote is nothing', async () => {
    let broken = false;
    const transformer = {
      serialize: superjson.serialize,
      deserialize(value: any) {
        const output: unknown = superjson.deserialize(value);
        if (broken) throw new RangeError(`cannot revive ${JSON.stringify(output)}`);
        return output;
      },
    };
    const t = initTRPC.context<Context>().create({ transformer });
    const { cache, poll } = opened({ transformer });
    const { cached, invalidates } = cache;
    const widened = listen(cache, 'widen');
    const named = z.string().superRefine((name, refined) => refined.addIssue(`secret name ${name} is taken`));
    const router = cache.register(
      t.router({
        mine: t.procedure.use(cached('1m')).query(() => ({ salary: 'secret', since: new Date(0) })),
        byName: t.procedure
          .input(named)
          .use(cached('1m'))
          .query(() => 1),
        save: t.procedure.use(invalidates(() => ({ path: 'byName', input: her }))).mutation(() => 1),
        boom: t.procedure
          .use(
            invalidates(() => {
              throw new TypeError(`no user ${her}`);
            }),
          )
          .mutation(() => 1),
        wrong: t.procedure
          .use(
            invalidates(async () => {
              await cache.invalidate({ tag: her, scope: her } as never);
              throw new CacheError('INVALID_TARGET', `"${her}" is no target`);
            }),
          )
          .mutation(() => 1),
      }),
    );
    const caller = router.createCaller(ada);
    await caller.mine();
    broken = true;
    await caller.mine();
    broken = false;
    await caller.save();
    await caller.boom();
    await caller.wrong();
    const { items } = await poll();
    const told = JSON.stringify([items, widened, await cache.invalidate({ path: 'byName', input: her })]);
    expect(told).not.toMatch(/secret/);
    const errors = items.filter(({ kind }) => kind === 'error').map(({ what, more }) => [what, more]);
    expect(errors).toEqual([
      ['lookup', 'RangeError'],
      ['invalidate', 'TypeError'],
      ['invalidate', expect.stringMatching(/^CacheError INVALID_(TARGET|OPTION)$/)],
    ]);
    expect(widened[0]).toMatchObject({ to: 'byName', reason: 'the input was refused, by the parsers or as a key' });
  });

  it.each([false, true])(
    'a tag is the same in the list and in the activity, and names nobody (hashed: %s)',
    async (hashKeys) => {
      const t = initTRPC.context<Context>().create();
      const { cache, poll } = opened({ hashKeys });
      const tags = [her, `mail:${her}`, `${her}:mail`, '#secret', 'secret'.repeat(60), `${'secret'.repeat(9)}:x`];
      const mine = t.procedure.use(cache.cached({ ttl: '1m', tags })).query(() => 1);
      await cache.register(t.router({ mine })).createCaller(ada).mine();
      await cache.invalidate(...(tags.map((tag) => ({ tag })) as [Target]));
      const [entry] = (await cache.entries()).entries;
      const { items } = await poll();
      expect(items[0]?.what.split(', ')).toEqual(entry?.tags.map((tag) => `tag ${tag}`));
      expect(entry?.tags[1]).toMatch(hashKeys ? /^#.{8}$/ : /^mail:#.{8}$/);
      for (const at of [0, 2, 3, 4, 5]) expect(entry?.tags[at]).toMatch(/^#.{8}$/);
      expect(JSON.stringify([entry, items])).not.toMatch(/secret/);
    },
  );

  it.each([
    [new CacheError('STORE', 'redisStore: it is not connected.'), 'redisStore: it is not connected.'],
    [new CacheError('STORE', 'kvStore: secret', { cause: new Error('secret') }), 'CacheError STORE'],
    [Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }), 'Error ECONNREFUSED'],
    [Object.assign(new Error('secret'), { code: 'secret', name: 'a secret' }), 'Error'],
    ['secret', 'string'],
    [null, 'object'],
  ])(
    'an error of a store is its class and its code, and its message if that is the own one: %#',
    async (error, label) => {
      const { store, fault } = faultyStore();
      const { cache, poll } = opened({ store, namespace: 'n' });
      const t = initTRPC.context<Context>().create();
      const router = cache.register(t.router({ mine: t.procedure.use(cache.cached('1m')).query(() => 1) }));
      fault('lookup', () => {
        throw error;
      });
      await router.createCaller(ada).mine();
      expect((await poll()).items).toMatchObject([{ kind: 'error', what: 'lookup', more: label }]);
      const { why } = await cache.explain('mine', undefined, ada);
      expect(why).toContain(label.replace(/\.$/, ''));
      expect(why).not.toContain('secret');
      expect(errorLabel(error)).not.toMatch(/secret|redisStore/);
    },
  );
});

describe('an inspector that is mounted', () => {
  it('makes no invalidation work out what it reached: that is done once, when somebody looks', async () => {
    const t = initTRPC.context<Context>().create();
    const { cache, poll } = opened({ scope: 'public' });
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`p${at}`, t.procedure.use(cache.cached('1m')).query(() => at)]),
    );
    cache.register(t.router({ a: t.router(many), b: t.procedure.use(cache.cached('1m')).query(() => 1) }));
    const status = vi.spyOn(cache, 'status');
    const tags = Array.from({ length: 200 }, (_, at) => ({ tag: `author:${at}` }));
    await cache.invalidate(...(tags as [Target, ...Target[]]), { path: 'b' }, { path: 'a.p3', input: undefined });
    await cache.invalidate('a.*');
    await cache.invalidate({ tag: 'b' }, { scope: null });
    expect(status).not.toHaveBeenCalled();
    const { items } = await poll();
    expect(status).toHaveBeenCalledTimes(1);
    expect(items[0]?.reach).toEqual(['b', 'a.p3']);
    expect(items[1]?.reach).toEqual(Array.from({ length: 20 }, (_, at) => `a.p${at}`));
    expect(items[2]).not.toHaveProperty('reach');
    expect((await poll()).items).toEqual(items);
  });
});
