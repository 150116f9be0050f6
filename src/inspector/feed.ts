// Docs: docs/inspector.md#what-is-counted
import type { CacheEvents } from '../events.ts';
import { errorLabel, type Labels } from '../label.ts';
import { matches } from '../pattern.ts';
import type { CacheStatus } from '../status.ts';
import type { Cache } from '../surface.ts';

/** Something that happened, as the page shows it. */
export interface FeedItem {
  /** Its number: later ones have higher ones. */
  readonly n: number;
  /** When, in milliseconds of the wall clock. */
  readonly at: number;
  /** The name of the event. */
  readonly kind: 'invalidate' | 'widen' | 'breaker' | 'error';
  /** Whether something went wrong. */
  readonly bad: boolean;
  /** What it was about: targets, a part of the store, an operation. */
  readonly what: string;
  /** More about it. */
  readonly more?: string;
  /** Of an invalidation: the cached queries whose entries it made unusable, as far as its targets tell. */
  readonly reach?: readonly string[];
}

/** Keeps what happened last. */
export interface Feed {
  /** What came after the item with this number. */
  readonly since: (n: number, procedures: CacheStatus['procedures']) => readonly FeedItem[];
  readonly stop: () => void;
}

/** What a feed needs. */
export interface FeedParts {
  readonly cache: Pick<Cache<any>, 'on'>;
  readonly most: number;
  /** How tags are shown. */
  readonly labels: Pick<Labels, 'tag'>;
}

type Kept = Omit<FeedItem, 'reach'> & {
  /** Of an invalidation, until somebody asks: what it reached is not worked out while a mutation waits for it. */
  patterns?: readonly string[];
  reach?: readonly string[];
};

const mostTargets = 10;
const mostPatterns = 50;
const mostReach = 20;
const longest = 300;

/** Listens from now on. */
export function feedOf({ cache, most, labels }: FeedParts): Feed {
  const items: Kept[] = [];
  let last = 0;
  const add = (item: Omit<Kept, 'n' | 'at'>) => {
    last += 1;
    items.push({ n: last, at: Date.now(), ...item });
    if (items.length > most) items.shift();
  };
  const shown = (target: string) => (isTag(target) ? `tag ${labels.tag(target.slice(4))}` : target);

  const ends = [
    cache.on('invalidate', ({ targets, acknowledged, error }) => {
      const more = targets.length > mostTargets ? ` and ${targets.length - mostTargets} more` : '';
      add({
        kind: 'invalidate',
        bad: !acknowledged,
        what: short(targets.slice(0, mostTargets).map(shown).join(', ') + more),
        ...(!acknowledged && { more: `kept and tried again: ${short(errorLabel(error, true))}` }),
        patterns: patternsOf(targets),
      });
    }),
    cache.on('widen', ({ target, to, reason }) =>
      add({ kind: 'widen', bad: false, what: short(`${shown(target)} → ${to}`), more: short(reason) }),
    ),
    cache.on('breaker', ({ state, part }) =>
      add({ kind: 'breaker', bad: state === 'open', what: state, ...(part !== undefined && { more: `part ${part}` }) }),
    ),
    cache.on('error', ({ operation, error }) =>
      add({ kind: 'error', bad: true, what: operation, more: short(errorLabel(error, ofStores.includes(operation))) }),
    ),
  ];

  return {
    since(n, procedures) {
      const paths = procedures.flatMap(({ path, cached }) => (cached ? [path] : []));
      const reachOf = reachIn(paths);
      for (const item of items) {
        if (item.patterns === undefined) continue;
        const reach = reachOf(item.patterns);
        if (reach.length > 0) item.reach = reach;
        delete item.patterns;
      }
      return items.filter((item) => item.n > n) as readonly FeedItem[];
    },
    stop: () => {
      for (const end of ends) end();
    },
  };
}

const isTag = (target: string): boolean => target.startsWith('tag ');

/** The paths and patterns among targets; not all of a thousand. */
function patternsOf(targets: readonly string[]): readonly string[] {
  const patterns = new Set<string>();
  for (const target of targets) {
    if (isTag(target) || target === 'scope') continue;
    patterns.add(target === 'clear' ? '*' : target.replace(/ \([^)]*\)$/, ''));
    if (patterns.size >= mostPatterns) break;
  }
  return [...patterns];
}

/** Finds the first paths that patterns match; each pattern is gone through once. */
function reachIn(paths: readonly string[]): (patterns: readonly string[]) => readonly string[] {
  const all = new Set(paths);
  const known = new Map<string, readonly string[]>();
  const found = (pattern: string): readonly string[] => {
    if (!pattern.includes('*')) return all.has(pattern) ? [pattern] : [];
    let matched = known.get(pattern);
    if (matched === undefined) known.set(pattern, (matched = paths.filter((path) => matches(pattern, path))));
    return matched;
  };
  return (patterns) => {
    const reach = new Set<string>();
    for (const pattern of patterns) {
      for (const path of found(pattern)) {
        reach.add(path);
        if (reach.size >= mostReach) return [...reach];
      }
    }
    return [...reach];
  };
}

const short = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

// What a store rejects with; the others may come from the callbacks of the user, and quote values of theirs.
const ofStores: readonly CacheEvents['error']['operation'][] = ['lookup', 'fill', 'lease'];
