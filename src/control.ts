// Docs: docs/freshness.md#control
import { type Duration, durationMs } from './duration.ts';
import { invalid } from './errors.ts';
import type { Wishes } from './fill.ts';

/** What `cache.control(opts)` offers to the code of a procedure. */
export interface Control {
  /** This answer is not stored, and is sent with `Cache-Control: no-store`. */
  readonly noStore: () => Control;
  /** This answer is fresh for so long, whatever the policy says. Throws a {@link CacheError} for a wrong duration. */
  readonly ttl: (ttl: Duration) => Control;
  /** This answer can be invalidated by these tags, too. Throws a {@link CacheError} for an empty one. */
  readonly tag: (...tags: readonly string[]) => Control;
}

/** Writes down the wishes of a cached call; without one they are checked and forgotten. */
export function createControl(wishes: Wishes | undefined): Control {
  const control: Control = {
    noStore() {
      if (wishes !== undefined) wishes.noStore = true;
      return control;
    },
    ttl(ttl) {
      const ms = durationMs(ttl, 'control.ttl');
      if (wishes !== undefined) wishes.ttl = ms;
      return control;
    },
    tag(...tags) {
      for (const tag of tags) {
        if (typeof tag !== 'string' || tag === '') throw invalid('control.tag', 'a non-empty string', tag);
        wishes?.tags.add(tag);
      }
      return control;
    },
  };
  return control;
}
