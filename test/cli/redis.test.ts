import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadInstalled } from '../../src/cli/connect.ts';
import { doctorKey } from '../../src/cli/scanned.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { ann, bob, cacheOf, perUser, t } from '../support/app.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { type Connected, connect } from '../support/redis-clients.ts';
import { type Around, typed } from './typed.ts';

/** A shop with two users, and what was cached for them. */
async function shopOn(client: Connected['client']) {
  const cache = cacheOf({ store: redisStore(client), namespace: 'shop', scope: perUser });
  const byId = t.procedure
    .input(z.object({ id: z.number() }))
    .use(cache.cached({ ttl: '1h', tags: ({ input }) => [`author:${input.id}`] }))
    .query(({ input }) => ({ ...input, secret: 'never shown' }));
  const list = t.procedure
    .use(cache.cached({ ttl: '1h', scope: 'public', staleWhileRevalidate: '1h' }))
    .query(() => 'all');
  const comments = t.router({ list });
  const router = t.router({ post: t.router({ byId, list, comments }), user: t.router({ list }) });
  cache.register(router);
  const fill = async () => {
    for (const ctx of [ann, bob]) {
      const { post, user } = router.createCaller(ctx);
      for (const id of [1, 2]) await post.byId({ id });
      await post.list();
      await post.comments.list();
      await user.list();
    }
  };
  return { cache, router, fill };
}

/** The entry that the doctor fills. */
async function fillForDoctor(client: Connected['client']) {
  const store = redisStore(client);
  const key = doctorKey('shop', '#doctor-7');
  const { ids } = await store.lookup({ key, epochs: ['shop:e:all'], keepMs: 60_000 });
  const entry = {
    key,
    epochs: ['shop:e:all'],
    ids: ids as string[],
    storedAt: Date.now(),
    freshUntil: Date.now() + 60_000,
  };
  const request = { entry: { ...entry, body: { text: '1' } }, unchanged: [], keepMs: 60_000 };
  expect(await store.fill(request)).toBe('stored');
}

