// Docs: docs/http.md
import { type Entry, isOutdated, wireOf } from '../entry.ts';
import { randomId } from '../epochs.ts';
import type { Emitter } from '../events.ts';
import type { Exact } from '../exact.ts';
import {
  cacheControlHeaders,
  combineLifetimes,
  type Lifetime,
  remainingSeconds,
  withAge,
  withdrawLifetimes,
  withdrawShared,
} from '../http/cache-control.ts';
import { type CallStatus, cacheStatus } from '../http/cache-status.ts';
import { namedTag, responseEtag } from '../http/etag.ts';
import { xCache } from '../http/status.ts';
import type { GetRawInput, Outcome, RequestFacts } from './calls.ts';
import type { Splices } from './fetch.ts';
import {
  type ComposedHeaders,
  composeHeaders,
  type HeaderSource,
  type OuterResponse,
  outerResponse,
} from './headers.ts';
import { requestOf } from './requests.ts';
import { probe, type ResponseItem, sendNothing, sendWire } from './response.ts';
import { sharedTags, tagged } from './tagged.ts';
import { tellWriter, type WriterParts } from './writer.ts';

/** One call of a request, as tRPC tells of it. */
interface RequestInfo {
  readonly isBatchCall?: boolean;
  readonly accept?: string | null;
  readonly calls: readonly { readonly path: string; readonly getRawInput: GetRawInput }[];
  readonly connectionParams?: unknown;
}

/** What tRPC hands to `responseMeta`. */
export interface MetaOpts {
  readonly data: ResponseItem[];
  readonly errors: readonly unknown[];
  readonly info?: RequestInfo;
  readonly eagerGeneration?: boolean;
  readonly type: string;
}

/** What `responseMeta` returns. */
export interface Meta {
  status?: number;
  headers?: HeaderSource;
}

/** What is known of the request when its response is described. */
interface Exchange {
  readonly request: RequestFacts;
  readonly outer: OuterResponse;
  /** To be called when the response is described, if its client wrote a moment ago. */
  readonly end: (() => void) | undefined;
  /** Set where the fetch wrapper stands around. */
  readonly splices: Splices | undefined;
}

/** What the HTTP layer needs of its cache. */
export interface HttpParts extends WriterParts {
  readonly exact: Exact;
  /** By the request that the fetch wrapper was called with. */
  readonly splices: WeakMap<object, Splices>;
  readonly emitter: Emitter;
  /** Part of every tag: what else decides how an output becomes bytes. */
  readonly salt: string;
  /** Whether the router serializes outputs with this codec. */
  readonly speaks: (codecId: Outcome['codec']) => boolean;
}

/** The two hooks that `cache.http` puts around the user's own. */
export interface Hooks {
  readonly enter: (given: unknown) => void;
  readonly leave: (meta: MetaOpts, user: Meta) => Meta;
}

let probed: boolean | undefined;

/** Reads the request on the way in, describes the response on the way out. */
export function createHooks(parts: HttpParts): Hooks {
  const exchanges = new WeakMap<object, Exchange>();
  return {
    enter(given) {
      const { info } = (given ?? {}) as { info?: RequestInfo };
      const shown = requestOf(given);
      if (info?.calls === undefined || shown === undefined) return;
      const exact = parts.options.readYourWritesMs > 0 && wroteLately.test(shown.header('cookie') ?? '');
      const request = { ...shown, exact };
      const { req } = given as { req?: object };
      const splices = req && parts.splices.get(req);
      const end = exact ? parts.exact.begin() : undefined;
      exchanges.set(info, { request, outer: outerResponse(given), end, splices });
      for (const call of info.calls) parts.calls.of(call.getRawInput).request = request;
    },
    leave(meta, given) {
      const exchange = meta.info && exchanges.get(meta.info);
      const outer = exchange?.outer ?? outerResponse(undefined);
      const user = tellWriter(meta, given, outer, parts);
      // Streams send their headers before any procedure has run (eager): there is nothing true to say.
      if (meta.eagerGeneration === true) return user;
      exchange?.end?.();
      if (meta.errors.length > 0) return failed(user, outer);
      if (meta.type !== 'query' || meta.info === undefined || exchange === undefined) return user;
      return describe(meta, meta.info, exchange, user, parts);
    },
  };
}

