import { describe, expect, test } from 'vitest';
import { cacheOf, counter, listen, t } from '../support/app.ts';

/** Two versions of an API with the same paths, as they are written: each names its own paths. */
function versions() {
  const cache = cacheOf();
  const version = () =>
    t.router({
      post: t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        other: t.procedure.use(cache.cached('1h')).query(counter()),
        save: t.procedure.use(cache.invalidates('post.list')).mutation(() => 'saved'),
        drop: t.procedure.use(cache.invalidates('.list')).mutation(() => 'dropped'),
      }),
    });
  return { cache, version };
}

describe('a path written in a mounted router', () => {
  test('means its own procedure, and that of the router without a mount, which shows the same data', async () => {
    const { cache, version } = versions();
    const v1 = cache.register(version()).createCaller({});
    const v2 = cache.register(version(), { mount: 'v2' }).createCaller({});
    await Promise.all([v1.post.list(), v2.post.list(), v1.post.other(), v2.post.other()]);
    await v2.post.save();
    expect(await Promise.all([v1.post.list(), v2.post.list(), v1.post.other(), v2.post.other()])).toEqual([2, 2, 1, 1]);
  });

  test('that is relative means its own alone', async () => {
    const { cache, version } = versions();
    const v1 = cache.register(version()).createCaller({});
    const v2 = cache.register(version(), { mount: 'v2' }).createCaller({});
    await Promise.all([v1.post.list(), v2.post.list()]);
    await v2.post.drop();
    expect([await v1.post.list(), await v2.post.list()]).toEqual([1, 2]);
  });

  test('is known to register and to audit, and nothing is widened, where only the mount has it', async () => {
    const { cache, version } = versions();
    const router = cache.register(version(), { mount: 'v2' });
    const widened = listen(cache, 'widen');
    const v2 = router.createCaller({});
    await v2.post.list();
    await v2.post.save();
    expect(await v2.post.list()).toBe(2);
    expect(widened).toEqual([]);
    expect(await cache.audit(router)).toEqual([]);
  });

  test('may be written with the mount, too', async () => {
    const cache = cacheOf();
    const router = t.router({
      list: t.procedure.use(cache.cached('1h')).query(counter()),
      save: t.procedure.use(cache.invalidates('v3.list')).mutation(() => 'saved'),
    });
    const v3 = cache.register(router, { mount: 'v3' }).createCaller({});
    await v3.list();
    await v3.save();
    expect(await v3.list()).toBe(2);
    expect(await cache.audit(router)).toEqual([]);
  });
});
