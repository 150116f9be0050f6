import type { Billed } from './bill.ts';
import { createHistogram } from './histogram.ts';
import type { Made } from './remote.ts';

/**
 * How a read was answered. `trusted`: from a copy, without a request; `confirmed`: from a copy, after a small one; `remote`:
 * from the store; `stale`: old, revalidated behind; `coalesced`: by the run of an equal call; `ran`, `bypassed`: by its own.
 */
export type Outcome = 'trusted' | 'confirmed' | 'remote' | 'stale' | 'coalesced' | 'ran' | 'bypassed';

export interface Tally {
  readonly served: (outcome: Outcome, askedAt: number, behindMs: number, entry: Made | undefined) => void;
  readonly runBegins: (key: number) => void;
  readonly runEnds: (key: number) => void;
  readonly wrote: () => void;
  readonly result: (bill: Billed, untilMs: number) => Result;
}

/** What was measured, from the end of the warm-up on. */
export interface Result {
  readonly requests: number;
  readonly writes: number;
  readonly seconds: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Shares of requests. `local`: no payload was transferred. */
  readonly hitRatio: { readonly local: number; readonly remote: number; readonly all: number };
  readonly originRuns: number;
  readonly originRunsPerSecond: { readonly mean: number; readonly peak: number };
  /** Most runs of one key at the same time. */
  readonly herd: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Answers after their `ttl`, and answers older than an invalidation that had been acknowledged when they were asked for. */
  readonly stale: {
    readonly pastTtl: number;
    readonly pastTtlMostMs: number;
    readonly afterInvalidation: number;
    readonly afterInvalidationMostMs: number;
  };
  readonly store: Billed;
  /** Of the store, commands and bandwidth, for a million reads. */
  readonly usdPerMillion: number;
}

export function createTally(
  clock: { readonly now: number },
  fromMs: number,
  ran: (key: number, at: number) => void = () => {},
): Tally {
  const outcomes = { trusted: 0, confirmed: 0, remote: 0, stale: 0, coalesced: 0, ran: 0, bypassed: 0 };
  const stale = { pastTtl: 0, pastTtlMostMs: 0, afterInvalidation: 0, afterInvalidationMostMs: 0 };
  const latency = createHistogram();
  const running = new Map<number, number>();
  const perSecond = new Map<number, number>();
  let [runs, herd, writes] = [0, 0, 0];

  return {
    served(outcome, askedAt, behindMs, entry) {
      if (askedAt < fromMs) return;
      outcomes[outcome] += 1;
      latency.add(clock.now - askedAt);
      const pastMs = outcome === 'stale' && entry !== undefined ? clock.now - entry.freshUntil : 0;
      if (pastMs > 0) stale.pastTtl += 1;
      if (behindMs > 0) stale.afterInvalidation += 1;
      stale.pastTtlMostMs = Math.max(stale.pastTtlMostMs, pastMs);
      stale.afterInvalidationMostMs = Math.max(stale.afterInvalidationMostMs, behindMs);
    },
    runBegins(key) {
      const together = (running.get(key) ?? 0) + 1;
      running.set(key, together);
      ran(key, clock.now);
      if (clock.now < fromMs) return;
      runs += 1;
      herd = Math.max(herd, together);
      const second = Math.floor((clock.now - fromMs) / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    },
    runEnds(key) {
      const left = (running.get(key) ?? 1) - 1;
      if (left === 0) running.delete(key);
      else running.set(key, left);
    },
    wrote() {
      if (clock.now >= fromMs) writes += 1;
    },
    result(store, untilMs) {
      const requests = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
      const seconds = (untilMs - fromMs) / 1000;
      const share = (...counts: number[]) =>
        requests === 0 ? 0 : counts.reduce((sum, count) => sum + count, 0) / requests;
      const { trusted, confirmed, remote } = outcomes;
      return {
        requests,
        writes,
        seconds,
        outcomes,
        hitRatio: {
          local: share(trusted, confirmed),
          remote: share(remote, outcomes.stale),
          all: share(trusted, confirmed, remote, outcomes.stale),
        },
        originRuns: runs,
        originRunsPerSecond: { mean: runs / seconds, peak: Math.max(0, ...perSecond.values()) },
        herd,
        latencyMs: { p50: latency.quantile(0.5), p99: latency.quantile(0.99) },
        stale,
        store,
        usdPerMillion: requests === 0 ? 0 : ((store.usd.commands + store.usd.bandwidth) / requests) * 1e6,
      };
    },
  };
}
