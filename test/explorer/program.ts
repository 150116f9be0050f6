import type { Weather } from './wire.ts';

/** The cached queries of a world. */
export type Query = 'plain' | 'tagged' | 'mine' | 'stale' | 'outer' | 'over';

/** Ways to invalidate, and the rows of the database that are written before. */
export const writes = {
  /** The procedure, and what holds its answer. */
  path: { targets: ['plain', 'outer'], rows: ['plain'] },
  /** A tag that its queries carry by definition. */
  tag: { targets: [{ tag: 'known' }], rows: ['plain'] },
  /** A tag that the resolver adds when it has read the data. */
  learned: { targets: [{ tag: 'learned' }], rows: ['tagged'] },
  scope: { targets: [{ scope: 'ann' }], rows: ['mine'] },
  stale: { targets: ['stale'], rows: ['stale'] },
  everything: { targets: ['*'], rows: ['plain', 'tagged', 'mine', 'stale'] },
  'expire path': { targets: ['plain', 'outer'], rows: ['plain'], mode: 'expire' },
  'expire stale': { targets: ['stale'], rows: ['stale'], mode: 'expire' },
  /** What has a stale window, and what holds its answer and has none. */
  'expire both': { targets: ['stale', 'over'], rows: ['stale'], mode: 'expire' },
} as const;

/** One thing that somebody does, at a time that the scheduler decides. */
export type Action =
  | { readonly does: 'read'; readonly at: 0 | 1; readonly query: Query }
  | { readonly does: 'write'; readonly at: 0 | 1; readonly how: keyof typeof writes }
  /** One key of the server, any; or one whose name ends so. */
  | { readonly does: 'evict'; readonly key?: string }
  | { readonly does: 'lose' | 'snapshot' | 'restart' }
  | { readonly does: 'wait'; readonly ms: number; readonly wallStands?: boolean }
  | { readonly does: 'kill'; readonly at: 0 | 1 };

/** Who does what, one after the other, beside all others. */
export interface Program {
  readonly name: string;
  /** `'memory'` is one store in one process, used by two caches; the others are a server elsewhere, `'tiers'` with copies. */
  readonly store: 'memory' | 'server' | 'tiers';
  /** How long copies are trusted, where there are any. */
  readonly trustMs?: number;
  /** One run for all processes, by leases. */
  readonly leases?: boolean;
  /** Fills go on behind the answer. */
  readonly behind?: boolean;
  readonly weather?: Partial<Weather>;
  /** In this order, before the others start. */
  readonly before?: readonly Action[];
  readonly actors: readonly (readonly Action[])[];
}

const ttlMs = 60_000;
/** How long answers of the explorer's queries are fresh, and how long after that `stale` may be given. */
export const lifetimes = { ttlMs, staleMs: 60_000 };

/** The queries that a program reads, and those that they call. */
export function queriesOf({ before = [], actors }: Program): Query[] {
  const read = [...before, ...actors.flat()].flatMap((one) => (one.does === 'read' ? [one.query] : []));
  const inside: Query[] = [
    ...(read.includes('outer') ? (['plain'] as const) : []),
    ...(read.includes('over') ? (['stale'] as const) : []),
  ];
  return [...new Set([...inside, ...read])];
}
