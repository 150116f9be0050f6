// Docs: docs/http.md#cache-status
/** How one call was answered, for `Cache-Status`. */
export interface CallStatus {
  readonly status: 'hit' | 'stale' | 'miss' | 'bypass';
  /** Milliseconds for which the stored answer stays fresh; negative once it is stale. */
  readonly leftMs?: number;
  /** A stale answer was not at once at hand: it stands in for a run that failed. */
  readonly forwarded?: boolean;
  /** It shared the run of another caller. */
  readonly coalesced?: boolean;
  /** Its answer goes into the store. */
  readonly stored?: boolean;
  /** Something was stored, and the request did not want it. */
  readonly refused?: boolean;
}

/**
 * The member of `Cache-Status` for a response (RFC 9211 §2): one for the cache, not one per call. A response is a hit when all
 * of its calls are, with the time to live of the one that ends first; else it says why it went on to a procedure. There is no
 * `key`: it would tell what is in it (§6).
 *
 * @param name a token or any printable text, which becomes a String (RFC 9651 §3.3.3).
 * @param calls one per call, at least one.
 * @example
 * cacheStatus('trpc-cached', [{ status: 'hit', leftMs: 40_000 }]); // 'trpc-cached; hit; ttl=40'
 */
export function cacheStatus(name: string, calls: readonly CallStatus[]): string {
  const parameters = [isToken.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`];
  const isHit = ({ status, forwarded }: CallStatus) => status === 'hit' || (status === 'stale' && forwarded !== true);
  const missed = calls.filter((call) => !isHit(call));
  if (missed.length === 0) {
    const left = Math.min(...calls.map(({ leftMs = 0 }) => leftMs));
    return [...parameters, 'hit', `ttl=${bounded(left / 1_000)}`].join('; ');
  }
  parameters.push(`fwd=${reasonOf(missed)}`);
  if (missed.every(({ stored }) => stored === true)) parameters.push('stored');
  if (missed.every(({ coalesced }) => coalesced === true)) parameters.push('collapsed');
  return parameters.join('; ');
}

// A token begins with a letter or `*` (RFC 9651 §3.3.4).
const isToken = /^[A-Za-z*][!#$%&'*+\-.^_`|~:/\w]*$/;

/** The reason that says most: a bypass cannot be cured by waiting, a refusal is the request's own, and a miss had nothing. */
function reasonOf(missed: readonly CallStatus[]): string {
  if (missed.some(({ status }) => status === 'bypass')) return 'bypass';
  if (missed.some(({ refused }) => refused === true)) return 'request';
  return missed.some(({ status }) => status === 'miss') ? 'miss' : 'stale';
}

// An Integer of a structured field has at most 15 digits (RFC 9651 §3.3.1). Rounded down: what is over is over.
const bounded = (seconds: number): number =>
  Math.max(-999_999_999_999_999, Math.min(999_999_999_999_999, Math.floor(seconds)));
