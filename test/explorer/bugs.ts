import type { Change } from './mutant.ts';
import type { Around } from './world.ts';

/** A bug that caches are known for, and how it is planted: in the store, or in a copy of the library. */
export interface Bug {
  readonly name: string;
  /** The small program that shows it, and in how many of its schedules at most. */
  readonly program: string;
  readonly within: number;
  readonly plant: { readonly server: NonNullable<Around['server']> } | Change;
}

/** Each was, or would be, a hole in law 1. */
export const bugs: readonly Bug[] = [
  {
    name: 'ids that are read after the resolver',
    program: 'a fill and an invalidation that comes twice',
    within: 20,
    plant: {
      file: 'lead.ts',
      from: 'const job = jobOf(call, lookup);',
      to: 'const job = jobOf(call, (await leading.lookUpAgain()) ?? lookup);',
    },
  },
  {
    name: 'a missing epoch that is planted by the fill instead of the lookup',
    program: 'a fill and an invalidation that comes twice',
    within: 20,
    plant: { server: 'plants in the fill, not in the lookup' },
  },
  {
    name: 'a waiter that joins the flight from before the invalidation',
    program: 'a fill behind the answer',
    within: 100,
    plant: {
      file: 'cache.ts',
      from: "[wanted.key, guardId, ...wanted.epochs, ...ids].join('\\n');",
      to: 'wanted === undefined ? guardId + ids : wanted.key;',
    },
  },
  {
    name: 'tags of the resolver without the guard',
    program: 'a tag that is learned by one',
    within: 20,
    plant: { file: 'fill.ts', from: 'unchanged.push([lookup.wanted.guard, lookup.guardId]);', to: '' },
  },
  {
    name: 'an id that is written twice by a request that is sent again',
    program: 'an invalidation that comes again after a later one',
    within: 20,
    plant: { server: 'writes an id again when a request comes twice' },
  },
  {
    name: 'a local copy that is refilled between two steps of an invalidation',
    program: 'a trusted copy that comes while its process writes',
    within: 50,
    plant: {
      file: 'stores/tiered.ts',
      from: 'copies.set(entry, { until: performance.now() + keepMs, sent, ids });',
      to: 'copies.set(entry, { until: performance.now() + keepMs, sent: { ...sent, mark: moves.mark() }, ids });',
    },
  },
  {
    name: 'a counter that begins again where the store forgot it',
    program: 'any one key is evicted',
    within: 200,
    plant: { server: 'counts from one where an epoch is missing' },
  },
  {
    name: 'a fill that ignores what moved on',
    program: 'a fill and an invalidation that comes twice',
    within: 20,
    plant: { server: 'fills whatever moved on' },
  },
  {
    name: 'a confirmation before the write',
    program: 'a tag of the last fill',
    within: 20,
    plant: { server: 'confirms before it wrote' },
  },
  {
    name: 'a server that came back older and does not say so',
    program: 'an older snapshot',
    within: 20,
    plant: { server: 'tells nothing of its runs' },
  },
  {
    name: 'a revalidation that stores over an invalidation',
    program: 'a revalidation and a write',
    within: 20,
    plant: {
      file: 'lead.ts',
      from: 'const job = jobOf(call, lookup);',
      to: 'const job = jobOf(call, (leading.waits ? undefined : await leading.lookUpAgain()) ?? lookup);',
    },
  },
  {
    name: 'trust that is counted from the reply',
    program: 'trust ends in time',
    within: 100,
    plant: {
      file: 'stores/tiered.ts',
      from: 'copies.set(entry, { until: performance.now() + keepMs, sent, ids });',
      to: 'copies.set(entry, { until: performance.now() + keepMs, sent: { ...send(), mark: sent.mark }, ids });',
    },
  },
  {
    name: 'trust that only the wall clock ends',
    program: 'the wall clock is set back',
    within: 20,
    plant: { file: 'stores/tiered.ts', from: '&& performance.now() - monotonic < trustMs', to: '' },
  },
  {
    name: 'a trusted copy that is read inside another fill',
    program: 'a trusted copy inside another fill',
    within: 20,
    plant: {
      file: 'lookup.ts',
      from: 'request.exact !== true && parts.isExact()',
      to: 'request.exact === true && parts.isExact()',
    },
  },
  {
    name: 'an expired answer that is stored again inside another one',
    program: 'an expired answer inside another fill',
    within: 20,
    plant: {
      file: 'call.ts',
      from: '!isExpiredEarly || !runs.mayBeInside(runName)',
      to: '!isExpiredEarly || runName !== runs',
    },
  },
  {
    name: 'an invalidation of its own that a process trusts its copies over',
    program: 'a trusted copy that comes while its process writes',
    within: 50,
    plant: { file: 'stores/tiered.ts', from: 'if (trustMs > 0) moves.note(epochs); // … and', to: '// and' },
  },
  {
    name: 'a copy that is taken for confirmed because the remote has the same entry',
    program: 'a copy and a write elsewhere',
    within: 20,
    plant: {
      file: 'stores/tiered.ts',
      from: 'return { ids, entry: copy, own };',
      to: 'return { ids, entry: copy, own: copy.ids };',
    },
  },
  {
    name: 'a stale window that serves what was removed',
    program: 'a revalidation and a write',
    within: 20,
    plant: {
      file: 'entry.ts',
      from: "if (now === undefined || !isExpiredOnly(then, now)) return 'gone';",
      to: "if (now === undefined) return 'gone';",
    },
  },
  {
    name: 'an evicted epoch that counts as unchanged',
    program: 'any one key is evicted, with a tag that is learned',
    within: 100,
    plant: {
      file: 'entry.ts',
      from: 'if (now === then) continue;',
      to: 'if (now === then || now === undefined) continue;',
    },
  },
];
