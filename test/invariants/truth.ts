import { type QueryName, type Reply, type Run, type Shop, specOf } from './shop.ts';
import type { Config, Get, Own } from './steps.ts';

/** One answer of the server, and what is known of the request. */
export interface Exchange {
  readonly names: readonly QueryName[];
  readonly get: Get;
  readonly config: Config;
  readonly shop: Shop;
  readonly reply: Reply;
  readonly now: number;
}

/** A member of a body. */
export interface Member {
  readonly name: QueryName;
  readonly data?: { readonly version: number; readonly for?: string | null; readonly language?: string; run?: number };
}

/** The members of a body, those without data being errors; nothing where it is no body of queries. */
export function membersOf(body: string, names: readonly QueryName[]): Member[] | undefined {
  try {
    const parsed = JSON.parse(body);
    const items: any[] = Array.isArray(parsed) ? parsed : [parsed];
    // A request that fails as a whole has one error for all.
    if (items.length !== names.length) return undefined;
    return items.map(({ result }, index) => {
      const name = names[index] as QueryName;
      return result === undefined ? { name } : { name, data: result.data.json ?? result.data };
    });
  } catch {
    return undefined;
  }
}

export const isEveryones = ({ names }: Pick<Exchange, 'names'>) => names.every((name) => specOf(name).isPublic);

/** Whether a request had credentials that the cache was not told to overlook. */
export const hasCredentials = ({ get: { user, by }, config }: Pick<Exchange, 'get' | 'config'>) =>
  user !== null && by !== 'cookie' && !config.allowAuthorization;

const isKnownCookie = ({ cookie }: Own) => cookie === 'meta' || cookie === 'context';
const mayBeForCdns = ({ names, get: { own } }: Pick<Exchange, 'names' | 'get'>) =>
  own.cdnCacheControl !== undefined ||
  names.every((name) => {
    const { http } = specOf(name);
    return typeof http === 'object' && http.cdn !== undefined;
  });

/** Whether a response that the library describes speaks to CDNs, as far as it can know: a late cookie comes after it. */
export function isForCdns(exchange: Pick<Exchange, 'names' | 'get' | 'config'>): boolean {
  const { own } = exchange.get;
  if (own.cacheControl !== undefined) return own.cdnCacheControl !== undefined;
  return isEveryones(exchange) && mayBeForCdns(exchange) && !isKnownCookie(own) && !hasCredentials(exchange);
}

/**
 * Whether caches may hold an answer under the user's own tag that this response is none of: a 304 would bring that up to date,
 * with all that it does not say (RFC 9111 section 3.2).
 */
export const isHeldOtherwise = (exchange: Pick<Exchange, 'names' | 'get' | 'config'>): boolean =>
  exchange.get.own.etag && isEveryones(exchange) && mayBeForCdns(exchange) && !isForCdns(exchange);

/** Whether the fetch wrapper finds a cookie on an answer that CDNs may keep: then it asks for the whole one. */
export const isLate = (exchange: Pick<Exchange, 'names' | 'get' | 'config'>): boolean => {
  const { cookie, cacheControl } = exchange.get.own;
  return exchange.config.wrapped && cookie === 'late' && cacheControl === undefined && isForCdns(exchange);
};

/** Whether every query of a request was asked to be described by the library, and may be. */
export function isManaged(exchange: Exchange): boolean {
  const { names, get } = exchange;
  const { method, stream, own, language } = get;
  return (
    !wasRefused(exchange) &&
    method === 'GET' &&
    !stream &&
    (own.status ?? 200) === 200 &&
    names.every((name) => {
      const { isCached, http, noStore, skips } = specOf(name);
      return isCached !== false && http !== false && noStore !== true && skips !== language;
    })
  );
}

/** Whether a request that wants nothing stored was obeyed: it may be answered from what is stored, or by a run of its own. */
const wasRefused = ({ get, config, reply }: Exchange) =>
  config.requestDirectives === 'honor' && get.directive['cache-control'] === 'no-store' && isNoStore(reply.headers);

/** `no-store`, which Fastly takes as meant for browsers: there `private` stands beside it. */
export const isNoStore = (headers: Headers): boolean =>
  /^(?:private, )?no-store$/.test(headers.get('cache-control') ?? '');

/** Whether a query of a request asked that nobody keeps the answer. */
export const isForNobody = (exchange: Exchange) =>
  wasRefused(exchange) || exchange.names.some((name) => specOf(name).noStore);

/** The run that gave an output: by its number, else the latest that may have, which is the most generous. */
export function runOf({ name, data }: Member, shop: Shop): Run | undefined {
  if (data?.run !== undefined) return shop.runs[data.run];
  const { isPublic, vary } = specOf(name);
  return shop.runs.findLast(
    (run) =>
      run.name === name &&
      (isPublic || run.user === data?.for) &&
      (vary === undefined || run.language === data?.language),
  );
}

/** Until when what a run gave is fresh, and until when it may be shown stale, by what its author promised. */
export function endOf({ name, at }: Run): { readonly freshUntil: number; readonly staleUntil: number } {
  const { ttl, swr = 0 } = specOf(name);
  return { freshUntil: at + ttl * 1_000, staleUntil: at + (ttl + swr) * 1_000 };
}

/** Whether what a run gave was expired before its time. */
export const isExpired = ({ order }: Run, shop: Shop) => shop.expired() > order;
