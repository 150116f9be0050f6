import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import { parseDictionary } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import {
  cacheControlHeaders,
  combineLifetimes,
  type Lifetime,
  remainingSeconds,
} from '../../src/http/cache-control.ts';
import { anyLifetime, lifetime, pub } from './lifetimes.ts';

const def = lifetime(false);
const long = lifetime(true, 300, 300);
const cdn = lifetime(true, undefined, 300);
const priv = lifetime(false, 60);
const noStore: Lifetime = { ...pub, noStore: true };
const cacheControl = (...calls: Lifetime[]) => cacheControlHeaders(combineLifetimes(calls))['cache-control'];

const calls = fc.array(anyLifetime, { minLength: 1, maxLength: 5 });

/** The directives of a field value by name, as RFC 9111 §5.2 reads them; a name that comes twice fails the test. */
function directives(value: string): Map<string, string | undefined> {
  const parsed = new Map<string, string | undefined>();
  for (const directive of value.split(', ')) {
    const [name = '', argument] = directive.split('=');
    expect(parsed.has(name)).toBe(false);
    parsed.set(name, argument);
  }
  return parsed;
}

/** What a cache that follows RFC 9111, and knows no CDN-Cache-Control, makes of an answer; `null` = it stores nothing. */
function keptSeconds(value: string, shared: boolean): number | null {
  const policy = new CachePolicy(
    { method: 'GET', url: '/trpc/pub', headers: {} },
    { status: 200, headers: { 'cache-control': value } },
    { shared },
  );
  return policy.storable() ? policy.maxAge() : null;
}

describe('remainingSeconds', () => {
  const storedAt = 1_700_000_000_000;
  test.each([
    ['A21: an entry stored now has its whole lifetime left', 60_000, 60_000, 0, 60],
    ['A22: after 20 s of 60 there are 40 left', 60_000, 60_000, 20_000, 40],
    ['A23: after 59.5 s there is no whole second left', 60_000, 60_000, 59_500, 0],
    ['A24: a stale entry has nothing left', 60_000, 60_000, 75_000, 0],
    ['RFC 9111 §4.2: the configured lifetime holds while the entry is fresh for longer', 10_000, 60_000, 20_000, 10],
    ['RFC 9111 §4.2: the end of freshness holds when it comes first', 50_000, 60_000, 30_000, 30],
    ['RFC 9111 §4.2: a clock that went back gives no more than the configured lifetime', 60_000, 60_000, -9_000, 60],
    ['RFC 9111 §1.2.2: a configured fraction of a second is rounded down', 1_999, 60_000, 0, 1],
    ['RFC 9111 §1.2.2: no lifetime is longer than 2147483648 s', 9e15, 9e15, 0, 2_147_483_648],
    ['RFC 9111 §1.2.2: an endless lifetime is 2147483648 s', Infinity, Infinity, 0, 2_147_483_648],
    ['RFC 9111 §1.2.2: what is not a number is no lifetime', Number.NaN, 60_000, 0, 0],
  ])('%s', (_, configuredMs, freshMs, age, expected) => {
    expect(remainingSeconds(configuredMs, storedAt + freshMs, storedAt + age)).toBe(expected);
  });

  test('I3: now and the lifetime together never pass the end of freshness, nor the configured lifetime', () => {
    const ms = fc.integer({ min: 0, max: 10_000_000 });
    fc.assert(
      fc.property(ms, ms, ms, (configured, freshUntil, now) => {
        const life = remainingSeconds(configured, freshUntil, now);
        expect(Number.isInteger(life) && life >= 0 && !Object.is(life, -0)).toBe(true);
        expect(life * 1000).toBeLessThanOrEqual(configured);
        expect(now + life * 1000).toBeLessThanOrEqual(Math.max(now, freshUntil));
        expect((life + 1) * 1000).toBeGreaterThan(Math.min(configured, freshUntil - now));
      }),
    );
  });
});

