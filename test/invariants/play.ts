import type { Bug } from './bugs.ts';
import { type Asked, openCache, type SimulatedCache } from './caches.ts';
import {
  checkMerged,
  checkNotModified,
  checkOwner,
  checkRemoved,
  checkReply,
  checkServed,
  type Report,
} from './checks.ts';
import { fieldOf, names as isNamed } from './conditional.ts';
import { openShop, type QueryName, type Reply } from './shop.ts';
import type { Get, Sequence } from './steps.ts';
import { type Exchange, isForCdns, isHeldOtherwise, isLate, isManaged, isNoStore, membersOf } from './truth.ts';

/** How often each kind of thing happened. */
export type Tally = Record<string, number>;

let wall = 0;

/** Runs work with a wall clock that stands still. */
export async function withWall<T>(work: () => Promise<T>): Promise<T> {
  const real = Date.now;
  Date.now = () => wall;
  try {
    return await work();
  } finally {
    Date.now = real;
  }
}

const origin = 'http://shop.test/trpc';
const start = Date.UTC(2026, 0, 1);

function urlOf(names: readonly QueryName[], isBatch: boolean, { user, by }: Get): string {
  const query = new URLSearchParams({
    ...(isBatch && { batch: '1', input: '{}' }),
    ...(user !== null && by === 'params' && { connectionParams: JSON.stringify({ token: user }) }),
  });
  return `${origin}/${names.join()}?${query}`;
}

function headersOf({ user, by, stream, language, directive, wrote, own }: Get): Record<string, string> {
  const cookies = [
    ...(user !== null && by === 'cookie' ? [`user=${user}`] : []),
    ...(wrote ? ['trpc-cached-exact=1'] : []),
  ];
  return {
    'accept-language': language,
    'x-own': JSON.stringify(own),
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
    ...(user !== null && by === 'authorization' && { authorization: `Bearer ${user}` }),
    ...(stream && { 'trpc-accept': 'application/jsonl' }),
    ...directive,
  };
}

/**
 * Plays a sequence on two servers that get the same requests, but for `If-None-Match`, which one of them never sees: it shows
 * what the other would have answered. Gives what was violated.
 */
