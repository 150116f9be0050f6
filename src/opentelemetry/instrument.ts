// Docs: docs/observability.md#metrics
import { invalid, rejectUnknown } from '../errors.ts';
import type { CacheEvents } from '../events.ts';
import type { Cache } from '../surface.ts';
import type { Attributes, Meter, ObservableResult } from './api.ts';
import { errorType } from './error-type.ts';
import { createPathLabel } from './path-label.ts';

/** The options of {@link instrument}. */
export interface InstrumentOptions {
  /** Where measurements go: `metrics.getMeter('trpc-cached')`. */
  readonly meter: Meter;
  /**
   * Names beside the registered procedures that may be values of `rpc.method`: those of functions of `cache.wrap`, or of
   * procedures where no router is registered. @default none
   */
  readonly paths?: readonly string[];
}

/** What of a cache is listened to, and asked. */
export type Instrumented = Pick<Cache<never>, 'on' | 'status'>;

const stopOf = new WeakMap<Instrumented, () => void>();

const ageBuckets = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800];
const secondsBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const bytesBuckets = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/**
 * Counts what a cache does on a meter of OpenTelemetry. Attributes are paths of registered procedures, outcomes, reasons and
 * names of operations: never keys, inputs, scopes or tags. Gives the function that stops it. A cache is counted once: until
 * that function is called, a second call changes nothing and gives the same one.
 *
 * @throws CacheError `INVALID_OPTION` for something that is no meter.
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api';
 * import { createCache } from 'trpc-cached';
 * import { instrument } from 'trpc-cached/opentelemetry';
 *
 * const cache = createCache({ scope: 'public' });
 * const stop = instrument(cache, { meter: metrics.getMeter('trpc-cached') });
 * stop();
 * ```
 */
export function instrument(cache: Instrumented, options: InstrumentOptions): () => void {
  rejectUnknown(options, ['meter', 'paths'], 'instrument');
  const { meter, paths = [] } = options;
  if (typeof meter?.createCounter !== 'function')
    throw invalid('instrument: meter', "a meter such as metrics.getMeter('trpc-cached')", meter);
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string' && path !== ''))
    throw invalid('instrument: paths', 'a list of names', paths);

  const already = stopOf.get(cache);
  if (already !== undefined) return already;

  const labelOf = createPathLabel(cache.status, paths);
  const namespace = cache.status().namespace;
  const on = (path: string, more: Attributes = {}): Attributes => ({
    'trpc_cached.namespace': namespace,
    'rpc.method': labelOf(path),
    ...more,
  });
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`trpc_cached.${name}`, { unit, description });
  const histogram = (name: string, unit: string, explicitBucketBoundaries: number[], description: string) =>
    meter.createHistogram(`trpc_cached.${name}`, { unit, description, advice: { explicitBucketBoundaries } });

  const requests = counter('requests', '{request}', 'Calls of cached queries, by what came of them.');
  const revalidations = counter('revalidations', '{run}', 'Runs behind a response.');
  const skips = counter('skips', '{answer}', 'Answers that were not stored, by reason.');
  const invalidations = counter('invalidations', '{invalidation}', 'Invalidations, by whether they are confirmed.');
  const widenings = counter('widenings', '{target}', 'Targets that were invalidated with more than they name.');
  const errors = counter('errors', '{error}', 'Failures beside the procedure, by operation.');
  const mismatches = counter('mismatches', '{answer}', 'Verified hits that differ from what the procedure gives.');
  const leaks = counter('leaks', '{answer}', 'Public answers whose procedure read who calls.');
  const age = histogram('entry.age', 's', ageBuckets, 'The age of entries that were served.');
  const size = histogram('entry.size', 'By', bytesBuckets, 'The encoded size of answers that were stored.');
  const run = histogram(
    'run.duration',
    's',
    secondsBuckets,
    'How long the procedure took for answers that were stored.',
  );

  const answered = (path: string, result: string, more: Attributes = {}) =>
    requests.add(1, on(path, { 'trpc_cached.request.result': result, ...more }));
  const reasonOf = (reason: string): Attributes => ({ 'trpc_cached.reason': reason });
  const listeners: { [Name in keyof CacheEvents]?: (event: CacheEvents[Name]) => void } = {
    hit({ path, ageMs }) {
      answered(path, 'hit');
      age.record(ageMs / 1_000, on(path, { 'trpc_cached.request.result': 'hit' }));
    },
    stale({ path, ageMs, reason }) {
      answered(path, 'stale', reasonOf(reason));
      age.record(ageMs / 1_000, on(path, { 'trpc_cached.request.result': 'stale' }));
    },
    miss: ({ path, coalesced }) => answered(path, 'miss', { 'trpc_cached.request.coalesced': coalesced }),
    bypass: ({ path, reason }) => answered(path, 'bypass', reasonOf(reason)),
    revalidate: ({ path, early }) => revalidations.add(1, on(path, { 'trpc_cached.revalidation.early': early })),
    fill({ path, bytes, ranMs }) {
      size.record(bytes, on(path));
      run.record(ranMs / 1_000, on(path));
    },
    skip: ({ path, reason }) => skips.add(1, on(path, reasonOf(reason))),
    invalidate({ acknowledged }) {
      invalidations.add(1, {
        'trpc_cached.namespace': namespace,
        'trpc_cached.invalidation.acknowledged': acknowledged,
      });
    },
    mismatch: ({ path }) => mismatches.add(1, on(path)),
    leak: ({ path }) => leaks.add(1, on(path)),
    widen: () => widenings.add(1, { 'trpc_cached.namespace': namespace }),
    error({ operation, error }) {
      errors.add(1, {
        'trpc_cached.namespace': namespace,
        'trpc_cached.operation': operation,
        'error.type': errorType(error),
      });
    },
  };
  const stops = Object.entries(listeners).map(([name, listener]) =>
    cache.on(name as keyof CacheEvents, listener as never),
  );

  // One series for each state, as the conventions have it for states: 1 for the one that is, 0 for the others.
  const breaker = meter.createObservableUpDownCounter('trpc_cached.breaker.status', {
    unit: '1',
    description: 'Whether lookups are kept away from the store: 1 for the state that is.',
  });
  const waiting = meter.createObservableUpDownCounter('trpc_cached.invalidations.waiting', {
    unit: '{epoch}',
    description: 'What is still to be confirmed by the store.',
  });
  const askBreaker = (result: ObservableResult) => {
    const now = cache.status().breaker.state;
    for (const state of ['closed', 'half-open', 'open']) {
      result.observe(state === now ? 1 : 0, { 'trpc_cached.namespace': namespace, 'trpc_cached.breaker.state': state });
    }
  };
  const askWaiting = (result: ObservableResult) =>
    result.observe(cache.status().waiting, { 'trpc_cached.namespace': namespace });
  breaker.addCallback(askBreaker);
  waiting.addCallback(askWaiting);

  const stop = () => {
    if (stopOf.get(cache) === stop) stopOf.delete(cache);
    for (const stopOne of stops) stopOne();
    breaker.removeCallback(askBreaker);
    waiting.removeCallback(askWaiting);
  };
  stopOf.set(cache, stop);
  return stop;
}
