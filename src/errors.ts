// Docs: docs/errors.md
/** What a {@link CacheError} is about; stable, for `switch` and for looking it up in docs/errors.md. */
export type CacheErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_DURATION'
  | 'INVALID_TARGET'
  | 'UNKNOWN_PATH'
  | 'ROUTER_CONFLICT'
  | 'NOT_ACKNOWLEDGED'
  | 'STORE'
  | 'PUBLIC_READS_USER';

/**
 * Every error this library throws. The message names the option, what was received and what to write instead.
 *
 * @example
 * ```ts
 * import { CacheError, createCache } from 'trpc-cached';
 *
 * try {
 *   createCache({ scope: 'public', defaults: { ttl: '1m' } });
 * } catch (error) {
 *   if (error instanceof CacheError) console.error(error.code);
 * }
 * ```
 */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  /** The stable identifier of the mistake. */
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A value as an error message shows it: short, never throwing, never a whole payload. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}…` : JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no keys'}`;
}

/** The error for an option of the wrong kind. */
export function invalid(option: string, expected: string, received: unknown): CacheError {
  return new CacheError('INVALID_OPTION', `${option}: expected ${expected}, received ${shown(received)}.`);
}

/** Throws unless a bound is a whole number above zero. */
export function checkBound(value: number, option: string): void {
  if (!Number.isInteger(value) || value < 1) throw invalid(option, 'a whole number above zero', value);
}

/** Throws when an options object holds a key that nobody reads: a typo must not turn a safeguard off. */
export function rejectUnknown(options: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new CacheError(
      'INVALID_OPTION',
      `${where}: unknown option ${shown(name)}. Known options: ${known.join(', ')}.`,
    );
  }
}
