// Docs: docs/http.md
import { standsIn } from '../call.ts';
import {
  cacheControlHeaders,
  combineLifetimes,
  type Lifetime,
  withAge,
  withdrawLifetimes,
  withdrawShared,
} from '../http/cache-control.ts';
import { type CallStatus, cacheStatus } from '../http/cache-status.ts';
import { sharedFields, targetedFields } from '../http/cdn-fields.ts';
import { namedTag } from '../http/etag.ts';
import { xCache } from '../http/status.ts';
import type { HttpSettings } from '../http-options.ts';
import type { Exchange, Outcome, RequestFacts } from './calls.ts';
import type { HttpParts, Meta, MetaOpts, RequestInfo } from './exchange.ts';
import { type ComposedHeaders, composeHeaders } from './headers.ts';
import { ageOf, lifetimeOf, memberOf, sendStored } from './member.ts';
import { refuse } from './refusal.ts';
import { probe, type ResponseItem, sendNothing } from './response.ts';
import { tagOfResponse } from './response-tag.ts';
import { sharedTags, tagged } from './tagged.ts';

let probed: boolean | undefined;

/** Says of a response to queries how it was answered, what it is known by, and who may keep it for how long. */
export function describe(meta: MetaOpts, info: RequestInfo, exchange: Exchange, user: Meta, parts: HttpParts): Meta {
  const { request, outer, splices } = exchange;
  const { options } = parts;
  const outcomes = info.calls.map((call) => ours(parts.calls.find(call.getRawInput)?.outcome));
  if (outcomes.every((outcome) => outcome === undefined)) return user;

  const headers = composeHeaders(user.headers, outer);
  const now = Date.now();
  sayHow(outcomes, headers, now, options);
  if (outcomes.some((outcome) => outcome?.noStore === true)) {
    refuse(headers, options);
    return { ...user, headers: headers.done() };
  }
  // POST is never 304 (RFC 9110 section 9.3.3); another status says something that only the user knows.
  const isPlain = request.method === 'GET' && (user.status ?? 200) === 200 && outer.status() === 200;
  const members = isPlain
    ? outcomes.flatMap((outcome, index) => memberOf(outcome, meta.data[index], splices, parts.speaks) ?? [])
    : [];
  if (members.length !== info.calls.length || !(probed ??= probe())) return { ...user, headers: headers.done() };

  const ownEtag = headers.get('etag');
  const isOurs = headers.get('cache-control') === null;
  const allowed = combineLifetimes(members.map((member) => lifetimeOf(member, now)));
  // Under a tag of the user's own, CDNs may hold what this very response is none of: then a 304 would be wrong.
  const mayBeHeld = ownEtag !== null && allowed.shared && (allowed.cdnSeconds !== undefined || isTargeted(headers));
  const tags = isOurs && options.cdnTags.length > 0 ? sharedTags(members) : [];
  const age = isOurs && options.age ? ageOf(members, now) : undefined;
  const isPrivate = isOurs && !sayLifetimes(allowed, tags, age, headers, hasCredentials(request, info), parts).shared;
  const isForCdns = !isPrivate && isTargeted(headers);
  if (splices !== undefined) {
    splices.isOurs = isOurs;
    splices.isForCdns = isOurs && isForCdns;
  }

  const etag =
    ownEtag ??
    tagOfResponse(
      {
        strong: options.strongEtag,
        // A 304 brings up to date what a cache has, and what it does not say keeps its old value (RFC 9111 section 3.2): so a
        // response that CDNs may keep, and one that they may not, are different ones; so are those with other tags.
        salt: isForCdns ? JSON.stringify([parts.salt, options.cdnTags, tags]) : parts.salt,
        batch: info.isBatchCall === true,
        calls: members.map(({ tag }, index) => ({ path: info.calls[index]?.path ?? '', tag })),
      },
      members.map(({ entry }) => entry),
    );
  headers.replace('etag', etag);
  const vary = members.flatMap(({ policy }) => policy.vary);
  const named = namedTag(request.header('if-none-match'), etag, options.encodingSuffixes);
  if (named !== undefined && (isForCdns || !mayBeHeld)) {
    // Said also when it is 0, for the same reason.
    if (age !== undefined) headers.replace('age', String(age));
    // Renamed by a server below, which knows it by that name alone.
    if (!named.endsWith(etag.replace(/^W\//, ''))) headers.replace('etag', named);
    sendNothing(meta.data, info.isBatchCall === true);
    return { ...user, status: 304, headers: headers.done(vary) };
  }
  if (age) headers.replace('age', String(age));
  members.forEach((member, index) => {
    sendStored(meta.data[index] as ResponseItem, member, splices);
  });
  return { ...user, headers: headers.done(vary) };
}

/** A query with `http: false` is as one that is not cached. */
const ours = (outcome: Outcome | undefined): Outcome | undefined =>
  outcome?.policy?.http === false ? undefined : outcome;

/** `x-cache` and `Cache-Status`, each behind what caches nearer to the origin said (RFC 9211 section 2). */
function sayHow(
  outcomes: readonly (Outcome | undefined)[],
  headers: ComposedHeaders,
  now: number,
  { statusHeader, cacheStatus: name }: HttpSettings,
): void {
  if (statusHeader !== false) headers.add(statusHeader, xCache(outcomes.map((outcome) => outcome?.status ?? 'bypass')));
  if (name === false) return;
  headers.add(
    'cache-status',
    cacheStatus(
      name,
      outcomes.map((outcome) => statusOf(outcome, now)),
    ),
  );
}

/** How a call was answered, for `Cache-Status`; one that is not ours went by the cache. */
function statusOf(outcome: Outcome | undefined, now: number): CallStatus {
  if (outcome === undefined) return { status: 'bypass' };
  const { status, entry, coalesced, stored, refused } = outcome;
  return {
    status,
    ...(entry !== undefined && { leftMs: entry.freshUntil - now, forwarded: standsIn(entry) }),
    ...(coalesced === true && { coalesced }),
    ...(stored === true && { stored }),
    ...(refused === true && { refused }),
  };
}

/** Says who may keep a response for how long, and takes away what would let anybody else. */
function sayLifetimes(
  allowed: Lifetime,
  tags: readonly string[],
  age: number | undefined,
  headers: ComposedHeaders,
  isCredited: boolean,
  { options, emitter }: HttpParts,
): Lifetime {
  let lifetime = allowed;
  // Vary cannot keep users apart at every cache; `private` can.
  if (isCredited && !options.allowAuthorization) lifetime = withdrawShared(lifetime);
  if (headers.get('set-cookie') !== null) lifetime = withdrawLifetimes(lifetime);
  lifetime = tagged(lifetime, tags, options.cdnTags, headers, emitter);
  // A CDN would obey a field of its own over `private`, whoever set it.
  if (!lifetime.shared) for (const name of sharedFields) headers.remove(name);
  if (age !== undefined) lifetime = withAge(lifetime, age);
  // What the user tells CDNs is their promise: beside ours it would be read differently by each.
  for (const [name, value] of Object.entries(cacheControlHeaders(lifetime)))
    if (headers.get(name) === null) headers.add(name, value);
  // Fastly reads no CDN-Cache-Control.
  const forCdns = options.cdnTags.includes('fastly') ? headers.get('cdn-cache-control') : null;
  if (forCdns !== null && headers.get('surrogate-control') === null) headers.add('surrogate-control', forCdns);
  return lifetime;
}

const isTargeted = (headers: ComposedHeaders): boolean => targetedFields.some((name) => headers.get(name) !== null);

/** A token in the URL is a credential too: tRPC reads `connectionParams` for queries. */
function hasCredentials(request: RequestFacts, info: RequestInfo): boolean {
  return (
    request.header('authorization') !== null || (info.connectionParams !== null && info.connectionParams !== undefined)
  );
}
