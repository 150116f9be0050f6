// Docs: docs/observability.md#spans
import { isPromise } from '../deadline.ts';
import { invalid, rejectUnknown } from '../errors.ts';
import type { Awaitable, FillAnswer, LeaseAnswer, LookupAnswer, ScanAnswer, Store } from '../store.ts';
import type { Attributes, Histogram, Meter, Span, Tracer } from './api.ts';
import { errorType } from './error-type.ts';

/** The options of {@link instrumentStore}; `tracer`, `meter` or both. */
export interface InstrumentStoreOptions {
  /** Where spans go: `trace.getTracer('trpc-cached')`. */
  readonly tracer?: Tracer;
  /** Where `db.client.operation.duration` goes: `metrics.getMeter('trpc-cached')`. */
  readonly meter?: Meter;
  /** The value of `db.system.name`, such as `'memcached'`. @default 'redis' for redisStore and upstashStore, else the store's name */
  readonly system?: string;
}

type Operation = 'lookup' | 'fill' | 'advance' | 'lease' | 'release' | 'scan';

/** What of an answer goes into a span. */
type Told<Answer> = (answer: Answer) => Attributes;

const [internal, client, failed] = [0, 2, 2];
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/**
 * A store whose operations are spans of OpenTelemetry, children of the span that is active when the cache asks, and values of
 * `db.client.operation.duration`. It is the same store in all else, also when a tracer, a span or a meter throws.
 *
 * @throws CacheError `INVALID_OPTION` for something that is no store, or with neither a tracer nor a meter.
 * @example
 * ```ts
 * import { metrics, trace } from '@opentelemetry/api';
 * import { Redis } from '@upstash/redis';
 * import { createCache } from 'trpc-cached';
 * import { instrumentStore } from 'trpc-cached/opentelemetry';
 * import { upstashStore } from 'trpc-cached/upstash';
 *
 * const store = upstashStore(new Redis({ url: 'https://example.upstash.io', token: 'secret' }));
 * createCache({
 *   store: instrumentStore(store, { tracer: trace.getTracer('trpc-cached'), meter: metrics.getMeter('trpc-cached') }),
 *   namespace: 'shop-production',
 *   scope: 'public',
 * });
 * ```
 */
export function instrumentStore(store: Store, options: InstrumentStoreOptions): Store {
  if (typeof store?.lookup !== 'function')
    throw invalid('instrumentStore: store', 'a store such as redisStore(client)', store);
  rejectUnknown(options, ['tracer', 'meter', 'system'], 'instrumentStore');
  const { tracer, meter, system = systemOf(store.name) } = options;
  if (typeof tracer?.startActiveSpan !== 'function' && typeof meter?.createHistogram !== 'function')
    throw invalid('instrumentStore: tracer', "trace.getTracer('trpc-cached'), or a meter", tracer ?? meter);
  if (typeof system !== 'string' || system === '') throw invalid('instrumentStore: system', 'a name', system);
  const durations = meter?.createHistogram('db.client.operation.duration', {
    unit: 's',
    description: 'Duration of database client operations.',
    advice: { explicitBucketBoundaries: buckets },
  });

  const watched = <Answer>(operation: Operation, work: () => Awaitable<Answer>, told: Told<Answer> = () => ({})) => {
    const attributes = { 'db.system.name': system, 'db.operation.name': operation, 'trpc_cached.store': store.name };
    // The conventions let a database in the process be no client.
    const kind = store.supports.local ? internal : client;
    const timed = (span?: Span) => watch(work, told, { span, durations, attributes });
    return tracer === undefined
      ? timed()
      : inSpan(timed, (work) => tracer.startActiveSpan(`${operation} ${store.name}`, { kind, attributes }, work));
  };
  // Methods of a class are no properties of the object: each is named, and called on the store.
  return {
    name: store.name,
    supports: store.supports,
    lookup: (request) => watched('lookup', () => store.lookup(request), found),
    fill: (request) => watched('fill', () => store.fill(request), filled),
    advance: (epochs, ...how) =>
      watched(
        'advance',
        () => store.advance(epochs, ...how),
        () => moved(epochs),
      ),
    ...(store.partOf && { partOf: (key) => store.partOf?.(key) ?? 0 }),
    ...(store.lease && { lease: (...asked) => watched('lease', () => (store as Whole).lease(...asked), leased) }),
    ...(store.release && { release: (...asked) => watched('release', () => (store as Whole).release(...asked)) }),
    ...(store.scan && { scan: (asked) => watched('scan', () => (store as Whole).scan(asked), listed) }),
    ...(store.subscribe && { subscribe: (listener) => (store as Whole).subscribe(listener) }),
    ...(store.close && { close: () => store.close?.() }),
  };
}

type Whole = Required<Store>;

// A store may answer anything.
const found: Told<LookupAnswer> = (answer) => ({
  'trpc_cached.lookup.found': answer?.entry !== undefined,
  ...(answer?.trusted === true && { 'trpc_cached.lookup.trusted': true }),
});
const filled: Told<FillAnswer> = (answer) => ({ 'trpc_cached.fill.answer': answer });
const leased: Told<LeaseAnswer> = (answer) => ({ 'trpc_cached.lease.answer': answer });
const moved = (epochs: readonly string[]): Attributes => ({ 'trpc_cached.epochs': epochs.length });
const listed: Told<ScanAnswer> = (answer) => ({ 'trpc_cached.scan.entries': answer?.entries?.length ?? 0 });

/** What telemetry throws changes nothing for a store, and there is nobody to tell: so it is with listeners of events. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // A span processor of the user, or an exporter behind it.
  }
}

/** Does the work once, in a span if there is one to be had. */
function inSpan<Answer>(work: (span?: Span) => Answer, start: (work: (span: Span) => Answer) => unknown): Answer {
  let outcome: (() => Answer) | undefined;
  const once = (span?: Span): Answer => {
    outcome ??= outcomeOf(() => work(span));
    return outcome();
  };
  quietly(() => void start(once));
  return once();
}

/** What came of some work, to be returned or thrown. */
function outcomeOf<Answer>(work: () => Answer): () => Answer {
  try {
    const answer = work();
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

interface Watched {
  readonly span: Span | undefined;
  readonly durations: Histogram | undefined;
  readonly attributes: Attributes;
}

/** Does the work, and tells when it ended and how. What answers at once is answered at once. */
function watch<Answer>(
  work: () => Awaitable<Answer>,
  told: Told<Answer>,
  { span, durations, attributes }: Watched,
): Awaitable<Answer> {
  const began = performance.now();
  const end = (more: Attributes = {}) => {
    quietly(() => durations?.record((performance.now() - began) / 1_000, { ...attributes, ...more }));
    quietly(() => span?.end());
  };
  const succeed = (answer: Answer): Answer => {
    quietly(() => {
      for (const [name, value] of Object.entries(span ? told(answer) : {})) span?.setAttribute(name, value);
    });
    end();
    return answer;
  };
  const fail = (error: unknown): never => {
    let type = '_OTHER';
    quietly(() => (type = errorType(error))); // an error may be a proxy
    quietly(() => span?.setAttribute('error.type', type));
    quietly(() => span?.setStatus({ code: failed })); // without the message: clients quote commands in it
    end({ 'error.type': type });
    throw error;
  };
  let answer: Awaitable<Answer>;
  try {
    answer = work();
  } catch (error) {
    return fail(error);
  }
  return isPromise(answer) ? answer.then(succeed, fail) : succeed(answer);
}

// Upstash speaks Redis; the conventions have no name of its own for it.
const systemOf = (name: string): string => (name === 'upstash' ? 'redis' : name);
