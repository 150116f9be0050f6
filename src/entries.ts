// Docs: docs/inspector.md#entries
import type { Core } from './call.ts';
import { late, within } from './deadline.ts';
import { standingOf } from './entry.ts';
import { CacheError, invalid, rejectUnknown } from './errors.ts';
import { type ExplainedEntry, timesOf } from './explanation.ts';
import { field } from './key.ts';
import { createLabels, type Labels, type ShownScope } from './label.ts';
import { matches } from './pattern.ts';
import type { ScanAnswer } from './store.ts';
import { isPattern } from './targets.ts';

/** Which entries to list. */
export interface EntriesOptions {
  /** A path or pattern, as targets have them: `'post.*'`. @default '*' */
  readonly match?: string;
  /**
   * How many entries to look at, about: a page may hold fewer, or none, and a few more. The store has `timeouts.read` for each
   * hundred, and once more. @default 100
   */
  readonly limit?: number;
  /** Where the page before this one ended. @default the beginning */
  readonly cursor?: string;
}

/** An entry of a listing. Plain: it survives JSON. Holds no input, no output and no scope. */
export interface ListedEntry extends ExplainedEntry {
  /** The path of the procedure, or the name of the wrapped function. */
  readonly path: string;
  /** A procedure, or a function of `cache.wrap`. */
  readonly kind: 'query' | 'wrapped';
  /** Its key, inputs and scope hashed. */
  readonly key: string;
  /** Whether a call that meets it now is a hit, is answered stale, runs the procedure, or because it was invalidated. */
  readonly state: 'fresh' | 'stale' | 'expired' | 'invalidated';
  /** Who shares it. */
  readonly scope?: ShownScope;
  /** Names by which it can be invalidated. Of a private scope, only a word before a colon is not hashed. */
  readonly tags: readonly string[];
}

/** A page of a listing. */
export interface EntriesPage {
  /** In no order. */
  readonly entries: readonly ListedEntry[];
  /** Where the next page begins; absent after the last. */
  readonly cursor?: string;
}

const mostLimit = 1_000;
// A page is several trips to a store: one for the keys, and one for the heads of so many of them.
const keysATrip = 100;

/** Checks what a listing is asked for. */
function checkedEntries(options: EntriesOptions): Required<Pick<EntriesOptions, 'match' | 'limit'>> {
  if (typeof options !== 'object' || options === null) throw invalid('entries: options', 'an object', options);
  rejectUnknown(options, ['match', 'limit', 'cursor'], 'entries');
  const { match = '*', limit = 100, cursor } = options;
  if (!isPattern(match) || match.startsWith('.'))
    throw invalid('entries: match', "a path or pattern such as 'post.*'", match);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostLimit)
    throw invalid('entries: limit', `a whole number from 1 to ${mostLimit}`, limit);
  if (cursor !== undefined && !/^\d+(?::\d+)?$/.test(cursor))
    throw invalid('entries: cursor', 'the cursor of the page before', cursor);
  return { match, limit };
}

/** A page of the entries of a namespace. Each trip that it takes has the time of a lookup. */
export async function listEntries(
  options: EntriesOptions,
  { namespace, hashKeys, core }: { readonly namespace: string; readonly hashKeys: boolean; readonly core: Core },
): Promise<EntriesPage> {
  const { match, limit } = checkedEntries(options);
  const store = core.storeFor(undefined);
  if (store.scan === undefined) {
    throw new CacheError(
      'STORE',
      `entries: ${store.name} cannot list what it holds. memoryStore, redisStore and upstashStore can, and tieredStore in front of one of them.`,
    );
  }
  const labels = createLabels(namespace, hashKeys);
  const { prefix } = labels;
  const { cursor } = options;
  const part = partOf(match);
  const asked = { prefix, part, limit, ...(cursor !== undefined && { cursor }) };
  const budgetMs = core.timeouts.readMs * (1 + Math.ceil(limit / keysATrip));
  const page = await within(Promise.resolve(store.scan(asked)), budgetMs);
  if (page === late) {
    throw new CacheError(
      'STORE',
      `entries: ${store.name} did not answer within ${budgetMs} ms. Ask for fewer entries at once with limit, or give the store more time with timeouts.read.`,
    );
  }
  const now = Date.now();
  const entries = page.entries.map((one) => listed(one, labels, now)).filter(({ path }) => matches(match, path));
  return { entries, ...(page.cursor !== undefined && { cursor: page.cursor }) };
}

/** What the keys of a pattern's entries have in them. */
export function partOf(match: string): string {
  const segments = match.split('.');
  const star = segments.indexOf('*');
  if (star < 0) return `:${field(match)}:`;
  const literal = star === 0 ? '' : `${segments.slice(0, star).join('.')}.`;
  return field(literal) === literal ? literal : '';
}

/** An entry as it may be shown. */
export function listed({ head, own }: ScanAnswer['entries'][number], labels: Labels, now: number): ListedEntry {
  const scope = labels.scope(head.epochs);
  const { key, epochs } = head;
  const standing = standingOf(head, own, { key, required: [], now });
  const isStale = (head.staleUntil ?? 0) > now;
  return {
    ...labels.key(key),
    state: standing === 'gone' ? 'invalidated' : standing === 'fresh' ? 'fresh' : isStale ? 'stale' : 'expired',
    ...(scope && { scope }),
    tags: labels.tags(epochs, scope),
    ...timesOf(head, now),
    bytes: head.bytes,
    ...(head.failure && { failure: head.failure.code }),
  };
}
