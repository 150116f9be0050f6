// Docs: docs/invalidation.md
import type { EpochNames } from './epochs.ts';
import type { CacheEvents, Emitter } from './events.ts';
import type { Outbox } from './outbox.ts';
import { type PathBook, resolveTarget } from './targets.ts';

/** What an invalidation wrote. */
export interface InvalidateResult {
  /** The store confirmed every write; otherwise the promise rejects. */
  readonly acknowledged: true;
  /** The targets as they were written, relative patterns resolved. */
  readonly targets: readonly string[];
  /** How many epochs were moved on: the cost, whatever the number of entries. */
  readonly epochs: number;
  /** Targets that could not be resolved exactly, and what was invalidated in their place. */
  readonly widened: readonly CacheEvents['widen'][];
}

/** Makes targets unusable everywhere, in one trip. */
export type Invalidate = (
  targets: readonly unknown[],
  bases?: readonly (string | undefined)[],
) => Promise<InvalidateResult>;

/** Resolves targets, moves their epochs on in one write, and tells what was done. Rejects when not acknowledged. */
export function createInvalidate(names: EpochNames, book: PathBook, outbox: Outbox, emitter: Emitter): Invalidate {
  return async (targets, bases = [undefined]) => {
    const resolved = await Promise.all(
      targets.flatMap((target) => bases.map((base) => resolveTarget(target, names, book, base))),
    );
    const widened = resolved.flatMap((one) => one.widened ?? []);
    for (const event of widened) emitter.emit('widen', event);
    const labels = resolved.map((one) => one.label);
    const epochs = inOrder(new Set(resolved.flatMap((one) => one.epochs)), names.guard);
    try {
      await outbox.write(epochs);
    } catch (error) {
      emitter.emit('invalidate', { targets: labels, acknowledged: false, error });
      throw error;
    }
    emitter.emit('invalidate', { targets: labels, acknowledged: true });
    return { acknowledged: true, targets: labels, epochs: epochs.length, widened };
  };
}

/** The guard before the tags: a fill that saw the new tag epoch must not find the old guard (DESIGN section 3, rule 4). */
function inOrder(epochs: Set<string>, guard: string): string[] {
  return epochs.delete(guard) ? [guard, ...epochs] : [...epochs];
}

/** What callers may give as targets, flat. */
export function listOf(targets: unknown): readonly unknown[] {
  if (targets === null || targets === undefined || targets === false) return [];
  return Array.isArray(targets) ? targets : [targets];
}
