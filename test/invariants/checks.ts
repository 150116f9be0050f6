import { type List, parseDictionary, parseList, Token } from 'structured-headers';
import { type Asked, type CacheKind, policyOf } from './caches.ts';
import { specOf } from './shop.ts';
import {
  type Exchange,
  endOf,
  hasCredentials,
  isEveryones,
  isExpired,
  isForNobody,
  isManaged,
  isNoStore,
  membersOf,
  runOf,
} from './truth.ts';

export type Report = (invariant: string, what: string) => void;

const targeted = /^(?:.*cdn-cache-control|surrogate-.*|.*cache-tag)$/;
const onePerField = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/** What holds for every answer to a query, whatever was stored: I3 to I6, I8, and the form of what is sent. */
export function checkReply(exchange: Exchange, asked: Asked, report: Report): void {
  const { reply, get, names } = exchange;
  const { headers, status, body } = reply;
  if (body === '' && status !== 304 && get.method !== 'HEAD') report('I8', `${status} with an empty body`);
  if (get.method === 'HEAD') {
    if (headers.has('etag') || headers.has('cache-control')) report('I1', 'HEAD is described');
    return;
  }
  const directives = checkForm(exchange, report);
  const members = get.stream ? undefined : membersOf(body, names);
  const isFailure =
    status >= 400 || (status !== 304 && !get.stream && !members?.every(({ data }) => data !== undefined));
  if (isFailure || (isForNobody(exchange) && !get.stream)) {
    checkNoStore(exchange, asked, report);
    return;
  }
  if (status === 304) return;
  if (isManaged(exchange) !== headers.has('etag') && !get.own.etag)
    report('I1', `${names} has ${headers.has('etag') ? 'a' : 'no'} tag`);
  // With a Cache-Control of the user's own all is their promise; with a field for CDNs alone, how long those may keep it.
  const { cacheControl, cdnCacheControl } = get.own;
  if (cacheControl !== undefined || (cdnCacheControl !== undefined && !isManaged(exchange))) return;
  checkShared(exchange, asked, report);
  if (members === undefined || !isManaged(exchange)) return;
  const kinds: CacheKind[] = cdnCacheControl === undefined ? targetedKinds(exchange) : [];
  for (const kind of ['browser', 'shared', ...kinds] as const) checkLifetime(kind, exchange, asked, report);
  if (directives.has('immutable') && !names.every((name) => JSON.stringify(specOf(name).http)?.includes('immutable')))
    report('I3', `${names} is immutable`);
}

/**
 * I3 and I6 for what a cache holds once a 304 has come: what the 304 does not say keeps its old value, and counts
 * (RFC 9111 section 3.2).
 */
export function checkMerged(kind: CacheKind, exchange: Exchange, asked: Asked, report: Report): void {
  if (!isManaged(exchange)) return;
  const at: Report = (invariant, what) => report(invariant, `after a 304, ${what}`);
  checkLifetime(kind, exchange, asked, at);
  if (kind === 'browser' || !policyOf(kind, asked, exchange.reply).storable()) return;
  const reasons = reasonsNotToShare(exchange);
  if (reasons.length > 0) at('I6', `${exchange.names} ${reasons.join(', ')} is kept by ${kind}`);
}

/** Who obeys fields of their own; Fastly gets its own where it is named. */
const targetedKinds = ({ config }: Exchange): CacheKind[] =>
  config.cdnTags === 'fastly' ? ['cdn', 'fastly'] : ['cdn'];

