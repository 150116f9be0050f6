// Docs: docs/observability.md#opentelemetry
export type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableResult,
  Span,
  Tracer,
} from './api.ts';
export { type Instrumented, type InstrumentOptions, instrument } from './instrument.ts';
export { type InstrumentStoreOptions, instrumentStore } from './instrument-store.ts';
