import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadInstalled } from '../../src/cli/connect.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { cacheOf, counter, t } from '../support/app.ts';
import { type RedisCluster, startCluster } from '../support/cluster.ts';
import { redisAvailable } from '../support/redis.ts';
import { type Connected, connectCluster, kinds } from '../support/redis-clients.ts';
import { typed } from './typed.ts';

describe.skipIf(!redisAvailable)('the command line, on a Cluster', () => {
  let cluster: RedisCluster;
  let client: Connected;
  let where: string[];
  let byId: (input: { id: number }) => Promise<number>;
  const entries = 600;
  beforeAll(async () => {
    cluster = await startCluster();
    const ports = cluster.primaries.map(({ port }) => port);
    client = await connectCluster('ioredis', ports);
    const cache = cacheOf({ store: redisStore(client.client), namespace: 'shop', timeouts: { read: '5s' } });
    const query = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached('1h'))
      .query(counter());
    const { post } = cache.register(t.router({ post: t.router({ byId: query }) })).createCaller({});
    byId = (input) => post.byId(input);
    await Promise.all(Array.from({ length: entries }, (_, id) => byId({ id })));
    where = ['-n', 'shop', '--redis', `redis://127.0.0.1:${ports[0]}`];
  });
  afterAll(async () => {
    client?.end();
    await cluster?.stop();
  });
  const only = (kind: string) => async (wanted: string) => (wanted === kind ? loadInstalled(wanted) : undefined);

  it.each(kinds)('without --cluster says nothing but that it is missing, on any node, through %s', async (kind) => {
    const before = await byId({ id: 1 });
    for (const { port } of cluster.primaries) {
      const node = ['-n', 'shop', '--redis', `redis://127.0.0.1:${port}`];
      for (const command of [['stats'], ['ls'], ['explain', 'post.byId'], ['invalidate', '*', '--yes']]) {
        const { code, out, err } = await typed([...command, ...node], { load: only(kind) });
        expect([code, out]).toEqual([2, '']);
        expect(err).toContain('add --cluster');
      }
      expect(await typed(['doctor', ...node], { load: only(kind) })).toMatchObject({
        code: 1,
        out: expect.stringContaining('Write --cluster'),
      });
    }
    expect(await byId({ id: 1 })).toBe(before);
  });

  it('has a bar of the keys of all nodes', async () => {
    const { err } = await typed(['stats', '--cluster', ...where], { isWatched: true });
    const shares = Array.from(err.matchAll(/ (\d+) %/g), ([, share]) => Number(share));
    expect(shares.length).toBeGreaterThan(0);
    // The first page is one of 16 shards.
    expect(shares[0]).toBeLessThan(20);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });

  it.each(kinds)('leaves nothing of the doctor’s behind, through %s', async (kind) => {
    const { json } = await typed(['doctor', '--json', '--cluster', ...where], { load: only(kind) });
    expect(json.findings).toEqual(
      expect.arrayContaining([expect.objectContaining({ check: 'invalidation', level: 'ok' })]),
    );
    expect((await cluster.everywhere('KEYS', '*doctor*')).flat()).toEqual([]);
  });

  // The last one: it ends a node.
  it.each(kinds)('names the node that is down, through %s', async (kind) => {
    const [, , gone] = cluster.primaries;
    await gone?.kill();
    const load = only(kind);
    const doctor = await typed(['doctor', '--json', '--cluster', ...where], { load });
    const invalidation = doctor.json.findings.find(({ check }: any) => check === 'invalidation');
    expect(doctor.json.findings[0]).toMatchObject({ check: 'reachable', level: 'ok' });
    const stats = await typed(['stats', '--cluster', ...where], { load });
    expect([doctor.code, stats.code]).toEqual([1, 1]);
    for (const text of [stats.err, invalidation.message]) expect(text).toContain(`127.0.0.1:${gone?.port}`);
  });
});