/** I4, and what structured fields have to be. */
function checkForm({ reply: { headers }, config, get }: Exchange, report: Report): Map<string, number | boolean> {
  const field = headers.get('cache-control') ?? '';
  const listed = field.split(',').map((one) => one.trim().split('=')[0]);
  if (field !== '' && new Set(listed).size !== listed.length) report('I4', `a directive twice: ${field}`);
  const directives = new Map<string, number | boolean>();
  try {
    for (const [name, [value]] of parseDictionary(field)) directives.set(name, value as number | boolean);
    const cdn = headers.get('cdn-cache-control');
    if (cdn !== null) {
      const parsed = parseDictionary(cdn);
      if (parsed.size !== cdn.split(',').length) report('I4', `a directive twice: ${cdn}`);
      if (!Number.isInteger(parsed.get('max-age')?.[0])) report('I4', `cdn-cache-control: ${cdn}`);
    }
    const cacheStatus = headers.get('cache-status');
    if (cacheStatus !== null) checkCacheStatus(parseList(cacheStatus), report);
    else if (config.cacheStatus !== false && headers.has('etag') && !get.own.etag) report('I4', 'no cache-status');
  } catch (error) {
    report('I4', `${error} in ${JSON.stringify(Object.fromEntries(headers))}`);
  }
  if (directives.has('public') && directives.has('private')) report('I4', field);
  const etag = headers.get('etag');
  if (etag !== null && !onePerField.test(etag)) report('I4', `etag: ${etag}`);
  const age = headers.get('age');
  if (age !== null && !/^\d+$/.test(age)) report('I4', `age: ${age}`);
  const vary = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (new Set(vary).size !== vary.length) report('I4', `vary: ${vary}`);
  return directives;
}

function checkCacheStatus(list: List, report: Report): void {
  const [first, ...others] = list;
  const [name, parameters] = first ?? [];
  if (others.length > 0 || !(name instanceof Token || typeof name === 'string')) report('I4', 'cache-status: members');
  const hit = parameters?.get('hit');
  if ((hit === true) === parameters?.has('fwd')) report('I4', 'cache-status: both or none of hit and fwd');
  if (hit === true && ['stored', 'collapsed', 'fwd-status'].some((one) => parameters?.has(one)))
    report('I4', 'cache-status: of fwd alone');
}

/** I5: nobody keeps what is no success. */
function checkNoStore(exchange: Exchange, asked: Asked, report: Report): void {
  const { reply, names } = exchange;
  const { headers, status } = reply;
  const wrong = [...headers.keys()].filter((name) => targeted.test(name) || name === 'etag' || name === 'age');
  const kinds = (['browser', 'shared', 'careless', ...targetedKinds(exchange)] as const).filter((kind) =>
    policyOf(kind, asked, reply).storable(),
  );
  if (!isNoStore(headers) || wrong.length + kinds.length > 0)
    report('I5', `${status} of ${names}: ${headers.get('cache-control')}, ${wrong}, kept by: ${kinds}`);
}

/** I6, by three readings of the answer: RFC 9111, RFC 9213, and caches that know neither Vary nor Authorization. */
function checkShared(exchange: Exchange, asked: Asked, report: Report): void {
  const { reply, names, get } = exchange;
  const { headers } = reply;
  const fields = [...headers.keys()].filter((name) => targeted.test(name));
  // Where the library says nothing, a tag of the user's own is as it would be without the library.
  const isTagged = headers.has('etag') && (isManaged(exchange) || !get.own.etag);
  const isSaid = headers.has('cache-control') || isTagged || fields.length > 0;
  const kinds = ['shared', 'careless', ...targetedKinds(exchange)] as const;
  const isStored = kinds.some((kind) => policyOf(kind, asked, reply).storable());
  if (!((isSaid && isStored && get.method === 'GET') || fields.length > 0)) return;
  const reasons = reasonsNotToShare(exchange);
  if (reasons.length > 0) report('I6', `${names} ${reasons.join(', ')}: ${headers.get('cache-control')} ${fields}`);
}

const reasonsNotToShare = (exchange: Exchange): string[] => [
  ...(isEveryones(exchange) ? [] : ['not of everyone']),
  ...(isManaged(exchange) ? [] : ['not ours to describe']),
  ...(exchange.reply.headers.getSetCookie().length > 0 ? ['sets a cookie'] : []),
  ...(hasCredentials(exchange) ? ['had credentials'] : []),
];

