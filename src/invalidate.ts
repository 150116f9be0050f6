// Docs: docs/invalidation.md
import type { EpochNames } from './epochs.ts';
import type { CacheEvents, Emitter } from './events.ts';
import type { Outbox } from './outbox.ts';
import { type PathBook, resolveTarget } from './resolve.ts';

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

/** Makes targets unusable everywhere, in one trip: resolves them, moves their epochs on, tells what was done. */
export type Invalidate = (
  targets: readonly unknown[],
  bases?: readonly (string | undefined)[],
) => Promise<InvalidateResult>;

/** Moves epochs on under a label of the caller's; rejects when the store did not confirm. */
export type Advance = (label: string, epochs: readonly string[]) => Promise<InvalidateResult>;

/** The two ways to invalidate: by targets, and by epochs that are known already. */
export function createInvalidate(
  names: EpochNames,
  book: PathBook,
  outbox: Outbox,
  emitter: Emitter,
): { readonly invalidate: Invalidate; readonly advance: Advance } {
  async function write(
    targets: readonly string[],
    epochs: readonly string[],
    widened: InvalidateResult['widened'],
  ): Promise<InvalidateResult> {
    try {
      await outbox.write(epochs);
    } catch (error) {
      emitter.emit('invalidate', { targets, acknowledged: false, error });
      throw error;
    }
    emitter.emit('invalidate', { targets, acknowledged: true });
    return { acknowledged: true, targets, epochs: epochs.length, widened };
  }
  return {
    async invalidate(targets, bases = [undefined]) {
      const resolving = targets.flatMap((target) => bases.map((base) => resolveTarget(target, names, book, base)));
      const resolved = await Promise.all(resolving);
      const widened = resolved.flatMap((one) => one.widened ?? []);
      for (const event of widened) emitter.emit('widen', event);
      const epochs = inOrder(new Set(resolved.flatMap((one) => one.epochs)), names.guard);
      return write(
        resolved.map((one) => one.label),
        epochs,
        widened,
      );
    },
    advance: (label, epochs) => write([label], epochs, []),
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