describe('cacheControlHeaders', () => {
  test.each([
    ['A20: a private answer without lifetime is revalidated', def, 'private, no-cache', undefined],
    ['A20: a shared answer without any lifetime is revalidated', lifetime(true), 'private, no-cache', undefined],
    [
      'RFC 9111 §3.2: one lifetime for browser and CDN is said in both fields, for caches that know an older one',
      pub,
      'public, max-age=60',
      'max-age=60',
    ],
    ['A23: a lifetime at its end is 0', lifetime(true, 0, 0), 'public, max-age=0', 'max-age=0'],
    ['A32: a private answer is for the browser alone', priv, 'private, max-age=60', undefined],
    ['A32: a private answer at its end is 0', lifetime(false, 0), 'private, max-age=0', undefined],
    [
      'A32: a private answer has no CDN lifetime, even if it is told one',
      lifetime(false, 60, 60),
      'private, max-age=60',
    ],
    ['A47: a CDN lifetime alone lets the browser revalidate', cdn, 'public, no-cache', 'max-age=300'],
    ['A47: a CDN lifetime at its end is 0', lifetime(true, undefined, 0), 'public, no-cache', 'max-age=0'],
    ['A47: a longer CDN lifetime has a field of its own', lifetime(true, 60, 300), 'public, max-age=60', 'max-age=300'],
    [
      'RFC 9111 §5.2.2.10: a shorter CDN lifetime binds the caches that know no CDN-Cache-Control too',
      lifetime(true, 60, 30),
      'public, max-age=60, s-maxage=30',
      'max-age=30',
    ],
    ['RFC 9111 §5.2.2.7: only the browser was allowed', lifetime(true, 60), 'private, max-age=60', undefined],
    ['A28: no-store stands alone', noStore, 'no-store', undefined],
    ['A28: no-store beats immutable', { ...noStore, immutable: true }, 'no-store', undefined],
    [
      'A65: immutable stands beside a lifetime of browsers',
      { ...pub, immutable: true },
      'public, max-age=60, immutable',
      'max-age=60',
    ],
    ['A65: immutable stands beside a private lifetime', { ...priv, immutable: true }, 'private, max-age=60, immutable'],
    ['A65: immutable is dropped beside revalidate-always', { ...def, immutable: true }, 'private, no-cache'],
    [
      'A65: immutable is dropped when no second is left',
      { ...lifetime(true, 0, 0), immutable: true },
      'public, max-age=0',
      'max-age=0',
    ],
    ['A65: immutable is the browser’s', { ...cdn, immutable: true }, 'public, no-cache', 'max-age=300'],
    ['A65: immutable is absent unless asked for', { ...pub, immutable: false }, 'public, max-age=60', 'max-age=60'],
    ['RFC 9111 §1.2.2: a fraction is rounded down', lifetime(true, 1.9, 1.9), 'public, max-age=1', 'max-age=1'],
    ['RFC 9111 §1.2.2: a negative lifetime is 0', lifetime(false, -5), 'private, max-age=0', undefined],
    ['RFC 9111 §1.2.2: what is not a number is 0', lifetime(false, Number.NaN), 'private, max-age=0', undefined],
    ['RFC 9111 §1.2.2: an endless lifetime is 2147483648', lifetime(false, Infinity), 'private, max-age=2147483648'],
  ] as [string, Lifetime, string, string?][])('%s', (_, each, expected, targeted) => {
    const headers: Record<string, string> = { 'cache-control': expected };
    if (targeted !== undefined) headers['cdn-cache-control'] = targeted;
    expect(cacheControlHeaders(each)).toStrictEqual(headers);
  });

  test('I4, A27, A63, A65: no directive comes twice or beside one that contradicts it', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const found = directives(cacheControlHeaders(each)['cache-control']);
        expect(found.has('public') && found.has('private')).toBe(false);
        expect(found.has('no-cache') && found.has('max-age')).toBe(false);
        if (found.has('no-store')) expect([...found.keys()]).toEqual(['no-store']);
        if (found.has('s-maxage')) expect(found.has('stale-while-revalidate')).toBe(false);
        if (found.has('no-cache')) expect([...found.keys()].some((name) => name.startsWith('stale-'))).toBe(false);
        if (found.has('immutable')) expect(Number(found.get('max-age'))).toBeGreaterThan(0);
        for (const argument of found.values()) if (argument !== undefined) expect(argument).toMatch(/^\d+$/);
      }),
    );
  });

  test('A47: CDN-Cache-Control is a Dictionary with an Integer max-age (RFC 9213 §2.1)', () => {
    let seen = 0;
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const value = cacheControlHeaders(each)['cdn-cache-control'];
        if (value === undefined) return;
        seen += 1;
        expect([...parseDictionary(value)]).toEqual([['max-age', [each.cdnSeconds, new Map()]]]);
      }),
    );
    expect(seen).toBeGreaterThan(5);
  });

  test('A20, A21, A32: a browser keeps an answer for its lifetime, or stores it and asks', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const kept = keptSeconds(cacheControlHeaders(each)['cache-control'], false);
        expect(kept).toBe(each.noStore ? null : (each.browserSeconds ?? 0));
      }),
    );
  });

  test('I6: a shared cache stores an answer only if it is shared and has a CDN lifetime', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const headers = cacheControlHeaders(each);
        const allowed = each.shared && !each.noStore && each.cdnSeconds !== undefined;
        expect(keptSeconds(headers['cache-control'], true) !== null).toBe(allowed);
        if (!allowed) expect(Object.keys(headers)).toEqual(['cache-control']);
      }),
    );
  });

  test('I3: a shared cache keeps an answer no longer than its CDN lifetime, with or without CDN-Cache-Control', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        const headers = cacheControlHeaders(each);
        const kept = keptSeconds(headers['cache-control'], true);
        if (kept !== null) expect(kept).toBeLessThanOrEqual(each.cdnSeconds ?? 0);
        if (kept !== null) expect(keptSeconds(headers['cdn-cache-control'] ?? '', true)).toBe(each.cdnSeconds);
      }),
    );
  });
});

