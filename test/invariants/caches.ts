import CachePolicy from 'http-cache-semantics';
import type { Reply } from './shop.ts';
import type { Via } from './steps.ts';

/** A request as caches see it. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

/** What kinds of caches there are, by what they make of a message before RFC 9111 is applied. */
export type CacheKind = Exclude<Via, 'origin'>;

const targeted = 'cdn-cache-control';

// By Fastly's documentation: what it keeps, and for how long what says nothing that it reads.
const keptByFastly = [200, 203, 300, 301, 302, 404, 410];
const fallbackSeconds = 3_600;

/**
 * As Fastly reads it: `surrogate-control`, else `s-maxage`, else `max-age`. It passes over `no-cache`, takes `no-store` as meant
 * for browsers, and keeps nothing that is `private` or sets a cookie.
 */
function readByFastly(status: number, plain: Record<string, string>): string {
  const { 'surrogate-control': own = '', 'cache-control': common = '' } = plain;
  const isPassed = /\bprivate\b/.test(`${own} ${common}`) || plain['set-cookie'] !== undefined;
  if (isPassed || !keptByFastly.includes(status)) return 'no-store';
  const seconds = /\bmax-age=(\d+)/.exec(own) ?? /\bs-maxage=(\d+)/.exec(common) ?? /\bmax-age=(\d+)/.exec(common);
  const stale = /\bstale-while-revalidate=\d+/.exec(own === '' ? common : own);
  return [`max-age=${seconds?.[1] ?? fallbackSeconds}`, ...(stale ?? [])].join();
}

/** The headers of a response as a kind of cache reads them. */
function readAs(kind: CacheKind, { status, headers }: Pick<Reply, 'status' | 'headers'>): Record<string, string> {
  const plain = Object.fromEntries(headers);
  if (kind === 'fastly') plain['cache-control'] = readByFastly(status, plain);
  // RFC 9213 section 2.2: the field meant for it counts alone.
  if (kind === 'cdn' && plain[targeted] !== undefined) plain['cache-control'] = plain[targeted];
  // Some shared caches know no Vary.
  if (kind === 'careless') delete plain.vary;
  return plain;
}

/** nginx keeps answers to Authorization unless they are private, and so does Fastly. */
function askedAs(kind: CacheKind, asked: Asked): Asked {
  const { authorization: _, ...others } = asked.headers;
  return kind === 'careless' || kind === 'fastly' ? { ...asked, headers: others } : asked;
}

/** What RFC 9111 makes of an exchange, by a library that knows nothing of ours. */
export function policyOf(kind: CacheKind, asked: Asked, reply: Pick<Reply, 'status' | 'headers'>) {
  return new CachePolicy(
    askedAs(kind, asked),
    { status: reply.status, headers: readAs(kind, reply) },
    { shared: kind !== 'browser', immutableMinTimeToLive: 0 },
  );
}

interface Kept {
  readonly policy: CachePolicy;
  readonly asked: Asked;
  readonly reply: Reply;
}

/** What a cache does with a request. */
export type Found =
  | { readonly kind: 'miss' }
  | { readonly kind: 'fresh' | 'stale while revalidating'; readonly reply: Reply; readonly etag: string | null }
  | { readonly kind: 'ask'; readonly etag: string; readonly reply: Reply };

/** A cache between a client and the server. */
export interface SimulatedCache {
  readonly kind: CacheKind;
  readonly find: (asked: Asked) => Found;
  /** Whether it now keeps the reply for reuse. */
  readonly offer: (asked: Asked, reply: Reply) => boolean;
  /** Takes the headers of a 304 into what it keeps under its tag (RFC 9111 sections 3.2 and 4.3.4), and gives what it then has. */
  readonly update: (asked: Asked, notModified: Reply) => Reply | undefined;
}

const opaque = (headers: Headers) => headers.get('etag')?.replace(/^W\//, '');

const ofTheBody = /^(?:content-(?:type|length|encoding|language)|transfer-encoding)$/;

export function openCache(kind: CacheKind): SimulatedCache {
  const kept = new Map<string, Kept>();
  const cache: SimulatedCache = {
    kind,
    find(asked) {
      const found = asked.method === 'GET' ? kept.get(asked.url) : undefined;
      if (found === undefined) return { kind: 'miss' };
      const { response, revalidation } = found.policy.evaluateRequest(askedAs(kind, asked));
      const etag = found.reply.headers.get('etag');
      if (response !== undefined)
        return { kind: revalidation ? 'stale while revalidating' : 'fresh', reply: found.reply, etag };
      const named = revalidation?.headers['if-none-match'];
      return etag !== null && named === etag ? { kind: 'ask', etag, reply: found.reply } : { kind: 'miss' };
    },
    offer(asked, reply) {
      if (asked.method !== 'GET' || reply.status === 304) return false;
      const policy = policyOf(kind, asked, reply);
      const isOfUse = policy.storable() && (policy.timeToLive() > 0 || reply.headers.get('etag') !== null);
      if (isOfUse) kept.set(asked.url, { policy, asked, reply });
      else kept.delete(asked.url);
      return isOfUse;
    },
    update(asked, { headers }) {
      const found = kept.get(asked.url);
      if (found === undefined || opaque(found.reply.headers) !== opaque(headers)) return undefined;
      const merged = new Headers(found.reply.headers);
      for (const [name, value] of headers) if (!ofTheBody.test(name)) merged.set(name, value);
      const reply = { ...found.reply, headers: merged };
      cache.offer(asked, reply);
      return reply;
    },
  };
  return cache;
}
