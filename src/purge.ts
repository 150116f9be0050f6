// Docs: docs/http.md#purge
import { cdnTagOf, cdnTagsOf } from './cdn-tags.ts';
import { late, pause, within } from './deadline.ts';
import { CacheError } from './errors.ts';
import type { Emitter } from './events.ts';
import type { Mode } from './store.ts';

/**
 * Removes everything under these tags from a CDN; throws, or rejects, where that was not confirmed. It may be called twice
 * with the same tags. `ctx` is that of the mutation, `undefined` outside of a call.
 *
 * @example
 * ```ts
 * import { createCache, type Purge } from 'trpc-cached';
 *
 * const purge: Purge = async (tags) => {
 *   const response = await fetch('https://cdn.example/purge', { method: 'POST', body: JSON.stringify({ tags }) });
 *   if (!response.ok) throw new Error(`the CDN answered ${response.status}`);
 * };
 * createCache({ scope: 'public', purge });
 * ```
 */
export type Purge<C = any> = (
  tags: readonly string[],
  opts: {
    readonly ctx: C | undefined;
    /** With `'expire'`, what the CDN has may be shown while it asks for a new answer. */
    readonly mode: Mode;
  },
) => Promise<void> | void;

/** Tells the CDN what an invalidation made unusable, once the store has confirmed it. */
export interface Purger {
  /** Resolves when the CDN confirmed; rejects otherwise, and tries again behind. */
  readonly purge: (epochs: readonly string[], mode: Mode, ctx: unknown) => Promise<void>;
  /** The same, for epochs that the store confirmed late: nobody waits. */
  readonly behind: (epochs: readonly string[], mode: Mode) => void;
  /** Resolves when nothing is left to try, or after `forMs`. */
  readonly drain: (forMs: number) => Promise<void>;
  /** Tries what waits once more, and stops. */
  readonly close: () => Promise<void>;
}

/** What a purger needs around it. `namespace` is the epoch that stands for all others when too many tags wait. */
export interface PurgerParts {
  readonly hook: Purge | undefined;
  readonly namespace: string;
  readonly budgetMs: number;
  readonly emitter: Emitter;
}

const mostWaiting = 1_000;
const shortestMs = 500;
const longestMs = 8_000;
// With the waits between them about a quarter of a minute: a purge that comes later saves little of a CDN's lifetime.
const retries = 5;

interface Waiting {
  readonly mode: Mode;
  left: number;
}

/** Purges of one process. Without a hook nothing happens. */
export function createPurger({ hook, namespace, budgetMs, emitter }: PurgerParts): Purger {
  const waiting = new Map<string, Waiting>();
  const behind = new Set<Promise<void>>();
  let lastCtx: unknown;
  let retrying: Promise<void> | undefined;
  let closed = false;

  const settle = (kept: ReadonlyMap<string, Waiting>) => {
    for (const [tag, one] of kept) if (waiting.get(tag) === one) waiting.delete(tag);
  };

  /** `kept` is what waits for this very purge, should it be confirmed after its time. */
  async function send(tags: readonly string[], mode: Mode, ctx: unknown, kept: () => ReadonlyMap<string, Waiting>) {
    const sent = Promise.resolve(hook?.(tags, { ctx, mode }));
    if ((await within(sent, budgetMs)) !== late) return;
    sent.then(
      () => settle(kept()),
      () => {}, // tried again already
    );
    throw new Error(`the purge was not confirmed within ${budgetMs} ms`);
  }

  function keep(tags: readonly string[], mode: Mode): Map<string, Waiting> {
    const kept = new Map<string, Waiting>();
    for (const tag of tags) {
      const stronger = waiting.get(tag)?.mode === 'remove' ? 'remove' : mode;
      kept.set(tag, { mode: stronger, left: retries });
    }
    for (const [tag, one] of kept) waiting.set(tag, one);
    if (waiting.size > mostWaiting) {
      emitter.emit('widen', { target: `${waiting.size} tags`, to: '*', reason: 'too many purges wait for the CDN' });
      waiting.clear();
      waiting.set(cdnTagOf(namespace) as string, { mode: 'remove', left: retries });
    }
    retrying ??= retry().finally(() => {
      retrying = undefined;
    });
    return kept;
  }

  async function flush(): Promise<void> {
    for (const mode of ['remove', 'expire'] as const) {
      const sent = new Map([...waiting].filter(([, one]) => one.mode === mode));
      if (sent.size === 0) continue;
      try {
        await send([...sent.keys()], mode, lastCtx, () => sent);
        settle(sent);
      } catch (cause) {
        for (const one of sent.values()) one.left -= 1;
        const ended = new Map([...sent].filter(([, one]) => one.left <= 0));
        settle(ended);
        const text = `the purge of ${ended.size} tags was given up; the CDN keeps what it has until its lifetime ends`;
        emitter.emit('error', { operation: 'purge', error: ended.size > 0 ? new Error(text, { cause }) : cause });
      }
    }
  }

  async function retry(): Promise<void> {
    for (let wait = shortestMs; waiting.size > 0 && !closed; wait = Math.min(wait * 2, longestMs)) {
      await pause(wait);
      if (!closed) await flush();
    }
    lastCtx = undefined;
  }

  async function purge(epochs: readonly string[], mode: Mode, ctx: unknown): Promise<void> {
    if (hook === undefined) return;
    const tags = cdnTagsOf(epochs);
    if (tags.length === 0) return;
    let kept = new Map<string, Waiting>();
    try {
      await send(tags, mode, ctx, () => kept);
    } catch (cause) {
      emitter.emit('error', { operation: 'purge', error: cause });
      lastCtx = ctx;
      if (!closed) kept = keep(tags, mode);
      throw new CacheError(
        'NOT_ACKNOWLEDGED',
        'The CDN did not confirm the purge. The store did confirm the invalidation; the purge is tried again, and until then the CDN may serve older data, at most for the rest of its lifetime.',
        { cause },
      );
    }
  }

  return {
    purge,
    behind(epochs, mode) {
      const done = purge(epochs, mode, undefined)
        .catch(() => {}) // kept, and told
        .finally(() => behind.delete(done));
      behind.add(done);
    },
    async drain(forMs) {
      if (behind.size === 0 && retrying === undefined) return;
      await within(
        Promise.all(behind).then(() => retrying),
        forMs,
      );
    },
    async close() {
      await Promise.all(behind);
      closed = true;
      await flush();
    },
  };
}
