// Docs: docs/testing.md#your-app
import { rejectUnknown } from '../errors.ts';
import type { BypassReason, CacheEvents, SkipReason } from '../events.ts';
import type { Cache } from '../surface.ts';
import { text } from './check.ts';

/** Which calls are meant. */
export interface ExpectOptions {
  /** Only calls of this procedure, by its path as events say it. Without it, `fn` may make one call alone. */
  readonly path?: string;
  /** How many calls `fn` makes, of that path; each must have the outcome. @default 1 */
  readonly calls?: number;
}

type Outcome = 'hit' | 'stale' | 'miss' | 'bypass';
type Seen = { [Name in Outcome]: { outcome: Name } & CacheEvents[Name] }[Outcome];
type Watchable = Pick<Cache<any>, 'on'>;

const outcomes: readonly Outcome[] = ['hit', 'stale', 'miss', 'bypass'];

/**
 * Runs a call and returns what it returns; rejects unless it was answered from the cache.
 *
 * @throws Error that says what happened instead, and why that may be.
 * @example
 * ```ts
 * import { createCache } from 'trpc-cached';
 * import { expectHit, expectMiss } from 'trpc-cached/testing';
 *
 * const cache = createCache({ scope: 'public' });
 * const top = cache.wrap('top', (region: string) => [region], { ttl: '5m' });
 * await expectMiss(cache, () => top('eu'));
 * await expectHit(cache, () => top('eu'));
 * ```
 */
export const expectHit = <T>(cache: Watchable, fn: () => T | Promise<T>, options?: ExpectOptions): Promise<T> =>
  expectOutcome(cache, 'hit', fn, options);

/** As {@link expectHit}, for a call whose procedure ran, or that shared the run of an equal call. */
export const expectMiss = <T>(cache: Watchable, fn: () => T | Promise<T>, options?: ExpectOptions): Promise<T> =>
  expectOutcome(cache, 'miss', fn, options);

/** As {@link expectHit}, for a call that was answered with what had expired. */
export const expectStale = <T>(cache: Watchable, fn: () => T | Promise<T>, options?: ExpectOptions): Promise<T> =>
  expectOutcome(cache, 'stale', fn, options);

/** As {@link expectHit}, for a call that went by the cache; for this `reason`, if it is given. */
export const expectBypass = <T>(
  cache: Watchable,
  fn: () => T | Promise<T>,
  options: ExpectOptions & { readonly reason?: BypassReason } = {},
): Promise<T> => expectOutcome(cache, 'bypass', fn, options);

// What was not stored, as far as these functions saw it: the second call pays for the first one.
const skipped = new WeakMap<object, Map<string, SkipReason>>();

async function expectOutcome<T>(
  cache: Watchable,
  wanted: Outcome,
  fn: () => T | Promise<T>,
  options: ExpectOptions & { readonly reason?: BypassReason } = {},
): Promise<T> {
  const where = `expect${wanted[0]?.toUpperCase()}${wanted.slice(1)}`;
  rejectUnknown(options, ['path', 'calls', ...(wanted === 'bypass' ? ['reason'] : [])], where);
  const { path, calls = 1, reason } = options;
  const all: Seen[] = [];
  const skips = skipped.get(cache.on) ?? new Map<string, SkipReason>();
  skipped.set(cache.on, skips);
  const stops = [
    ...outcomes.map((outcome) => cache.on(outcome, (event) => void all.push({ outcome, ...event } as Seen))),
    cache.on('fill', ({ path }) => void skips.delete(path)),
    cache.on('skip', ({ path, reason }) => void skips.set(path, reason)),
  ];
  let value: T;
  try {
    value = await fn();
  } finally {
    for (const stop of stops) stop();
  }
  const seen = all.filter((one) => path === undefined || one.path === path);
  const isWanted = (one: Seen) =>
    one.outcome === wanted && (reason === undefined || (one.outcome === 'bypass' && one.reason === reason));
  if (seen.length === calls && seen.every(isWanted)) return value;
  const what = `${wanted}${reason === undefined ? '' : ` (${reason})`}${path === undefined ? '' : ` of ${path}`}`;
  const expected = `${where}: expected ${calls === 1 ? `one ${what}` : `${calls} times a ${what}`}`;
  throw new Error(`${expected}, ${received(seen, all, calls, path)}\n${advice(seen, calls, wanted, path, skips)}`);
}

function received(seen: readonly Seen[], all: readonly Seen[], calls: number, path: string | undefined): string {
  if (seen.length > 0) {
    const list = seen.map(told).join('\n  ');
    return seen.length === 1 && calls === 1 ? `received a ${told(seen[0] as Seen)}.` : `received:\n  ${list}`;
  }
  const others = [...new Set(all.map((one) => one.path))];
  return `but no cached call ${path === undefined ? 'was made' : `of that path was made${others.length > 0 ? `, only of ${others.join(', ')}` : ''}`}.`;
}

function told(seen: Seen): string {
  const { outcome, path } = seen;
  const at = path === '' ? 'a call without a path' : path;
  if (outcome === 'miss') return `miss of ${at}${seen.coalesced ? ', which shared the run of another call' : ''}`;
  if (outcome === 'hit') return `hit of ${at}, stored ${seen.ageMs} ms ago`;
  const error = seen.error === undefined ? '' : ` (${text(seen.error)})`;
  return `${outcome} of ${at}, because of: ${seen.reason}${error}`;
}

function advice(
  seen: readonly Seen[],
  calls: number,
  wanted: Outcome,
  path: string | undefined,
  skips: ReadonlyMap<string, SkipReason>,
): string {
  if (seen.length === 0)
    return 'Does the procedure use `cached`, is it this cache, and does the function return its promise? Over HTTP, the server must run in this process.';
  if (seen.length !== calls) {
    return path === undefined
      ? 'Several calls happened. Say which one is meant: { path }, or how many: { calls }.'
      : 'Another number of calls happened: await what runs beside this one, or say how many: { calls }.';
  }
  const other = seen.find(({ outcome }) => outcome !== wanted) ?? (seen[0] as Seen);
  if (other.outcome === 'bypass') return because[other.reason];
  if (other.outcome === 'miss') {
    const skip = skips.get(other.path);
    if (skip !== undefined)
      return `The answer was not stored the last time: '${skip}'. See "Events" in docs/how-it-works.md.`;
    return 'It is the first call, another input, scope or `vary` header, its time was up, or it was invalidated.';
  }
  if (other.outcome === 'stale')
    return 'Its `ttl` was over, and it was within `staleWhileRevalidate` or `staleIfError`.';
  return 'It was there already. Use another input, a new store, or `await cache.clear()` before.';
}

const because: Record<BypassReason, string> = {
  disabled: 'The option `enabled` of createCache is false, or returned it.',
  when: 'The option `when` returned false.',
  scope: 'The scope is neither a text nor null nor `everyone`: look at what the `scope` callback returns.',
  input: 'The input could not be read, or is nothing that a key can be made of: use the option `key`.',
  callback: 'A callback of `cached` threw: the error is told above.',
  vary: 'The request headers of `vary` are not known: use `cache.http`, or the option `headers` of createCache.',
  store: 'The store failed or was late, or the breaker keeps away from it: listen to `error` events.',
  'no-path': 'The call has no path: call it through a router.',
  unregistered: 'The registered router has no procedure of that path: register the router that the caller is made of.',
  'middleware-behind': 'A middleware stands behind `cached`: put `cached` last, or mark it with `cache.pure`.',
};
