// Docs: docs/http.md#request-directives
/** What the directives of a request ask of a cache (RFC 9111 §5.2.1); nothing where they ask for nothing. */
export interface Demand {
  /** Nothing stored will do: run again. */
  readonly noCache: boolean;
  /** Nothing may be stored of the answer. */
  readonly noStore: boolean;
  /** Nothing will do but what is stored. */
  readonly onlyIfCached: boolean;
  /** The most seconds since it was stored. */
  readonly maxAge: number | undefined;
  /** The least seconds for which it must stay fresh. */
  readonly minFresh: number | undefined;
  /** The most seconds since it expired; without a number any. */
  readonly maxStale: number | undefined;
}

/**
 * Reads `Cache-Control`, or `Pragma: no-cache` where there is none (RFC 9111 §5.4). Unknown directives, and numbers that are
 * none, are ignored; of one that comes twice the stricter counts. One pass, linear in the header's length.
 *
 * @returns `undefined` when nothing is asked for.
 * @example
 * demandOf('max-age=0, only-if-cached', null)?.maxAge; // 0
 */
export function demandOf(cacheControl: string | null, pragma: string | null): Demand | undefined {
  const flags = new Set<string>();
  const seconds = new Map<string, number>();
  for (const member of (cacheControl ?? '').split(',')) {
    const [name = '', value] = member.split('=', 2).map((part) => part.trim().toLowerCase());
    if (name === 'max-stale' && value === undefined) seconds.set(name, Number.POSITIVE_INFINITY);
    else if (timed.has(name)) note(seconds, name, value);
    else if (plain.has(name)) flags.add(name);
  }
  if (cacheControl === null && /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma ?? '')) flags.add('no-cache');
  if (flags.size === 0 && seconds.size === 0) return undefined;
  return {
    noCache: flags.has('no-cache'),
    noStore: flags.has('no-store'),
    onlyIfCached: flags.has('only-if-cached'),
    maxAge: seconds.get('max-age'),
    minFresh: seconds.get('min-fresh'),
    maxStale: seconds.get('max-stale'),
  };
}

const plain = new Set(['no-cache', 'no-store', 'only-if-cached']);
const timed = new Set(['max-age', 'min-fresh', 'max-stale']);

function note(seconds: Map<string, number>, name: string, value: string | undefined): void {
  // A recipient should take the quoted form, too (RFC 9111 §5.2).
  const digits = /^(?:"(\d+)"|(\d+))$/.exec(value ?? '');
  if (digits === null) return;
  const given = Number(digits[1] ?? digits[2]);
  const known = seconds.get(name);
  const stricter = name === 'min-fresh' ? Math.max : Math.min;
  seconds.set(name, known === undefined ? given : stricter(known, given));
}

/** When something was stored, and until when it is fresh, in milliseconds of the wall clock. */
export interface Aged {
  readonly storedAt: number;
  readonly freshUntil: number;
}

/**
 * Whether something stored will do (RFC 9111 §5.2.1): not too old, fresh for long enough, or stale for not too long. An entry
 * that is stale by the server's own windows is no matter of `max-stale`, and must not be too old either.
 *
 * @example
 * satisfies({ storedAt: 0, freshUntil: 60_000 }, demandOf('max-age=10', null), 20_000); // false
 */
export function satisfies({ storedAt, freshUntil }: Aged, demand: Demand | undefined, now: number): boolean {
  if (demand === undefined) return true;
  if (demand.noCache) return false;
  const stale = Math.max(0, now - freshUntil) / 1_000;
  if (demand.minFresh !== undefined && freshUntil - now < demand.minFresh * 1_000) return false;
  const extra = stale > 0 ? (demand.maxStale ?? 0) : 0;
  return demand.maxAge === undefined || now - storedAt <= (demand.maxAge + extra) * 1_000;
}
