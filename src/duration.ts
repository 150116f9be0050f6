// Docs: docs/freshness.md
import { CacheError, shown } from './errors.ts';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/**
 * A span of time. A number is seconds (as in HTTP `max-age` and Redis `EX`), a string carries its unit.
 *
 * @example
 * ```ts
 * import type { Duration } from 'trpc-cached';
 *
 * const oneMinute: Duration = '1m'; // '250ms' | '30s' | '5m' | '1h' | '7d'
 * const alsoOneMinute: Duration = 60;
 * ```
 */
export type Duration = number | `${number}${Unit}`;

const unitMs: Record<Unit, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
// Redis refuses a PX that overflows the clock; a hundred years is "for ever" to everybody.
const longestMs = 36_500 * unitMs.d;

/** A duration in milliseconds (at least 1, whole). Throws a {@link CacheError} that names `option` and what to write. */
export function durationMs(duration: unknown, option: string): number {
  const ms = parse(duration);
  if (ms !== undefined && ms > 0 && Number.isFinite(ms)) return Math.min(Math.max(1, Math.round(ms)), longestMs);
  throw new CacheError(
    'INVALID_DURATION',
    `${option}: expected a duration above zero, received ${shown(duration)}. Write '250ms', '30s', '5m', '1h' or '7d', or a number of seconds.`,
  );
}

// Timers hold 32 bits: a longer one fires at once.
const longestTimerMs = 2_147_483_647;

/** A duration that something waits for. Throws a {@link CacheError} likewise, also for one that no timer can hold. */
export function timerMs(duration: unknown, option: string): number {
  const ms = durationMs(duration, option);
  if (ms <= longestTimerMs) return ms;
  throw new CacheError(
    'INVALID_DURATION',
    `${option}: expected at most 24 days, received ${shown(duration)}. No timer waits longer.`,
  );
}

function parse(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration * 1_000;
  if (typeof duration !== 'string') return undefined;
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(duration);
  return match ? Number(match[1]) * unitMs[match[2] as Unit] : undefined;
}