describe.skipIf(!redisAvailable)('the command line, on a real Redis', () => {
  let server: RedisServer;
  let client: Connected;
  let shop: Awaited<ReturnType<typeof shopOn>>;
  let where: string[];
  const type = (argv: readonly string[], around?: Around) => typed([...argv, ...where], around);
  const states = async () => {
    const { entries } = (await type(['ls', '--json'])).json;
    const all = entries.map(({ path, state }: { path: string; state: string }) => `${path} ${state}`) as string[];
    return [...new Set(all)].sort();
  };
  /** How often each command ran. */
  const calls = async () => {
    const info = String(await server.command('INFO', 'commandstats'));
    return new Map(
      Array.from(info.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g), ([, name, count]) => [name, Number(count)]),
    );
  };

  beforeAll(async () => {
    server = await startRedis();
    client = await connect('ioredis', server.port);
    shop = await shopOn(client.client);
    await shop.fill();
    where = ['--namespace', 'shop', '--redis', `redis://127.0.0.1:${server.port}`];
    await server.command('SET', 'of:somebody:else', 'x');
  });
  afterAll(async () => {
    await shop?.cache.close();
    client?.end();
    await server?.stop();
  });

  it.each(['ioredis', 'redis'])('counts what a namespace holds, through %s', async (name) => {
    const load = async (wanted: string) => (wanted === name ? loadInstalled(wanted) : undefined);
    const { code, json } = await type(['stats', '--json'], { load });
    expect(code).toBe(0);
    expect(json.total).toMatchObject({ entries: 7, fresh: 7, stale: 0, expired: 0, invalidated: 0 });
    expect(json.paths.map(({ path, entries }: any) => [path, entries]).sort()).toEqual([
      ['post.byId', 4],
      ['post.comments.list', 1],
      ['post.list', 1],
      ['user.list', 1],
    ]);
    expect((await type(['stats'], { load })).out).toMatch(/^post\.byId +4 +4 +0 +0 +0 +\d+ B$/m);
  });

  it('lists entries of a pattern, without anything that is a user’s', async () => {
    const { code, out } = await type(['ls', 'post.*']);
    expect(code).toBe(0);
    expect(out.match(/^post\.byId +fresh +.* private +1 +#[\w-]{10}$/gm)).toHaveLength(4);
    expect(out).toMatch(/^post\.comments\.list +fresh .* everyone +0 /m);
    expect(out).not.toContain('user.list');
    const all = `${out}${(await type(['ls', '--json'])).out}${(await type(['explain', 'post.byId'])).out}`;
    for (const secret of ['never shown', 'ann', 'bob', 'author:1', 'author:2', '{"id"'])
      expect(all).not.toContain(secret);
    const { json } = await type(['ls', '*.list', '--json']);
    expect(json.entries.map(({ path }: any) => path)).toEqual(['post.list', 'user.list']);
    const cut = await type(['ls', '--limit', '2', '--json']);
    expect(cut.json).toMatchObject({ more: true, entries: { length: 2 } });
    expect((await type(['ls', 'nothing.*'])).out).toContain('No entries of nothing.*');
  });

  it('finds the entries of an input, of all users, and one by its key', async () => {
    const { json } = await type(['explain', 'post.byId', '--input', '{"id":2}', '--json']);
    expect(json.entries).toHaveLength(2);
    const [{ key }] = json.entries;
    for (const wanted of [key, key.slice(key.indexOf('#')), key.slice(key.indexOf('#')).slice(0, 11)]) {
      expect((await type(['explain', wanted, '--json'])).json.entries).toMatchObject([{ key }]);
    }
    expect(await type(['explain', 'post.byId', '--input', '{"id":3}'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('a call runs the procedure'),
    });
  });

  it('invalidates what it is told and nothing else, and says afterwards why an entry is dead', async () => {
    const one = await type(['invalidate', 'post.byId', '--input', '{"id":1}', '--yes']);
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('1 epoch moved on') });
    const byInput = async (id: number) =>
      (await type(['explain', 'post.byId', '--input', `{"id":${id}}`, '--json'])).json.entries.map(
        (one: any) => one.state,
      );
    expect([await byInput(1), await byInput(2)]).toEqual([
      ['invalidated', 'invalidated'],
      ['fresh', 'fresh'],
    ]);
    expect((await type(['explain', 'post.byId', '--input', '{"id":1}'])).out).toContain(
      'never served again, because of post.byId (input) (invalidated)',
    );

    await shop.fill();
    await type(['invalidate', '--scope', 'ann', '--yes']);
    expect((await type(['stats', '--json'])).json.total).toMatchObject({ fresh: 5, invalidated: 2 });
    await shop.fill();
    await type(['invalidate', 'post.*', '--scope', 'ann', '--yes']);
    expect((await type(['stats', '--json'])).json.total).toMatchObject({ fresh: 5, invalidated: 2 });
    await shop.fill();
    await type(['invalidate', '--tag', 'author:2', '--yes']);
    expect([await byInput(1), await byInput(2)]).toEqual([
      ['fresh', 'fresh'],
      ['invalidated', 'invalidated'],
    ]);
    await shop.fill();
    await type(['invalidate', 'post.comments.*', '--yes']);
    expect(await states()).toEqual([
      'post.byId fresh',
      'post.comments.list invalidated',
      'post.list fresh',
      'user.list fresh',
    ]);
    await type(['invalidate', 'post.list', 'user.list', '--mode', 'expire', '--yes']);
    expect(await states()).toEqual([
      'post.byId fresh',
      'post.comments.list invalidated',
      'post.list stale',
      'user.list stale',
    ]);
    await type(['invalidate', '*', '--yes']);
    expect((await states()).every((line) => line.endsWith(' invalidated'))).toBe(true);
    await shop.fill();
    expect((await states()).every((line) => line.endsWith(' fresh'))).toBe(true);
  });

  it('is believed at once by applications that run', async () => {
    let runs = 0;
    const query = t.procedure.use(shop.cache.cached('1h')).query(() => ++runs);
    const caller = shop.cache.register(t.router({ now: query }), { mount: 'v2' }).createCaller(ann);
    expect([await caller.now(), await caller.now()]).toEqual([1, 1]);
    expect((await type(['invalidate', 'v2.*', '--json', '--yes'])).json).toMatchObject({
      acknowledged: true,
      epochs: 1,
    });
    expect(await caller.now()).toBe(2);
  });

  it('asks before it invalidates, and does nothing unless the answer is yes', async () => {
    await shop.fill();
    const before = await states();
    const no = await type(['invalidate', 'post.*'], { answer: '' });
    expect(no).toMatchObject({
      code: 1,
      out: '',
      asked: [expect.stringMatching(/^Invalidate post\.\* of shop on 127/)],
    });
    expect(await type(['invalidate', 'post.*'])).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    expect(await states()).toEqual(before);
    expect(await type(['invalidate', 'post.*'], { answer: 'y' })).toMatchObject({ code: 0 });
    expect(await states()).not.toEqual(before);
  });

  it('never sends KEYS, and only invalidate and doctor change anything', async () => {
    await shop.fill();
    const before = await calls();
    await type(['stats'], { isWatched: true });
    await type(['ls', 'post.*']);
    await type(['explain', 'post.byId', '--input', '{"id":1}']);
    const after = await calls();
    const did = [...after].flatMap(([name, count]) => (count > (before.get(name) ?? 0) ? [name] : []));
    expect(did.sort()).toEqual(expect.arrayContaining(['dbsize', 'getrange', 'mget', 'scan', 'strlen']));
    for (const name of ['keys', 'set', 'del', 'incr', 'pexpire', 'publish']) expect(did).not.toContain(name);
    expect(after.has('keys')).toBe(false);
  });

  it('finds a server in order, and leaves nothing behind', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb');
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const keys = await server.command('DBSIZE');
    const { code, json, err } = await type(['doctor', '--json']);
    expect(json.findings.filter(({ level }: any) => level !== 'ok')).toEqual([]);
    expect([code, err, json.ok]).toEqual([0, '', true]);
    expect(json.findings.map(({ check }: any) => check)).toEqual([
      'reachable',
      'version',
      'role',
      'eviction',
      'memory',
      'persistence',
      'clock',
      'invalidation',
      'latency',
      'namespace',
    ]);
    expect(await server.command('DBSIZE')).toEqual(keys);

    // As if the doctor had been ended in the middle of it.
    await fillForDoctor(client.client);
    expect((await type(['stats', '--json'])).out).not.toContain('-doctor-');
    expect((await type(['ls', '--json'])).out).not.toContain('-doctor-');

    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    const wrong = await type(['doctor']);
    expect(wrong).toMatchObject({ code: 1, out: expect.stringMatching(/WARNING +eviction/) });
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  });

  it('says what a user of the server may not do, and never shows the password', async () => {
    await server.command('ACL', 'SETUSER', 'cli', 'on', '>geheim+1', '~*', '+@all', '-eval', '-evalsha');
    const secret = ['-n', 'shop', '--redis', `redis://cli:geheim%2B1@127.0.0.1:${server.port}`];
    const { code, out } = await typed(['doctor', ...secret]);
    expect(code).toBe(1);
    expect(out).toMatch(/ERROR +invalidation +.*(NOPERM|permissions)/);
    const wrong = await typed(['stats', '-n', 'shop', '--redis', `redis://cli:wrong%2B2@127.0.0.1:${server.port}`]);
    expect(wrong).toMatchObject({ code: 1, out: '', err: expect.stringContaining('WRONGPASS') });
    for (const text of [out, wrong.err]) expect(text).not.toMatch(/geheim|wrong(\+|%2B)2/);
  });

  it('says where nobody answers, as JSON too', async () => {
    const nowhere = ['-n', 'shop', '--redis', 'redis://127.0.0.1:1'];
    expect(await typed(['stats', ...nowhere])).toMatchObject({ code: 1, err: expect.stringContaining('ECONNREFUSED') });
    const { code, json } = await typed(['doctor', '--json', ...nowhere]);
    expect([code, json.findings[0].level]).toEqual([1, 'error']);
    expect(json).toMatchObject({ store: '127.0.0.1:1', namespace: 'shop', ok: false });
  });
});
