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

/** The headers of a response as a kind of cache reads them. */
function readAs(kind: CacheKind, headers: Headers): Record<string, string> {
  const plain = Object.fromEntries(headers);
  // RFC 9213 section 2.2: the field meant for it counts alone.
  if (kind === 'cdn' && plain[targeted] !== undefined) plain['cache-control'] = plain[targeted];
  // Some shared caches know no Vary.
  if (kind === 'careless') delete plain.vary;
  return plain;
}

/** nginx keeps answers to Authorization unless they are private. */
function askedAs(kind: CacheKind, asked: Asked): Asked {
  const { authorization: _, ...others } = asked.headers;
  return kind === 'careless' ? { ...asked, headers: others } : asked;
}

/** What RFC 9111 makes of an exchange, by a library that knows nothing of ours. */
export function policyOf(kind: CacheKind, asked: Asked, { status, headers }: Pick<Reply, 'status' | 'headers'>) {
  return new CachePolicy(
    askedAs(kind, asked),
    { status, headers: readAs(kind, headers) },
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
  /** Takes the headers of a 304 into what it keeps (RFC 9111 section 3.2). */
  readonly update: (asked: Asked, notModified: Reply) => void;
}

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
      if (found === undefined) return;
      const merged = new Headers(found.reply.headers);
      for (const [name, value] of headers) if (!ofTheBody.test(name)) merged.set(name, value);
      cache.offer(asked, { ...found.reply, headers: merged });
    },
  };
  return cache;
}
