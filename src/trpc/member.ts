// Docs: docs/http.md
import { wireText } from '../codec.ts';
import { type Entry, isOutdated, isReadable, wireBytesOf, wireOf } from '../entry.ts';
import { type Lifetime, remainingSeconds } from '../http/cache-control.ts';
import type { Outcome } from './calls.ts';
import type { Splices } from './fetch.ts';
import { type ResponseItem, sendWire } from './response.ts';

/** A call of a response whose answer may be described: it is sent as the cache has it. */
export interface Member extends Required<Pick<Outcome, 'policy'>> {
  readonly tag: string;
  readonly entry: Entry;
  readonly storedAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
}

/** The call as a member, if the very value that `cached` returned is about to be sent, and as the cache encoded it. */
export function memberOf(
  outcome: Outcome | undefined,
  item: ResponseItem | undefined,
  splices: Splices | undefined,
  speaks: (codec: Outcome['codec']) => boolean,
): Member | undefined {
  if (outcome === undefined || item?.result === undefined || !speaks(outcome.codec)) return undefined;
  const { entry, tag, policy, returned } = outcome;
  if (entry === undefined || tag === undefined || policy === undefined || returned === undefined) return undefined;
  if (!Object.is(item.result.data, returned.value)) return undefined;
  try {
    if (!returned.isIntact()) return undefined;
    const isSpliced = splices !== undefined && isText(entry);
    if (!isSpliced && !isReadable(entry)) wireOf(entry);
    // What is served stale promises nothing (RFC 5861 section 3), also when it was expired before its time.
    // Nor does what the store refused, because it was invalidated meanwhile: no purge to come would take it back.
    const isStale = outcome.status === 'stale' || isOutdated(entry);
    return {
      entry,
      tag,
      policy,
      storedAt: entry.storedAt,
      freshUntil: isStale ? 0 : entry.freshUntil,
      staleUntil: isStale ? 0 : (entry.staleUntil ?? 0),
    };
  } catch {
    return undefined; // what the store gave for the wire form is no JSON: the output itself is good
  }
}

/** What a member allows caches to do now. */
export function lifetimeOf({ policy: { scope, http }, freshUntil, staleUntil }: Member, now: number): Lifetime {
  const left = (configured: number | undefined, from = now, until = freshUntil) =>
    configured === undefined ? undefined : remainingSeconds(configured, until, from);
  if (http === false) return { shared: false, browserSeconds: undefined, cdnSeconds: undefined };
  // The window of the entry, shared with everybody downstream: it begins where its freshness ends.
  const staleSeconds = left(http.staleMs, Math.max(now, freshUntil), staleUntil);
  return {
    shared: scope === 'public',
    browserSeconds: left(http.browserMs),
    cdnSeconds: left(http.cdnMs),
    ...(staleSeconds && { staleSeconds }),
    immutable: http.immutable,
  };
}

/** Whole seconds since the oldest of the answers was stored. */
export const ageOf = (members: readonly Member[], now: number): number =>
  Math.max(...members.map(({ storedAt }) => Math.max(0, Math.floor((now - storedAt) / 1_000))));

/** Sends the stored form of an answer in place of its output: as text where the fetch wrapper can put it in. */
export function sendStored(item: ResponseItem, { entry }: Member, splices: Splices | undefined): void {
  sendWire(item, splices && isText(entry) ? spliceOf(entry, splices) : wireOf(entry));
}

/** Whether there is a stored text that can go into a body as it is; its frame vouches for it. */
const isText = ({ body }: Entry): boolean => wireText(body) !== '';

/** A word that stands for the stored text until the body is written: nobody outside can know it, and nothing is parsed. */
function spliceOf(entry: Entry, { bodies, word: of }: Splices): string {
  const word = `${of}:${bodies.size}`;
  bodies.set(word, wireBytesOf(entry));
  return word;
}