describe('combineLifetimes', () => {
  test.each([
    ['A38: a batch has the shortest of its lifetimes', [pub, long], 'public, max-age=60'],
    ['A38: so it has 20 s later', [lifetime(true, 40, 40), lifetime(true, 280, 280)], 'public, max-age=40'],
    ['A42: a private member makes the batch private', [pub, priv], 'private, max-age=60'],
    ['A42: the lifetime of a private batch is the shortest too', [lifetime(true, 20, 20), priv], 'private, max-age=20'],
    ['A43: a member that is always revalidated makes the batch so', [pub, def], 'private, no-cache'],
    ['A44: a member that must not be stored makes the batch so', [pub, noStore, priv], 'no-store'],
    ['A65: immutable members make an immutable batch', [pub, long].map(frozen), 'public, max-age=60, immutable'],
    ['A65: one member that may change makes the batch so', [frozen(pub), long], 'public, max-age=60'],
    ['RFC 9111 §4.2: a batch of one is its call', [long], 'public, max-age=300'],
    ['RFC 9111 §4.2: an answer of no calls is revalidated', [], 'private, no-cache'],
  ])('%s', (_, members, expected) => {
    expect(cacheControl(...members)).toBe(expected);
    expect(cacheControl(...[...members].reverse())).toBe(expected);
  });

  test('A47: browser and CDN are combined apart', () => {
    expect(combineLifetimes([pub, cdn])).toEqual(lifetime(true, undefined, 60));
    expect(combineLifetimes([lifetime(true, 60), lifetime(true, undefined, 60)])).toEqual(lifetime(true));
  });

  function frozen(each: Lifetime): Lifetime {
    return { ...each, immutable: true };
  }

  test('RFC 9111 §4.2: the order of the calls does not matter', () => {
    const shuffled = calls.chain((members) =>
      fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length })),
    );
    fc.assert(
      fc.property(shuffled, ([members, others]) => {
        expect(combineLifetimes(others)).toStrictEqual(combineLifetimes(members));
      }),
    );
  });

  test('RFC 9111 §4.2: batches of batches allow what one batch of all calls allows', () => {
    fc.assert(
      fc.property(calls, calls, (some, others) => {
        const nested = combineLifetimes([combineLifetimes(some), combineLifetimes(others)]);
        expect(nested).toStrictEqual(combineLifetimes([...some, ...others]));
      }),
    );
  });

  test('RFC 9111 §4.2: the same call twice allows what it allows once', () => {
    fc.assert(
      fc.property(anyLifetime, (each) => {
        expect(combineLifetimes([each, each])).toStrictEqual(combineLifetimes([each]));
        expect(cacheControlHeaders(combineLifetimes([each]))).toStrictEqual(cacheControlHeaders(each));
      }),
    );
  });

  test('I3: no audience keeps a batch longer than any of its calls', () => {
    fc.assert(
      fc.property(calls, (members) => {
        const { browserSeconds, cdnSeconds, shared, immutable } = combineLifetimes(members);
        for (const member of members) {
          if (browserSeconds !== undefined) expect(browserSeconds).toBeLessThanOrEqual(member.browserSeconds ?? -1);
          if (cdnSeconds !== undefined) expect(cdnSeconds).toBeLessThanOrEqual(member.cdnSeconds ?? -1);
          expect(shared ? member.shared : cdnSeconds === undefined).toBe(true);
          if (immutable) expect(member.immutable).toBe(true);
          if (member.noStore) expect(cacheControl(...members)).toBe('no-store');
        }
      }),
    );
  });
});
