// Docs: docs/invalidation.md
import { type Duration, timerMs } from './duration.ts';
import type { EpochNames } from './epochs.ts';
import { invalid } from './errors.ts';
import type { CacheEvents, Emitter } from './events.ts';
import type { Outbox } from './outbox.ts';
import { createPlans, type Plans } from './plans.ts';
import type { Purger } from './purge.ts';
import { type PathBook, resolveTarget } from './resolve.ts';
import type { Mode } from './store.ts';

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

/** How targets are invalidated. */
export interface InvalidateOptions {
  /**
   * `'expire'` lets entries go stale instead of gone: their `staleWhileRevalidate` and `staleIfError` may still serve them.
   * @default 'remove'
   */
  readonly mode?: Mode;
  /**
   * Does it once more, that much later: for procedures that read a database replica, which may lag behind the write, so that
   * what they read too early goes, too. @default not at all
   */
  readonly again?: Duration;
  readonly path?: never;
  readonly tag?: never;
  readonly scope?: never;
  readonly targets?: never;
}

/** The options once checked. */
export interface Manner {
  readonly mode: Mode;
  readonly againMs: number | undefined;
  /** Gets what ends when the second one was tried. */
  readonly planned?: (done: Promise<void>) => void;
  /** Of the mutation, for whoever purges. */
  readonly ctx?: unknown;
}

/** Checks the options of an invalidation. */
export function resolveManner(
  { mode = 'remove', again }: Pick<InvalidateOptions, 'mode' | 'again'>,
  where: string,
): Manner {
  if (mode !== 'remove' && mode !== 'expire') throw invalid(`${where}: mode`, "'remove' or 'expire'", mode);
  return { mode, againMs: again === undefined ? undefined : timerMs(again, `${where}: again`) };
}

/** Options at the end of a list of targets, told apart by having nothing of a target. */
export function splitOptions<Options extends object>(
  given: readonly unknown[],
  known: readonly string[],
): { readonly targets: readonly unknown[]; readonly options: Options } {
  const last = given.at(-1);
  const names = typeof last === 'object' && last !== null && !Array.isArray(last) ? Object.keys(last) : [];
  const isOptions = names.length > 0 && names.every((name) => known.includes(name));
  return isOptions
    ? { targets: given.slice(0, -1), options: last as Options }
    : { targets: given, options: {} as Options };
}

const plainly: Manner = { mode: 'remove', againMs: undefined };

/** Makes targets unusable everywhere, in one trip: resolves them, moves their epochs on, tells what was done. */
export type Invalidate = (
  targets: readonly unknown[],
  bases?: readonly (string | undefined)[],
  manner?: Manner,
) => Promise<InvalidateResult>;

/** Moves epochs on under a label of the caller's; rejects when the store did not confirm. */
export type Advance = (label: string, epochs: readonly string[]) => Promise<InvalidateResult>;

/** The two ways to invalidate: by targets, and by epochs that are known already. */
export function createInvalidate(
  names: EpochNames,
  book: PathBook,
  outbox: Outbox,
  emitter: Emitter,
  purge: Purger['purge'],
): { readonly invalidate: Invalidate; readonly advance: Advance; readonly close: Plans['close'] } {
  const plans = createPlans(names.namespace, ({ targets, epochs, mode }) =>
    write(targets, inOrder(new Set(epochs), names.guard), [], { mode, againMs: undefined }),
  );

  async function write(
    targets: readonly string[],
    epochs: readonly string[],
    widened: InvalidateResult['widened'],
    { mode, againMs, planned, ctx }: Manner = plainly,
  ): Promise<InvalidateResult> {
    // Counted from now, whether or not it is confirmed at once: that much later the replicas have it.
    if (againMs !== undefined) {
      const done = plans.add(againMs, { targets, epochs, mode });
      planned?.(done);
    }
    try {
      await outbox.write(epochs, mode);
    } catch (error) {
      emitter.emit('invalidate', { targets, acknowledged: false, error });
      throw error;
    }
    emitter.emit('invalidate', { targets, acknowledged: true });
    // Not before: a CDN that asked in between would be given what is older, once more.
    await purge(epochs, mode, ctx);
    return { acknowledged: true, targets, epochs: epochs.length, widened };
  }
  return {
    async invalidate(targets, bases = [undefined], manner) {
      const resolving = targets.flatMap((target) => bases.map((base) => resolveTarget(target, names, book, base)));
      const resolved = await Promise.all(resolving);
      const widened = resolved.flatMap((one) => one.widened ?? []);
      for (const event of widened) emitter.emit('widen', event);
      const epochs = inOrder(new Set(resolved.flatMap((one) => one.epochs)), names.guard);
      return write(
        resolved.map((one) => one.label),
        epochs,
        widened,
        manner,
      );
    },
    advance: (label, epochs) => write([label], epochs, []),
    close: plans.close,
  };
}

/** The guard before the tags: a fill that saw the new tag epoch must not find the old guard (docs/how-it-works.md, rule 4 of epochs). */
export function inOrder(epochs: Set<string>, guard: string): string[] {
  return epochs.delete(guard) ? [guard, ...epochs] : [...epochs];
}

/** What callers may give as targets, flat. */
export function listOf(targets: unknown): readonly unknown[] {
  if (targets === null || targets === undefined || targets === false) return [];
  return Array.isArray(targets) ? targets : [targets];
}
