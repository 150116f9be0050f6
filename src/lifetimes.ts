// Docs: docs/http.md
import { type Duration, durationMs } from './duration.ts';
import { CacheError, invalid, rejectUnknown, shown } from './errors.ts';

/** What HTTP caches may do with a cached query. */
export interface HttpLifetimes {
  /** How long a browser may reuse the answer without asking. @default revalidate always */
  readonly browser?: Duration;
  /** How long shared caches may; only on a query whose `scope` is the literal `'public'`. @default not at all */
  readonly cdn?: Duration;
  /**
   * How long after that both may show it while they ask for a new one; at most the `staleWhileRevalidate` of the query.
   * @default not at all
   */
  readonly staleWhileRevalidate?: Duration;
  /** Adds `immutable` (RFC 8246); needs `browser`. @default false */
  readonly immutable?: boolean;
}

/** Lifetimes once checked. */
export interface Lifetimes {
  readonly browserMs?: number;
  readonly cdnMs?: number;
  readonly staleMs?: number;
  readonly immutable: boolean;
}

/** Checks lifetimes against the `ttl` where that is known, and against who shares the answer. */
export function resolveLifetimes(
  http: HttpLifetimes | false | undefined,
  { ttlMs, staleMs }: { readonly ttlMs: number | undefined; readonly staleMs: number },
  isPublic: boolean,
  where: string,
): Lifetimes | false {
  if (http === false) return false;
  if (http === undefined) return { immutable: false };
  if (typeof http !== 'object' || http === null) throw invalid(where, 'an object with browser and cdn, or false', http);
  rejectUnknown(http, ['browser', 'cdn', 'staleWhileRevalidate', 'immutable'], where);
  const lifetime = (option: 'browser' | 'cdn') => {
    if (http[option] === undefined) return {};
    const ms = durationMs(http[option], `${where}.${option}`);
    if (ttlMs !== undefined && ms > ttlMs) {
      throw new CacheError(
        'INVALID_OPTION',
        `${where}.${option}: ${shown(http[option])} is longer than ttl. Caches outside cannot keep an answer longer than the server does: raise ttl or lower ${option}.`,
      );
    }
    return { [`${option}Ms`]: ms };
  };
  if (http.cdn !== undefined && !isPublic) {
    throw new CacheError(
      'INVALID_OPTION',
      `${where}.cdn: shared caches may only keep answers for everybody. Add scope: 'public' to this query, or remove cdn.`,
    );
  }
  if (http.immutable === true && http.browser === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `${where}.immutable: means nothing without a browser lifetime (RFC 8246 section 2). Add browser: '1h', or remove immutable.`,
    );
  }
  return {
    ...lifetime('browser'),
    ...lifetime('cdn'),
    ...staleOf(http, staleMs, where),
    immutable: http.immutable === true,
  };
}

function staleOf({ staleWhileRevalidate: given, browser, cdn }: HttpLifetimes, staleMs: number, where: string) {
  if (given === undefined) return {};
  const option = `${where}.staleWhileRevalidate`;
  const ms = durationMs(given, option);
  if (browser === undefined && cdn === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `${option}: means nothing where every use is revalidated (RFC 5861 section 3). Add browser: '30s' or cdn: '5m', or remove it.`,
    );
  }
  if (ms > staleMs) {
    throw new CacheError(
      'INVALID_OPTION',
      `${option}: ${shown(given)} is longer than staleWhileRevalidate of the query. Caches outside cannot show an answer longer than the server does: set staleWhileRevalidate: ${shown(given)} beside ttl, or lower it here.`,
    );
  }
  return { staleMs: ms };
}