const wroteLately = /(?:^|;\s*)trpc-cached-exact=1(?:;|$)/;

/** Errors are stored by nobody: 404, 405 and others are cacheable by heuristics (RFC 9110 section 15.1). */
function failed(user: Meta, outer: OuterResponse): Meta {
  const headers = composeHeaders(user.headers, outer);
  refuse(headers);
  return { ...user, headers: headers.done() };
}

const described = ['etag', 'age'];
const targeted = ['cdn-cache-control', 'cloudflare-cdn-cache-control', 'vercel-cdn-cache-control', 'surrogate-control'];
const cdnTags = ['cache-tag', 'edge-cache-tag', 'vercel-cache-tag', 'surrogate-key'];

/** `no-store`, and nothing beside it: a CDN obeys the fields meant for it over `no-store` (RFC 9213 section 2.2). */
function refuse(headers: ComposedHeaders): void {
  for (const name of [...described, ...targeted, ...cdnTags]) headers.remove(name);
  headers.replace('cache-control', 'no-store');
}

function describe(meta: MetaOpts, info: RequestInfo, exchange: Exchange, user: Meta, parts: HttpParts): Meta {
  const { request, outer, splices } = exchange;
  const outcomes = info.calls.map((call) => ours(parts.calls.find(call.getRawInput)?.outcome));
  if (outcomes.every((outcome) => outcome === undefined)) return user;

  const headers = composeHeaders(user.headers, outer);
  const now = Date.now();
  const { options } = parts;
  const { statusHeader } = options;
  if (statusHeader !== false) headers.add(statusHeader, xCache(outcomes.map((outcome) => outcome?.status ?? 'bypass')));
  // Appended: caches nearer to the origin come first (RFC 9211 section 2).
  if (options.cacheStatus !== false) {
    headers.add(
      'cache-status',
      cacheStatus(
        options.cacheStatus,
        outcomes.map((outcome) => statusOf(outcome, now)),
      ),
    );
  }
  const done = (status?: number): Meta => ({
    ...user,
    ...(status !== undefined && { status }),
    headers: headers.done(),
  });

  if (outcomes.some((outcome) => outcome?.noStore === true)) {
    refuse(headers);
    return done();
  }
  // POST is never 304 (RFC 9110 section 9.3.3); another status says something that only the user knows.
  if (request.method !== 'GET' || (user.status ?? 200) !== 200 || outer.status() !== 200) return done();
  const members = outcomes.flatMap((outcome, index) => describable(outcome, meta.data[index], splices, parts) ?? []);
  if (members.length !== info.calls.length || !(probed ??= probe())) return done();

  const tags = options.cdnTags.length > 0 ? sharedTags(members) : [];
  const etag =
    headers.get('etag') ??
    responseEtag({
      strong: options.strongEtag,
      // Some CDNs take no new tags from a 304: with other tags it is another response.
      salt: tags.length === 0 ? parts.salt : JSON.stringify([parts.salt, ...tags]),
      batch: info.isBatchCall === true,
      calls: members.map(({ tag }, index) => ({ path: info.calls[index]?.path ?? '', tag })),
    });
  headers.replace('etag', etag);
  headers.vary(members.flatMap(({ policy }) => policy.vary));
  const named = namedTag(request.header('if-none-match'), etag, options.encodingSuffixes);
  if (headers.get('cache-control') === null) {
    if (splices !== undefined) splices.isOurs = true;
    let lifetime = combineLifetimes(members.map((member) => lifetimeOf(member, now)));
    // Vary cannot keep users apart at every cache; `private` can (http-cases Q5).
    if (hasCredentials(request, info) && !options.allowAuthorization) lifetime = withdrawShared(lifetime);
    if (headers.get('set-cookie') !== null) lifetime = withdrawLifetimes(lifetime);
    lifetime = tagged(lifetime, tags, options.cdnTags, headers, parts.emitter);
    if (options.age) {
      const seconds = Math.max(...members.map(({ storedAt }) => Math.max(0, Math.floor((now - storedAt) / 1_000))));
      lifetime = withAge(lifetime, seconds);
      // What a 304 does not say keeps its old value (RFC 9111 section 3.2), so there it is said also when it is 0.
      if (seconds > 0 || named !== undefined) headers.replace('age', String(seconds));
    }
    // A field for CDNs of the user's own is their promise, too: beside ours it would be read differently by each.
    for (const [name, value] of Object.entries(cacheControlHeaders(lifetime)))
      if (headers.get(name) === null) headers.add(name, value);
  }
  if (named !== undefined) {
    // Renamed by a server below, which knows it by that name alone.
    if (!named.endsWith(etag.replace(/^W\//, ''))) headers.replace('etag', named);
    sendNothing(meta.data, info.isBatchCall === true);
    return done(304);
  }
  members.forEach(({ entry, wire }, index) => {
    sendWire(meta.data[index] as ResponseItem, splices && isText(entry) ? spliceOf(entry, splices) : wire);
  });
  return done();
}

/** How a call was answered, for `Cache-Status`; one that is not ours went by the cache. */
function statusOf(outcome: Outcome | undefined, now: number): CallStatus {
  if (outcome === undefined) return { status: 'bypass' };
  const { status, entry, coalesced, stored, refused } = outcome;
  return {
    status,
    ...(entry !== undefined && { leftMs: entry.freshUntil - now }),
    ...(coalesced === true && { coalesced }),
    ...(stored === true && { stored }),
    ...(refused === true && { refused }),
  };
}

/** A query with `http: false` is as one that is not cached. */
const ours = (outcome: Outcome | undefined): Outcome | undefined =>
  outcome?.policy?.http === false ? undefined : outcome;

interface Described extends Required<Pick<Outcome, 'tag' | 'policy'>> {
  readonly entry: Entry;
  readonly storedAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly wire: unknown;
}

/** The parts of an outcome, if the very value that `cached` returned is about to be sent, and as the cache encoded it. */
function describable(
  outcome: Outcome | undefined,
  item: ResponseItem | undefined,
  splices: Splices | undefined,
  { speaks }: HttpParts,
): Described | undefined {
  if (outcome === undefined || item?.result === undefined || !speaks(outcome.codec)) return undefined;
  const { entry, tag, policy } = outcome;
  if (entry === undefined || tag === undefined || policy === undefined) return undefined;
  if (!Object.is(item.result.data, outcome.value)) return undefined;
  try {
    if (outcome.isIntact?.() !== true) return undefined;
    // What is served stale promises nothing (RFC 5861 section 3), also when it was expired before its time.
    // Nor does what the store refused, because it was invalidated meanwhile: no purge to come would take it back.
    const isStale = outcome.status === 'stale' || isOutdated(entry);
    const freshUntil = isStale ? 0 : entry.freshUntil;
    const staleUntil = isStale ? 0 : (entry.staleUntil ?? 0);
    return {
      entry,
      tag,
      policy,
      storedAt: entry.storedAt,
      freshUntil,
      staleUntil,
      wire: splices && isText(entry) ? undefined : wireOf(entry),
    };
  } catch {
    return undefined; // what the store gave for the wire form is no JSON: the output itself is good
  }
}

/** Whether the stored text can go into a body as it is: it was decoded for this very call, so it is JSON. */
const isText = ({ body }: Entry): boolean => body.plain === undefined && body.text !== '';

/** A word that stands for the stored text until the body is written: nobody can guess it, and nothing is parsed. */
function spliceOf({ body }: Entry, { texts }: Splices): string {
  const word = `trpc-cached:${randomId()}:${texts.size}`;
  texts.set(word, body.text);
  return word;
}

function lifetimeOf({ policy: { scope, http }, freshUntil, staleUntil }: Described, now: number): Lifetime {
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

/** A token in the URL is a credential too: tRPC reads `connectionParams` for queries. */
function hasCredentials(request: RequestFacts, info: RequestInfo): boolean {
  return (
    request.header('authorization') !== null || (info.connectionParams !== null && info.connectionParams !== undefined)
  );
}
