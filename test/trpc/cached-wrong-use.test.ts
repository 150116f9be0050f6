import { describe, expect, test } from 'vitest';
import { type CreateCacheOptions, createCache, memoryStore, type Store } from '../../src/index.ts';
import { upstashStore } from '../../src/stores/upstash.ts';
import { cacheOf, errorOf, perUser, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';

const expectMistake = async (work: () => unknown, code: string, ...parts: readonly string[]) => {
  const error = await errorOf(work);
  expect(error).toMatchObject({ name: 'CacheError', code });
  for (const part of parts) expect(error.message).toContain(part);
};

describe('cached says at definition what to write instead of', () => {
  test.each<[string, unknown, string, string, string]>([
    ['0', 0, 'INVALID_DURATION', 'cached: ttl', "'30s'"],
    ['-1', -1, 'INVALID_DURATION', 'received -1', "'30s'"],
    ['NaN', Number.NaN, 'INVALID_DURATION', 'received NaN', "'30s'"],
    ['Infinity', Number.POSITIVE_INFINITY, 'INVALID_DURATION', 'received Infinity', "'7d'"],
    ["'5 minutes'", '5 minutes', 'INVALID_DURATION', 'received "5 minutes"', "'5m'"],
    ["'5'", '5', 'INVALID_DURATION', 'received "5"', 'a number of seconds'],
    ["''", '', 'INVALID_DURATION', 'received ""', "'5m'"],
    ["'0s'", '0s', 'INVALID_DURATION', 'above zero', "'30s'"],
    ["'1w'", '1w', 'INVALID_DURATION', 'received "1w"', "'7d'"],
    ['null', null, 'INVALID_OPTION', "'1m'", 'received null'],
    ['a list', ['1m'], 'INVALID_OPTION', "'1m'", 'received an array'],
    ['no ttl', {}, 'INVALID_OPTION', "cached('1m')", "defaults: { ttl: '1m' }"],
    ['a typo', { ttl: '1m', tag: ['a'] }, 'INVALID_OPTION', 'unknown option "tag"', 'tags'],
    ['the name of another library', { maxAge: 60 }, 'INVALID_OPTION', 'unknown option "maxAge"', 'ttl'],
    ['a scope of its own', { ttl: '1m', scope: 'user' }, 'INVALID_OPTION', "'public'", 'a callback such as'],
    ['a key that is text', { ttl: '1m', key: 'k' }, 'INVALID_OPTION', 'cached: key', 'a function'],
    ['a when that is a boolean', { ttl: '1m', when: true }, 'INVALID_OPTION', 'cached: when', 'a function'],
    ['tags that are text', { ttl: '1m', tags: 'a' }, 'INVALID_OPTION', 'cached: tags', 'an array'],
    ['an empty tag', { ttl: '1m', tags: [''] }, 'INVALID_OPTION', 'cached: tags', 'non-empty'],
    ['vary that is text', { ttl: '1m', vary: 'cookie' }, 'INVALID_OPTION', 'cached: vary', 'an array'],
    [
      'vary on no header name',
      { ttl: '1m', vary: ['accept language'] },
      'INVALID_OPTION',
      'cached: vary',
      "'accept-language'",
    ],
    ['vary on everything', { ttl: '1m', vary: ['*'] }, 'INVALID_OPTION', 'cached: vary', "'accept-language'"],
    ['maxBytes 0', { ttl: '1m', maxBytes: 0 }, 'INVALID_OPTION', 'cached: maxBytes', 'above zero'],
    ['a version that is a number', { ttl: '1m', version: 2 }, 'INVALID_OPTION', 'cached: version', 'a string'],
    ['another way to share', { ttl: '1m', share: 'clone' }, 'INVALID_OPTION', "'copy' or 'frozen'", 'received "clone"'],
    ['no lifetime of errors', { ttl: '1m', errors: { NOT_FOUND: 0 } }, 'INVALID_DURATION', 'errors.NOT_FOUND', "'5m'"],
    ['http: true', { ttl: '1m', http: true }, 'INVALID_OPTION', 'cached: http', 'browser and cdn, or false'],
    ['a typo in http', { ttl: '1m', http: { maxAge: 1 } }, 'INVALID_OPTION', 'unknown option "maxAge"', 'browser'],
    ['browser longer than ttl', { ttl: '1m', http: { browser: '1h' } }, 'INVALID_OPTION', 'http.browser', 'raise ttl'],
    [
      'cdn longer than ttl',
      { ttl: '1m', scope: 'public', http: { cdn: '1h' } },
      'INVALID_OPTION',
      'http.cdn',
      'raise ttl',
    ],
    [
      'cdn on a private query',
      { ttl: '1m', scope: perUser, http: { cdn: '1m' } },
      'INVALID_OPTION',
      'http.cdn',
      "scope: 'public'",
    ],
    ['immutable alone', { ttl: '1m', http: { immutable: true } }, 'INVALID_OPTION', 'http.immutable', "browser: '1h'"],
  ])('%s', async (_, given, code, what, advice) => {
    await expectMistake(() => cacheOf().cached(given as never), code, what, advice);
  });

  test('cdn where the cache itself is private', async () => {
    const { cached } = cacheOf({ scope: perUser });
    await expectMistake(() => cached({ ttl: '1m', http: { cdn: '1m' } }), 'INVALID_OPTION', "scope: 'public'");
  });
});

describe('createCache says what to write instead of', () => {
  const remote = faultyStore().store;
  const redis = upstashStore({ pipeline: () => ({ eval: () => {}, mget: () => {}, exec: async () => [] }) });
  test.each<[string, object, string, string]>([
    ['no scope', {}, 'scope', "'public' or a callback such as ({ ctx }) => ctx.user?.id ?? null"],
    ['a scope by name', { scope: 'private' }, 'scope', "'public' or a callback"],
    ['no namespace on a store that others share', { scope: 'public', store: remote }, 'namespace', "'shop-production'"],
    ['no namespace on Upstash', { scope: 'public', store: redis }, 'namespace', "'shop-production'"],
    [
      'no namespace with a store that is made later',
      { scope: 'public', store: () => redis },
      'namespace',
      "'shop-production'",
    ],
    ['an empty namespace', { scope: 'public', namespace: '' }, 'namespace', "'shop-production'"],
    ['a client in place of a store', { scope: 'public', store: { get() {} } }, 'store', 'upstashStore(redis)'],
    ['a typo', { scope: 'public', tll: '1m' }, 'unknown option "tll"', 'namespace'],
    ['ttl outside of defaults', { scope: 'public', ttl: '1m' }, 'unknown option "ttl"', 'defaults'],
    ['a wrong default', { scope: 'public', defaults: { maxBytes: '1mb' } }, 'defaults: maxBytes', 'above zero'],
    ['a wrong default ttl', { scope: 'public', defaults: { ttl: '1 m' } }, 'defaults: ttl', "'5m'"],
    ['an unknown default', { scope: 'public', defaults: { maxAge: 1 } }, 'unknown option "maxAge"', 'ttl'],
    ['enabled by text', { scope: 'public', enabled: 'no' }, 'enabled', 'a boolean or a function'],
    ['a version that is a number', { scope: 'public', version: 2 }, 'version', 'a string'],
    ['hashKeys by text', { scope: 'public', hashKeys: 'yes' }, 'hashKeys', 'a boolean'],
    ['waitUntil that is a context', { scope: 'public', waitUntil: {} }, 'waitUntil', 'a function'],
    ['headers that are a list', { scope: 'public', headers: ['a'] }, 'headers', 'a function'],
    ['half a transformer', { scope: 'public', transformer: { serialize() {} } }, 'transformer', 'superjson'],
    ['a timeout of 0', { scope: 'public', timeouts: { read: 0 } }, 'timeouts.read', "'250ms'"],
    ['an unknown timeout', { scope: 'public', timeouts: { lookup: '1s' } }, 'unknown option "lookup"', 'read'],
    [
      'a header name with a space',
      { scope: 'public', http: { statusHeader: 'x cache' } },
      'http.statusHeader',
      "'x-cache'",
    ],
  ])('%s', async (_, options, what, advice) => {
    const error = await errorOf(() => createCache(options as CreateCacheOptions<object>));
    expect(error).toMatchObject({ name: 'CacheError', code: expect.stringMatching(/^INVALID_(OPTION|DURATION)$/) });
    expect(error.message).toContain(what);
    expect(error.message).toContain(advice);
  });

  test.each([undefined, null, 'public'])('%j in place of options', async (options) => {
    await expectMistake(() => createCache(options as never), 'INVALID_OPTION', "{ scope: 'public' }");
  });
});

describe('invalidates says at definition what to write instead of', () => {
  test.each<[string, readonly unknown[], string, string]>([
    ['nothing', [], 'INVALID_TARGET', "invalidates('post.*')"],
    ['{ path, tag }', [{ path: 'post.byId', tag: 'a' }], 'INVALID_TARGET', 'pass two targets'],
    ['{ tag, scope }', [{ tag: 'a', scope: 'b' }], 'INVALID_TARGET', 'pass two targets'],
    ['an input without a path', [{ input: { id: 1 } }], 'INVALID_TARGET', '{ path, input }'],
    ['a regular expression', [/^post/], 'INVALID_TARGET', "'post.*'"],
    ['a glob inside a segment', ['post.by*'], 'INVALID_TARGET', 'a whole segment'],
    ['a path with slashes and a glob', ['post/*'], 'INVALID_TARGET', 'joined by dots'],
    ['a name that only ends like one', [{ externaltag: 'a' }], 'INVALID_TARGET', 'is not a target'],
    ['external alone', [{ external: true }], 'INVALID_TARGET', 'is not a target'],
    ['options beside targets', [{ targets: 'a' }, 'b'], 'INVALID_TARGET', 'targets: [ … ]'],
    ['no targets in the options', [{ targets: [] }], 'INVALID_TARGET', "invalidates('post.*')"],
    ['an unknown option', [{ targets: 'a', when: 'success' }], 'INVALID_OPTION', 'on'],
    ['another moment', [{ targets: 'a', on: 'error' }], 'INVALID_OPTION', "'success' or 'always'"],
    ['another way to fail', [{ targets: 'a', onFailure: 'event' }], 'INVALID_OPTION', "'retry' or 'throw'"],
  ])('%s', async (_, targets, code, advice) => {
    await expectMistake(() => (cacheOf().invalidates as (...t: unknown[]) => unknown)(...targets), code, advice);
  });

  test('a pattern that matches nothing, once the router is known', async () => {
    const { http, invalidates } = cacheOf();
    const router = t.router({ act: t.procedure.use(invalidates('psot.*')).mutation(() => 'ok') });
    await expectMistake(() => http({ router }), 'UNKNOWN_PATH', 'act: invalidates:', '"psot.*"', 'external: true');
  });
});

describe('a store says what to write instead of', () => {
  test.each<[string, () => Store, string]>([
    ['a bound of 0', () => memoryStore({ maxEntries: 0 }), 'maxEntries: expected a whole number above zero'],
    ['a bound by text', () => memoryStore({ maxBytes: '1mb' as never }), 'received "1mb"'],
    ['a typo', () => memoryStore({ maxSize: 1 } as never), 'maxBytes, maxEntries'],
    ['nothing in place of a client', () => upstashStore(undefined as never), 'upstashStore(Redis.fromEnv())'],
    ['a url in place of a client', () => upstashStore('https://x' as never), 'upstashStore(Redis.fromEnv())'],
    [
      'another place to read',
      () => upstashStore({ pipeline() {} } as never, { reads: 'replica' as never }),
      "'primary' or 'nearest'",
    ],
  ])('%s', async (_, make, advice) => {
    await expectMistake(make, 'INVALID_OPTION', advice);
  });
});

test('definitions touch neither store, clock nor random', () => {
  const touched = () => {
    throw new Error('touched');
  };
  const store = { name: 'x', supports: { local: false }, lookup: touched, fill: touched, advance: touched };
  const random = Object.getOwnPropertyDescriptor(Crypto.prototype, 'getRandomValues') as PropertyDescriptor;
  const realNow = Date.now;
  Object.defineProperty(Crypto.prototype, 'getRandomValues', { ...random, value: touched });
  Date.now = touched;
  try {
    memoryStore();
    const { cached, invalidates, settle, register, wrap, http } = cacheOf({ store, namespace: 'test' });
    const router = t.router({
      list: t.procedure.use(cached('1m')).query(() => 1),
      act: t.procedure
        .use(settle)
        .use(invalidates('list'))
        .mutation(() => 1),
    });
    register(router);
    http({ router });
    wrap('fn', () => 1, { ttl: '1m' });
  } finally {
    Object.defineProperty(Crypto.prototype, 'getRandomValues', random);
    Date.now = realNow;
  }
});
