import { afterEach, describe, expect, it, vi } from 'vitest';
import { CacheError, type Store } from '../../src/index.ts';
import { cacheOf, deferred, errorOf } from '../support/app.ts';
import { faultyStore, hanging } from '../support/stores.ts';
import { panelOn } from './panel.ts';
import { shopOn } from './site.ts';

/** A store that can list, or not. */
const scanning = (scan: Store['scan']): Store => ({ ...faultyStore().store, scan: scan as NonNullable<Store['scan']> });

afterEach(() => void vi.useRealTimers());

describe('a list of entries', () => {
  it.each([
    [{}, {}, 500],
    [{}, { limit: 200 }, 750],
    [{}, { limit: 1 }, 500],
    [{ timeouts: { read: '1s' } }, { limit: 1_000 }, 11_000],
  ] as const)('of a store that hangs rejects in time: %j, %j', async (options, asked, ms) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const sent = deferred();
    const scan = () => {
      sent.resolve();
      return hanging();
    };
    const cache = cacheOf({ ...options, store: scanning(scan), namespace: 'n' });
    let error: (Error & { code?: string }) | undefined;
    void errorOf(() => cache.entries(asked)).then((rejected) => (error = rejected));
    await sent.promise;
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toMatchObject({
      code: 'STORE',
      message: `entries: faulty did not answer within ${ms} ms. Ask for fewer entries at once with limit, or give the store more time with timeouts.read.`,
    });
  });

  it('that comes in time comes as it is, and a failure of the store passes', async () => {
    const failure = new TypeError('fetch failed');
    const cache = cacheOf({ store: scanning(() => Promise.reject(failure)), namespace: 'n' });
    expect(await errorOf(() => cache.entries())).toBe(failure);
    const thrown = cacheOf({
      store: scanning(() => {
        throw failure;
      }),
      namespace: 'n',
    });
    expect(await errorOf(() => thrown.entries())).toBe(failure);
    expect(await cacheOf({ store: scanning(async () => ({ entries: [] })), namespace: 'n' }).entries()).toEqual({
      entries: [],
    });
  });

  it.each([
    [scanning(() => Promise.reject(new TypeError('secret'))), 503, 'the store failed (TypeError)'],
    [
      scanning(() => Promise.reject(new CacheError('STORE', 'redisStore: it is not connected.'))),
      503,
      'redisStore: it is not connected.',
    ],
    [scanning(undefined), 503, 'entries: faulty cannot list what it holds.'],
  ])('says on the page that the store failed: %#', async (store, status, text) => {
    const { post } = panelOn(shopOn({ store, namespace: 'n' }));
    expect(await post({ action: 'entries' })).toMatchObject({ status, body: { error: expect.stringContaining(text) } });
    expect(await post({ action: 'entries', limit: 0 })).toMatchObject({ status: 400 });
  });
});

describe('a question of the page', () => {
  it('may have as many bytes from wherever it comes, whatever the signs in it', async () => {
    const { post } = panelOn();
    const asked = (signs: string) => ({ action: 'explain', path: 'city.list', input: signs });
    const bytes = (body: object) => new TextEncoder().encode(JSON.stringify(body)).length;
    const most = 65_536 - bytes(asked(''));
    expect((await post(asked('x'.repeat(most)))).status).toBe(200);
    expect((await post(asked('x'.repeat(most + 1)))).status).toBe(413);
    expect((await post(asked('ü'.repeat(most / 2)))).status).toBe(200);
    expect((await post(asked('ü'.repeat(most / 2 + 1)))).status).toBe(413);
  });
});
