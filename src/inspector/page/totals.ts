// Docs: docs/inspector.md#many-processes
import { slotMs } from '../counts.ts';

/** What several processes told, added up. */
export const totals: string = `
const outcomes = ['hit', 'stale', 'coalesced', 'miss', 'bypass'];
// Each process counts for itself, and any of them may answer: the last word of each is kept, and all are added up.
const boots = new Map();
let latest;

function totalPaths() {
  const all = new Map();
  const of = (path) => {
    if (!all.has(path)) all.set(path, { path, hit: 0, stale: 0, coalesced: 0, miss: 0, bypass: 0, why: new Map(), runs: [], sizes: [] });
    return all.get(path);
  };
  for (const one of latest.status.procedures) if (one.cached && one.type === 'query') of(one.path);
  for (const { paths } of boots.values()) {
    for (const one of paths) {
      const sum = of(one.path);
      for (const name of outcomes) sum[name] += one[name];
      for (const [reason, count] of one.why) sum.why.set(reason, (sum.why.get(reason) ?? 0) + count);
      if (one.ranMs !== undefined) sum.runs.push(one.ranMs);
      if (one.bytes !== undefined) sum.sizes.push(one.bytes);
    }
  }
  const mean = (list) => (list.length === 0 ? undefined : sumOf(list) / list.length);
  return [...all.values()].map((sum) => {
    const calls = outcomes.reduce((n, name) => n + sum[name], 0);
    const served = sum.hit + sum.stale + sum.coalesced;
    const ranMs = mean(sum.runs);
    const bytes = mean(sum.sizes);
    return { ...sum, calls, served, ranMs, savedMs: served * (ranMs ?? 0), savedBytes: served * (bytes ?? 0) };
  }).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function totalSlots() {
  const last = Math.floor(latest.at / ${slotMs});
  const all = Array.from({ length: 60 }, () => [0, 0, 0, 0, 0]);
  for (const { slots } of boots.values()) {
    for (const [at, ...counts] of slots) {
      const slot = all[59 - (last - at)];
      if (slot) counts.forEach((count, index) => { slot[index] += count; });
    }
  }
  return all;
}
`;
