// Docs: docs/observability.md#opentelemetry
// The parts of `@opentelemetry/api` that are used. What is handed in is the user's own: the package is not imported.

/** What a measurement or a span is told apart by. */
export type Attributes = Record<string, string | number | boolean>;

/** A meter of `@opentelemetry/api`: `metrics.getMeter('trpc-cached')`. */
export interface Meter {
  /** Makes an instrument whose values add up. */
  createCounter(name: string, options?: MetricOptions): Counter;
  /** Makes an instrument whose values are distributed. */
  createHistogram(name: string, options?: MetricOptions): Histogram;
  /** Makes an instrument that is asked when somebody reads it. */
  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable;
}

/** How an instrument is described. */
export interface MetricOptions {
  /** For people. */
  description?: string;
  /** As UCUM writes it: `s`, `By`, `{request}`. */
  unit?: string;
  /** What an SDK does unless it is told otherwise. */
  advice?: { explicitBucketBoundaries?: number[] };
}

/** An instrument that adds up. */
export interface Counter {
  /** Adds so much. */
  add(value: number, attributes?: Attributes): void;
}

/** An instrument that keeps a distribution. */
export interface Histogram {
  /** Notes one value. */
  record(value: number, attributes?: Attributes): void;
}

/** An instrument that asks when it is read. */
export interface Observable {
  /** Starts asking. */
  addCallback(ask: (result: ObservableResult) => void): void;
  /** Stops asking. */
  removeCallback(ask: (result: ObservableResult) => void): void;
}

/** Where who is asked answers. */
export interface ObservableResult {
  /** Answers one value. */
  observe(value: number, attributes?: Attributes): void;
}

/** A tracer of `@opentelemetry/api`: `trace.getTracer('trpc-cached')`. */
export interface Tracer {
  /** Does some work in a span of its own, which is a child of the one that is active. */
  startActiveSpan<Result>(
    name: string,
    options: { kind?: number; attributes?: Attributes },
    work: (span: Span) => Result,
  ): Result;
}

/** A span that was started. */
export interface Span {
  /** Adds one attribute. */
  setAttribute(key: string, value: string | number | boolean): unknown;
  /** Says how it went. */
  setStatus(status: { code: number }): unknown;
  /** Says that it is over. */
  end(): void;
}
