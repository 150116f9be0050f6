import { useSyncExternalStore } from 'react';

/** One request of this page, and what came back over the network. */
export interface Exchange {
  id: number;
  who: string;
  path: string;
  isMutation: boolean;
  kind: Kind;
  ms: number;
  bytes: number;
  /** What a 304 did not send again. */
  savedBytes: number;
  /** How much longer the answer is fresh, in seconds. */
  freshFor: number | undefined;
  /** Whether the client had the answer already. */
  isSame: boolean;
  /** Whether it waited for the query of another. */
  isShared: boolean;
  sentAt: number;
  endedAt: number;
}

/** The word of `x-cache`; `304` for a hit that the client had already; `WRITE` for a mutation; `ERROR` for what failed. */
export type Kind = 'HIT' | 'MISS' | 'STALE' | 'BYPASS' | '304' | 'WRITE' | 'ERROR';

const most = 300;
let exchanges: readonly Exchange[] = [];
let count = 0;
const listeners = new Set<() => void>();
const sizes = new Map<string, number>();

/** A `fetch` that notes what it sends and gets. */
export const noting =
  (who: string) =>
  async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    const sentAt = performance.now();
    // The browser has one HTTP cache for both users. Each of them has `conditionalFetch` in its place.
    const response = await fetch(url, { ...init, cache: 'no-store' });
    const body = await response.arrayBuffer();
    const { headers, status } = response;
    const isMutation = init?.method === 'POST';
    const place = `${who} ${url.href}`;
    if (status === 200 && !isMutation) sizes.set(place, body.byteLength);
    const cacheStatus = headers.get('cache-status') ?? '';
    const freshFor = /;\s*ttl=(-?\d+)/.exec(cacheStatus)?.[1];
    add({
      who,
      path: url.pathname.replace('/trpc/', ''),
      isMutation,
      kind: kindOf(response, isMutation),
      ms: timeOf(url.href, sentAt),
      bytes: body.byteLength,
      savedBytes: status === 304 ? (sizes.get(place) ?? 0) : 0,
      freshFor: freshFor === undefined ? undefined : Number(freshFor),
      isSame: status === 304,
      isShared: cacheStatus.includes('collapsed'),
      sentAt,
      endedAt: performance.now(),
    });
    return new Response(status === 304 ? null : body, response);
  };

function kindOf({ status, headers }: Response, isMutation: boolean): Kind {
  if (status !== 200 && status !== 304) return 'ERROR';
  if (isMutation) return 'WRITE';
  const word = (headers.get('x-cache') as Kind | null) ?? 'BYPASS';
  return status === 304 && word === 'HIT' ? '304' : word;
}

/** Without the time that a request waited in the browser for one of its few connections. */
function timeOf(url: string, sentAt: number): number {
  const timing = performance.getEntriesByName(url, 'resource').at(-1) as PerformanceResourceTiming | undefined;
  performance.clearResourceTimings(); // it keeps 250, and no later ones
  const isOurs = timing !== undefined && timing.startTime >= sentAt - 1 && timing.requestStart > 0;
  return isOurs ? timing.responseEnd - timing.requestStart : performance.now() - sentAt;
}

function add(exchange: Omit<Exchange, 'id'>) {
  exchanges = [...exchanges, { ...exchange, id: ++count }].slice(-most);
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The requests of this page, oldest first. */
export const useExchanges = (): readonly Exchange[] => useSyncExternalStore(subscribe, () => exchanges);

/** The last one of a user for a procedure. */
export const useLast = (who: string, path: string): Exchange | undefined =>
  useExchanges().findLast((exchange) => exchange.who === who && exchange.path === path);