export async function play({ config: given, menu, steps }: Sequence, tally: Tally, bug?: Bug): Promise<string[]> {
  // A request that is not stored leaves a run behind that nobody is served from: then runs must be told apart.
  const config = given.requestDirectives === 'honor' ? { ...given, numbered: true } : given;
  const violations: string[] = [];
  const count = (what: string) => {
    tally[what] = (tally[what] ?? 0) + 1;
  };
  wall = start;
  const [shop, plain] = [openShop(config, bug), openShop(config, bug)];
  const shared = [openCache('shared'), openCache('careless'), openCache('cdn')];
  if (config.cdnTags === 'fastly') shared.push(openCache('fastly'));
  const browsers = new Map(['ann', 'bob', null].map((user) => [user, openCache('browser')]));
  const seen = new Map<string, string[]>();
  const bodies = new Map<string, string>();
  const tags = new Map<string, string>();

  /** One request to both servers, and all that must hold for it. */
  async function ask(names: readonly QueryName[], get: Get, asked: Asked, field: string | undefined): Promise<Reply> {
    const at = violations.length;
    const report: Report = (invariant, what) => violations.push(`${invariant}: ${what}`);
    const init = { method: asked.method, headers: asked.headers, ...(asked.method === 'POST' && { body: '{}' }) };
    // The fetch wrapper answers HEAD as GET, without the body (RFC 9110 section 9.3.2).
    const isHeadOf = config.wrapped && asked.method === 'HEAD';
    const whole = await plain.send(new Request(asked.url, { ...init, ...(isHeadOf && { method: 'GET' }) }));
    const headers = { ...asked.headers, ...(field !== undefined && { 'if-none-match': field }) };
    const reply = await shop.send(new Request(asked.url, { ...init, headers }));
    const asWhole = isHeadOf ? { ...get, method: 'GET' as const } : get;
    const exchange: Exchange = { names, get: asWhole, config, shop: plain, reply: whole, now: wall };
    checkReply(exchange, isHeadOf ? { ...asked, method: 'GET' } : asked, report);
    if (!isHeadOf) checkReply({ ...exchange, reply, shop }, asked, report);
    checkOwner(whole.body, exchange, report);
    checkRemoved(exchange, report);

    count('requests');
    const status = whole.headers.get('x-cache') ?? '';
    for (const word of ['HIT', 'STALE', 'MISS', 'BYPASS']) if (status.includes(word)) count(word);
    if (get.stream) count('streams');
    if (isHeadOf) count('HEAD as GET');
    if (isNoStore(whole.headers)) count('no-store');
    else if (names.length > 1 && whole.headers.has('etag')) count('batches with a tag');

    // A tag of the user's own is one of its URL alone (RFC 9110 section 8.8.3).
    const held = `${get.own.etag ? asked.url : ''} ${whole.headers.get('etag')}`;

    // I1: by what the other server would have answered.
    const etag = whole.headers.get('etag');
    const isCandidate = isManaged(exchange) && whole.status === 200 && etag !== null && field !== undefined;
    const mayBe304 =
      isCandidate &&
      !isHeldOtherwise(exchange) &&
      membersOf(whole.body, names)?.every(({ data }) => data !== undefined);
    const named = mayBe304 ? isNamed(field, etag, config.encodingSuffixes) : false;
    // The second answer may be a newer one.
    const isAskedTwice = named !== false && isLate(exchange);
    if (named !== undefined && (named && !isAskedTwice) !== (reply.status === 304))
      report('I1', `${reply.status} in place of ${whole.status}, ${field} for ${etag}`);
    if (reply.status === 304) {
      count('304');
      if (reply.body !== '') report('I8', 'a 304 with a body');
      const sent = new Headers(whole.headers);
      const own = reply.headers.get('etag');
      // Under the name that a server below knows it by.
      if (own !== etag && field?.includes(own ?? '?')) sent.set('etag', own ?? '');
      checkNotModified(sent, reply, report);
      const body = bodies.get(held);
      if (body !== undefined && body !== whole.body) report('I7', `304 for ${body}, now ${whole.body}`);
    } else if (isAskedTwice) count('asked twice');
    else {
      if (field !== undefined && mayBe304) count('200 for another tag');
      if (reply.status !== whole.status || reply.body !== (isHeadOf ? '' : whole.body))
        report('I1', `${reply.status}: ${reply.body}`);
      checkNotModified(whole.headers, reply, report);
    }

    // I7: one body, one tag; another one where CDNs may not keep it, for a 304 would not take that back.
    if (etag !== null && whole.status === 200 && isManaged(exchange)) {
      const known = bodies.get(held);
      if (known !== undefined && known !== whole.body) report('I7', `${etag} for ${known} and ${whole.body}`);
      bodies.set(held, whole.body);
      const key = JSON.stringify([names, get.own.etag, isForCdns(exchange), get.own.cacheControl, whole.body]);
      const before = tags.get(key);
      if (before !== undefined && before !== etag) report('I7', `${before} and ${etag} for ${whole.body}`);
      if (before !== undefined) count('equal body again');
      tags.set(key, etag);
      const list = seen.get(asked.url) ?? [];
      if (list.at(-1) !== etag) list.push(etag);
      seen.set(asked.url, list);
    }
    if (violations.length > at) violations.push(`  in ${asked.method} ${asked.url} ${JSON.stringify(headers)}`);
    return reply;
  }

  /** A server's answer passes every cache that stands before it. */
  function offer(asked: Asked, reply: Reply, get: Get): void {
    for (const cache of [browsers.get(get.user), ...(isPromised(get) ? [] : shared)] as SimulatedCache[]) {
      // What says nothing Fastly keeps by a rule of its own.
      if (cache.kind === 'fastly' && !reply.headers.has('cache-control')) continue;
      if (cache.offer(asked, reply)) count(`stored: ${cache.kind}`);
    }
  }

  /** A 304 does, too, and brings what they keep up to date: what they then have is judged, not what it says. */
  function merge(asked: Asked, names: readonly QueryName[], notModified: Reply, get: Get): void {
    const at = violations.length;
    const report: Report = (invariant, what) => violations.push(`${invariant}: ${what}`);
    for (const cache of [browsers.get(get.user), ...(isPromised(get) ? [] : shared)] as SimulatedCache[]) {
      const reply = cache.update(asked, notModified);
      if (reply === undefined) continue;
      count(`merged: ${cache.kind}`);
      if (!isPromised(get)) checkMerged(cache.kind, { names, get, config, shop, reply, now: wall }, asked, report);
    }
    if (violations.length > at) violations.push(`  in ${asked.url} ${JSON.stringify(asked.headers)}`);
  }

  async function request(given: Get): Promise<void> {
    // Nobody reads the stream behind a HEAD, so nothing tells when its procedures have run.
    const get = given.method === 'HEAD' ? { ...given, stream: false } : given;
    const { names, batch } = menu[get.pick % menu.length] as Sequence['menu'][number];
    const report: Report = (invariant, what) => violations.push(`${invariant}: ${what}`);
    const isDirect = get.via === 'origin' || get.method !== 'GET' || get.stream;
    // A no-store of the user's own could not be told from one that obeys the request.
    const asksNothing = !isDirect || get.own.cacheControl === 'no-store';
    const sent: Get = asksNothing ? { ...get, directive: {} } : get;
    const isBatch = batch || get.stream;
    const asked: Asked = { url: urlOf(names, isBatch, sent), method: sent.method, headers: headersOf(sent) };
    if (isDirect) {
      const others = [...seen].flatMap(([url, list]) => (url === asked.url ? [] : list));
      const field = fieldOf(get.naming, seen.get(asked.url) ?? [], others);
      const reply = await ask(names, sent, asked, field);
      if (reply.status === 304 && sent.method === 'GET') merge(asked, names, reply, sent);
      else if (reply.status !== 304 && !get.stream) offer(asked, reply, sent);
      return;
    }
    const cache = get.via === 'browser' ? browsers.get(get.user) : shared.find(({ kind }) => kind === get.via);
    if (cache === undefined) return; // Fastly where it is not named
    const found = cache.find(asked);
    if (found.kind === 'fresh' || found.kind === 'stale while revalidating') {
      count(`served: ${cache.kind}${found.kind === 'fresh' ? '' : ', stale'}`);
      checkOwner(found.reply.body, { names, get }, report);
      if (cache.kind !== 'browser' && found.reply.headers.has('set-cookie'))
        report('I6', 'a cookie from a shared cache');
      if (get.own.cacheControl === undefined && !isOwnLifetime(found.reply))
        checkServed(found.reply.body, { names, get, config, shop, now: wall }, found.kind !== 'fresh', report);
      if (found.kind === 'fresh') return;
    }
    const etag = found.kind === 'miss' ? undefined : (found.etag ?? undefined);
    const reply = await ask(names, sent, asked, etag);
    if (reply.status !== 304) return offer(asked, reply, sent);
    count(`revalidated: ${cache.kind}`);
    if (found.kind !== 'miss') checkOwner(found.reply.body, { names, get }, report);
    merge(asked, names, reply, sent);
  }

  for (const step of steps) {
    if (step.kind === 'wait') wall += step.ms;
    else if (step.kind === 'data') {
      const { names } = menu[step.pick % menu.length] as Sequence['menu'][number];
      for (const one of [shop, plain]) for (const name of names) one.data[name] = step.value;
    } else if (step.kind === 'write') {
      count(`write: ${step.how}`);
      for (const one of [shop, plain]) {
        if (step.how === 'direct') await one.invalidate();
        else violations.push(...wrongOfWrite(step.how, await one.send(writeOf(step.how))));
      }
    } else await request(step);
    if (violations.length > 0 && bug === undefined) break;
  }
  return violations;
}

/** What the user says of caching in the server's place is the user's promise. */
const isPromised = ({ own }: Get) => own.cacheControl !== undefined || own.cdnCacheControl !== undefined;

/** Lifetimes of the user's own are longer than a run is good for. */
const isOwnLifetime = ({ headers }: Reply) => /max-age=[59](?:,|$)/.test(headers.get('cache-control') ?? '');

const writeOf = (how: 'drop' | 'touch' | 'fail' | 'get'): Request =>
  how === 'get'
    ? new Request(`${origin}/drop`)
    : new Request(`${origin}/${how}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'if-none-match': '*' },
      });

/** A mutation is never 304, has no tag, and is kept by nobody. */
function wrongOfWrite(how: string, { status, headers, body }: Reply): string[] {
  const expected = how === 'get' ? 405 : how === 'fail' ? 409 : 200;
  const isStored = status === 200 ? headers.has('cache-control') : !isNoStore(headers);
  return status === expected && body !== '' && !headers.has('etag') && !isStored ? [] : [`I5: ${how} gave ${status}`];
}
