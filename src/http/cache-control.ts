// Docs: docs/http.md
/** What one call, or a whole response, allows caches to do at this moment. */
export interface Lifetime {
  /** Whether caches between server and client may keep the answer: it is the same for everyone. */
  shared: boolean;
  /** Seconds (integer, ≥ 0) that a browser may reuse it without asking; `undefined` = it revalidates always. */
  browserSeconds: number | undefined;
  /** Seconds (integer, ≥ 0) that a shared cache may reuse it without asking; `undefined` = it revalidates always. */
  cdnSeconds: number | undefined;
  /** Seconds (integer, > 0) after that in which both may show it while they ask (RFC 5861 §3). @default not at all */
  staleSeconds?: number;
  /** The bytes under this URL never change (RFC 8246 §2). @default false */
  immutable?: boolean;
  /** Nobody may keep it, whatever the other properties say (RFC 9111 §5.2.2.5). @default false */
  noStore?: boolean;
}

/** The header fields of a {@link Lifetime}, in lower case. */
export interface CacheControlHeaders {
  /** For every cache (RFC 9111 §5.2). */
  'cache-control': string;
  /**
   * For CDNs, which then ignore `cache-control` (RFC 9213 §2.2). Also where both say the same: a 304 without it would leave an
   * older one in force (RFC 9111 §3.2).
   */
  'cdn-cache-control'?: string;
}

// A larger delta-seconds is read as this value (RFC 9111 §1.2.2).
const maxSeconds = 2_147_483_648;
const revalidate: Lifetime = { shared: false, browserSeconds: undefined, cdnSeconds: undefined };

/**
 * How long a client may still keep an answer: the configured lifetime or the rest of the entry's freshness, whichever
 * ends first (RFC 9111 §4.2). It is the remaining time, to be sent without `Age`.
 *
 * @param configuredMs the lifetime configured for this audience, in milliseconds.
 * @param freshUntil when the entry stops being fresh, in milliseconds since the epoch.
 * @param now the current time, in milliseconds since the epoch.
 * @returns whole seconds, rounded down, from 0 to 2147483648 (RFC 9111 §1.2.2).
 * @example
 * remainingSeconds(60_000, 100_000, 60_500); // 39
 */
export function remainingSeconds(configuredMs: number, freshUntil: number, now: number): number {
  return deltaSeconds(Math.min(configuredMs, freshUntil - now) / 1000);
}

/**
 * What a response of several calls allows: nothing that one of its calls does not (RFC 9111 §4.2, §5.2.2.7). `noStore`
 * beats all, private beats shared, revalidate-always beats any lifetime of the same audience, else the minimum holds.
 * No calls give `private`, revalidate-always.
 *
 * @example
 * const post = { shared: true, browserSeconds: 60, cdnSeconds: 300 };
 * combineLifetimes([post, { shared: false, browserSeconds: 10, cdnSeconds: undefined }]);
 * // { shared: false, browserSeconds: 10, cdnSeconds: undefined }
 */
export function combineLifetimes(calls: readonly Lifetime[]): Lifetime {
  if (calls.some((call) => call.noStore)) return { ...revalidate, noStore: true };
  if (calls.length === 0) return { ...revalidate };
  const shared = calls.every((call) => call.shared);
  const combined: Lifetime = {
    shared,
    browserSeconds: shortest(calls.map((call) => call.browserSeconds)),
    cdnSeconds: shared ? shortest(calls.map((call) => call.cdnSeconds)) : undefined,
  };
  const stale = shortest(calls.map((call) => call.staleSeconds));
  return {
    ...combined,
    ...(stale !== undefined && { staleSeconds: stale }),
    ...(calls.every((call) => call.immutable) && { immutable: true }),
  };
}

/**
 * The same answer for the client's own cache alone: for a request that carried credentials (RFC 9111 §3.5).
 *
 * @example
 * withdrawShared({ shared: true, browserSeconds: 60, cdnSeconds: 300 });
 * // { shared: false, browserSeconds: 60, cdnSeconds: undefined }
 */
