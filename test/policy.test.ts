import { describe, expect, test } from 'vitest';
import { CacheError } from '../src/index.ts';
import { checkScope, resolvePolicy } from '../src/policy.ts';

const resolve = (given: unknown, defaults: object = {}) => resolvePolicy(given, defaults, 'public', 'cached');

describe('the options of cached', () => {
  test('a duration alone is a ttl, and everything else has its default', () => {
    expect(resolve('1m')).toEqual({
      ttlMs: 60_000,
      staleMs: 0,
      errorMs: 0,
      toleratesError: expect.any(Function),
      jitter: 0,
      early: 0,
      scope: 'public',
      tags: [],
      key: undefined,
      vary: [],
      when: undefined,
      errors: new Map(),
      maxBytes: 1_048_576,
      version: '',
      share: 'copy',
      verify: 0,
      http: { immutable: false },
    });
    expect(resolve(60).ttlMs).toBe(60_000);
    expect(resolve({ ttl: 60 }).ttlMs).toBe(60_000);
  });

  test('what is given goes before defaults, and undefined is not given', () => {
    const defaults = { ttl: '1h', share: 'frozen', maxBytes: 10, tags: ['all'] };
    expect(resolve(undefined, defaults)).toMatchObject({
      ttlMs: 3_600_000,
      share: 'frozen',
      maxBytes: 10,
      tags: ['all'],
    });
    expect(resolve({ ttl: '1m', share: 'copy', tags: undefined }, defaults)).toMatchObject({
      ttlMs: 60_000,
      share: 'copy',
      tags: ['all'],
    });
  });

  test('header names in vary are lower case and sorted: their order and case make no other key', () => {
    expect(resolve({ ttl: 1, vary: ['X-B', 'accept-Language'] }).vary).toEqual(['accept-language', 'x-b']);
  });

  test('errors to remember have durations of their own', () => {
    expect(resolve({ ttl: 1, errors: { NOT_FOUND: '5s' } }).errors).toEqual(new Map([['NOT_FOUND', 5_000]]));
  });

  test.each<[string, unknown]>([
    ['ttl', undefined],
    ['ttl', {}],
    ['ttl', 0],
    ['ttl', '1 minute'],
    ['ttl', { ttl: null }],
    ['staleWhileRevalidate', { ttl: 1, staleWhileRevalidate: 0 }],
    ['http.staleWhileRevalidate', { ttl: 60, http: { browser: 60, staleWhileRevalidate: 1 } }],
    ['http.staleWhileRevalidate', { ttl: 60, staleWhileRevalidate: 60, http: { staleWhileRevalidate: 1 } }],
    ['TTL', { TTL: 1, ttl: 1 }],
    ['scope', { ttl: 1, scope: 'private' }],
    ['scope', { ttl: 1, scope: null }],
    ['tags', { ttl: 1, tags: 'author' }],
    ['tags', { ttl: 1, tags: [''] }],
    ['key', { ttl: 1, key: 'id' }],
    ['when', { ttl: 1, when: false }],
    ['vary', { ttl: 1, vary: 'cookie' }],
    ['maxBytes', { ttl: 1, maxBytes: 0 }],
    ['maxBytes', { ttl: 1, maxBytes: '1mb' }],
    ['version', { ttl: 1, version: 2 }],
    ['share', { ttl: 1, share: 'always' }],
    ['errors.NOT_FOUND', { ttl: 1, errors: { NOT_FOUND: 'long' } }],
    ['http', { ttl: 1, http: true }],
    ['http.browser', { ttl: 1, http: { browser: -1 } }],
    ['http.browser', { ttl: '1m', http: { browser: '1h' } }],
    ['http.cdn', { ttl: '1m', http: { cdn: '1h' } }],
    ['http.immutable', { ttl: 1, http: { immutable: true } }],
    ['http', { ttl: 1, http: { sMaxAge: 1 } }],
    ['cached', []],
    ['cached', () => 1],
    ['cached', null],
  ])('%s is refused at definition, by name: %j', (option, given) => {
    expect(() => resolve(given)).toThrow(CacheError);
    expect(() => resolve(given)).toThrow(option);
    expect(() => resolve(given)).toThrow(/^cached/);
  });

  test('shared caches are only for everybody: cdn needs the literal scope, a callback is not enough', () => {
    const options = { ttl: '1h', http: { cdn: '1m' } } as const;
    expect(resolve(options).http).toEqual({ cdnMs: 60_000, immutable: false });
    expect(() => resolvePolicy(options, {}, () => null, 'cached')).toThrow('cached: http.cdn');
    expect(resolvePolicy({ ...options, scope: 'public' }, {}, () => null, 'cached').scope).toBe('public');
  });

  test('a scope is the literal public or a callback, nothing else', () => {
    expect(() => checkScope('public', 'scope')).not.toThrow();
    expect(() => checkScope(() => null, 'scope')).not.toThrow();
    for (const scope of [undefined, null, 'Public', 'user', true, Symbol('everyone')])
      expect(() => checkScope(scope, 'createCache: scope')).toThrow('createCache: scope');
  });
});
