// Docs: docs/observability.md#cardinality
import type { CacheStatus } from '../status.ts';

/** What stands for a path that is not one of those that are known: as the conventions write it. */
const otherPath = '_OTHER';

/**
 * Gives paths as attributes. Those of the registered routers, and others that are named, stand for themselves, and all else for
 * one: who sends requests must not be able to make time series.
 */
export function createPathLabel(status: () => CacheStatus, named: readonly string[]): (path: string) => string {
  let known = new Set(named);
  let askedAt = Number.NEGATIVE_INFINITY;
  return (path) => {
    if (known.has(path)) return path;
    // A router may be registered, or loaded, later. To ask costs something, and may be brought about by anybody.
    if (performance.now() - askedAt >= 1_000) {
      askedAt = performance.now();
      known = new Set([...named, ...status().procedures.map((procedure) => procedure.path)]);
    }
    return known.has(path) ? path : otherPath;
  };
}
