import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import { describe, expect, test } from 'vitest';
import { cacheControlHeaders, withAge, withdrawLifetimes, withdrawShared } from '../../src/http/cache-control.ts';
import { anyLifetime, lifetime, pub } from './lifetimes.ts';

describe('withAge', () => {
  test('RFC 9111 §4.2.3: what is left and the age together are the whole lifetime', () => {
    expect(withAge(lifetime(true, 40, 280), 20)).toEqual(lifetime(true, 60, 300));
    expect(withAge(lifetime(false), 20)).toEqual(lifetime(false));
  });

  test('RFC 5861 §3: where nothing is left, nothing is, whatever the age', () => {
    expect(withAge(lifetime(true, 0, 0), 75)).toEqual(lifetime(true, 0, 0));
    const headers = cacheControlHeaders(withAge({ ...lifetime(true, 0, 30), immutable: true }, 75));
    expect(headers).toStrictEqual({ 'cache-control': 'public, max-age=0', 'cdn-cache-control': 'max-age=105' });
  });
});

describe('withdrawShared', () => {
  test('A31, A48: with credentials the answer is private and its browser lifetime stays', () => {
    expect(cacheControlHeaders(withdrawShared(pub))).toStrictEqual({ 'cache-control': 'private, max-age=60' });
    expect(cacheControlHeaders(withdrawShared(lifetime(true, undefined, 300)))).toStrictEqual({
      'cache-control': 'private, no-cache',
    });
    expect(cacheControlHeaders(withdrawShared({ ...pub, noStore: true }))).toStrictEqual({
      'cache-control': 'no-store',
    });
  });

  test('I6: nothing that a shared cache could store is left (RFC 9111 §3.5)', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const headers = cacheControlHeaders(withdrawShared(each));
        expect(Object.keys(headers)).toEqual(['cache-control']);
        const policy = new CachePolicy(
          { headers: { authorization: 'Bearer x' } },
          { status: 200, headers: { ...headers } },
          { shared: true },
        );
        expect(policy.storable()).toBe(false);
        expect(headers['cache-control']).not.toMatch(/public|s-maxage|revalidate/);
      }),
    );
  });
});

describe('withdrawLifetimes', () => {
  test('A30, A48: beside Set-Cookie nothing is reused without asking, and nothing is shared (RFC 9111 §7.3)', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const expected = each.noStore ? 'no-store' : 'private, no-cache';
        expect(cacheControlHeaders(withdrawLifetimes(each))).toStrictEqual({ 'cache-control': expected });
      }),
    );
  });
});
