// Docs: docs/freshness.md#stale-if-error
import { atOnce, type CallOpts } from './call-opts.ts';
import { type Duration, durationMs } from './duration.ts';
import { invalid, rejectUnknown } from './errors.ts';

/** The long form of `staleIfError`. */
export interface StaleIfError<C, I> {
  /** How long after `ttl`. */
  readonly for: Duration;
  /**
   * Which failures count. `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND` and `BAD_REQUEST` never do.
   * @default those of servers: 5xx codes and TIMEOUT
   */
  readonly when?: (opts: CallOpts<C, I> & { error: unknown; code: string }) => boolean;
}

/** What a policy needs of it. */
export interface Tolerance {
  readonly errorMs: number;
  readonly toleratesError: (opts: CallOpts<any, any> & { error: unknown; code: string }) => boolean;
}

// What says that the caller, or the thing asked for, is at fault: an old answer would hide it.
const neverTolerated = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST']);
// RFC 5861 section 4 names 500, 502, 503 and 504; what a plain function throws has no code.
const serverFailures = new Set([
  '',
  'INTERNAL_SERVER_ERROR',
  'BAD_GATEWAY',
  'SERVICE_UNAVAILABLE',
  'GATEWAY_TIMEOUT',
  'TIMEOUT',
]);

/** Checks the option; nothing is tolerated without it. */
export function resolveStaleIfError(given: Duration | StaleIfError<any, any> | undefined, where: string): Tolerance {
  if (given === undefined) return { errorMs: 0, toleratesError: () => false };
  const options = typeof given === 'object' && given !== null ? given : { for: given };
  rejectUnknown(options, ['for', 'when'], where);
  const { when } = options;
  if (when !== undefined && typeof when !== 'function') throw invalid(`${where}.when`, 'a function', when);
  return {
    errorMs: durationMs(options.for, typeof given === 'object' ? `${where}.for` : where),
    toleratesError(opts) {
      if (neverTolerated.has(opts.code)) return false;
      if (when === undefined) return serverFailures.has(opts.code);
      try {
        return atOnce(when(opts), 'staleIfError.when') === true;
      } catch {
        return false; // the failure itself is the answer, then
      }
    },
  };
}