// RFC 9111 sections 4.2.4 and 5.2.2.10; and what has no lifetime left is stale already.
const forbidsStale = /(?:^|, )(?:no-cache|must-revalidate|proxy-revalidate|s-maxage=\d+|max-age=0)(?:,|$)/;

const fieldOf = { cdn: 'cdn-cache-control', fastly: 'surrogate-control' } as const;

/** I3, for a browser, a shared cache, or one that obeys a field of its own. */
function checkLifetime(kind: CacheKind, { reply, names, shop, now }: Exchange, asked: Asked, report: Report): void {
  const runs = membersOf(reply.body, names)?.flatMap((member) => runOf(member, shop) ?? []) ?? [];
  const ends = runs.map((run) => {
    const { freshUntil, staleUntil } = endOf(run);
    const isStale = freshUntil <= now || isExpired(run, shop);
    return { left: isStale ? 0 : freshUntil - now, window: isStale ? 0 : staleUntil - now };
  });
  const left = Math.min(...ends.map((end) => end.left)) / 1_000;
  const window = Math.min(...ends.map((end) => end.window)) / 1_000;
  const policy = policyOf(kind, { ...asked, headers: {} }, reply);
  const life = policy.maxAge() - policy.age();
  const own = kind === 'cdn' || kind === 'fastly' ? reply.headers.get(fieldOf[kind]) : null;
  const field = own ?? reply.headers.get('cache-control');
  const stale = Number(/stale-while-revalidate=(\d+)/.exec(field ?? '')?.[1] ?? 0);
  const said = `${names}: ${field}, age ${reply.headers.get('age')}, ${left} s left, ${window} s with its window`;
  if (life > left) report('I3', `${kind}, ${said}`);
  if (stale > 0 && life + stale > window) report('I3', `${kind} with its window, ${said}`);
  if (stale > 0 && forbidsStale.test(field ?? '')) report('I3', `stale-* beside what forbids it, ${said}`);
}

/** What was removed is never sent again by the server. */
export function checkRemoved({ reply, names, shop }: Exchange, report: Report): void {
  for (const member of membersOf(reply.body, names) ?? []) {
    const run = member.data?.run === undefined ? undefined : runOf(member, shop);
    if (run !== undefined && run.order < shop.removed()) report('law 1', `${member.name} from before it was removed`);
  }
}

/** Nobody gets what was computed for another user. */
export function checkOwner(body: string, { names, get }: Pick<Exchange, 'names' | 'get'>, report: Report): void {
  for (const { name, data } of membersOf(body, names) ?? [])
    if (data !== undefined && !specOf(name).isPublic && data.for !== get.user)
      report('leak', `${name} of ${data.for} to ${get.user}`);
}

/** What a cache gives without asking was not older than its author promised. */
export function checkServed(
  body: string,
  { names, shop, now }: Omit<Exchange, 'reply'>,
  isWindow: boolean,
  report: Report,
): void {
  for (const member of membersOf(body, names) ?? []) {
    const run = runOf(member, shop);
    if (run === undefined) continue;
    const { freshUntil, staleUntil } = endOf(run);
    const until = isWindow ? staleUntil : freshUntil;
    if (now > until) report('I3', `a cache gave ${member.name} ${now - until} ms too late`);
  }
}

const ofTheBody = /^content-(?:type|length|encoding|language)$|^transfer-encoding$/;

/** I2: a 304 has every header that the 200 would have had. */
export function checkNotModified(whole: Headers, { headers }: { readonly headers: Headers }, report: Report): void {
  const expected = [...whole].filter(([name]) => !ofTheBody.test(name));
  const given = [...headers].filter(([name]) => !ofTheBody.test(name));
  // Said also when it is 0, where a missing field would keep the old value (RFC 9111 section 3.2).
  const text = (all: [string, string][]) => JSON.stringify(all.filter((one) => one.join() !== 'age,0'));
  if (text(expected) !== text(given)) report('I2', `${text(given)} in place of ${text(expected)}`);
}