export function withdrawShared(lifetime: Lifetime): Lifetime {
  return { ...lifetime, shared: false, cdnSeconds: undefined };
}

/**
 * Private and revalidate-always: for a response with `Set-Cookie`, which a cache would set again on every reuse
 * (RFC 9111 §7.3). `noStore` stays.
 *
 * @example
 * withdrawLifetimes({ shared: true, browserSeconds: 60, cdnSeconds: 300 });
 * // { shared: false, browserSeconds: undefined, cdnSeconds: undefined }
 */
export function withdrawLifetimes(lifetime: Lifetime): Lifetime {
  return lifetime.noStore ? { ...revalidate, noStore: true } : { ...revalidate };
}

/**
 * The lifetimes as they were at first, to be sent with `Age`, which receivers take off again (RFC 9111 §4.2.3).
 *
 * @param ageSeconds whole seconds since the oldest part of the answer was stored.
 * @example
 * withAge({ shared: false, browserSeconds: 40, cdnSeconds: undefined }, 20).browserSeconds; // 60
 */
export function withAge(lifetime: Lifetime, ageSeconds: number): Lifetime {
  // Where nothing is left nothing is promised, and what lasts is not said to last.
  const whole = (left: number | undefined) => (left ? left + ageSeconds : left);
  return { ...lifetime, browserSeconds: whole(lifetime.browserSeconds), cdnSeconds: whole(lifetime.cdnSeconds) };
}

/**
 * The header fields of a lifetime; `private, no-cache` when it allows nothing (RFC 9111 §5.2.2, RFC 9213 §2.1).
 *
 * @example
 * cacheControlHeaders({ shared: true, browserSeconds: undefined, cdnSeconds: 300 });
 * // { 'cache-control': 'public, no-cache', 'cdn-cache-control': 'max-age=300' }
 */
export function cacheControlHeaders(lifetime: Lifetime): CacheControlHeaders {
  if (lifetime.noStore) return { 'cache-control': 'no-store' };
  const browser = lifetime.browserSeconds === undefined ? undefined : deltaSeconds(lifetime.browserSeconds);
  const lasting = lifetime.immutable && browser ? ', immutable' : '';
  // A CDN obeys its own field over `private` and `no-store` (RFC 9213 §2.2): it must be absent, not contradicted.
  // Beside no-cache it would contradict it (RFC 9111 §4.2.4), and what has no time left is stale already.
  const stale = (seconds: number | undefined) =>
    seconds && lifetime.staleSeconds ? `, stale-while-revalidate=${deltaSeconds(lifetime.staleSeconds)}` : '';
  const own = `${stale(browser)}${lasting}`;
  if (!lifetime.shared || lifetime.cdnSeconds === undefined) {
    return { 'cache-control': browser === undefined ? 'private, no-cache' : `private, max-age=${browser}${own}` };
  }
  const cdn = deltaSeconds(lifetime.cdnSeconds);
  const targeted = { 'cdn-cache-control': `max-age=${cdn}${stale(cdn)}` };
  if (browser === undefined) return { 'cache-control': 'public, no-cache', ...targeted };
  // Shared caches that know no CDN-Cache-Control would keep the answer for the browser's longer time (RFC 9111 §5.2.2.10).
  // With s-maxage nothing may be shown stale (RFC 9111 §5.2.2.10).
  const rest = cdn < browser ? `, s-maxage=${cdn}${lasting}` : own;
  return { 'cache-control': `public, max-age=${browser}${rest}`, ...targeted };
}

function shortest(seconds: readonly (number | undefined)[]): number | undefined {
  let least = Number.POSITIVE_INFINITY;
  for (const value of seconds) {
    if (value === undefined) return undefined;
    least = Math.min(least, value);
  }
  return least;
}

// Only digits are a delta-seconds (RFC 9111 §1.2.2): no sign, fraction, NaN or Infinity.
function deltaSeconds(seconds: number): number {
  return Math.min(maxSeconds, Math.max(0, Math.floor(seconds) || 0));
}
