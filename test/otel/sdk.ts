import type { Attributes, Meter, Tracer } from '../../src/opentelemetry/index.ts';
import { otel } from '../support/otel.ts';

/** One series of a metric. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly value: any;
}

/** A span that has ended. */
export interface Ended {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  readonly status: { readonly code: number; readonly message?: string };
  readonly parent: string | undefined;
}

/** The SDK that users have, which keeps what it is told. Its API is global, as theirs is. */
export async function startSdk() {
  const parts = await otel();
  const metrics = new parts.InMemoryMetricExporter(parts.AggregationTemporality.CUMULATIVE);
  const reader = new parts.PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meters = new parts.MeterProvider({ readers: [reader] });
  const spans = new parts.InMemorySpanExporter();
  const tracers = new parts.BasicTracerProvider({ spanProcessors: [new parts.SimpleSpanProcessor(spans)] });
  const contexts = new parts.AsyncLocalStorageContextManager().enable();
  parts.context.setGlobalContextManager(contexts);
  parts.trace.setGlobalTracerProvider(tracers);
  const tracer = parts.trace.getTracer('test');
  return {
    meter: meters.getMeter('test') as Meter,
    tracer: tracer as Tracer,
    /** Every series, as an exporter gets it. */
    async series(): Promise<readonly Series[]> {
      metrics.reset();
      await reader.forceFlush();
      const [resource] = metrics.getMetrics().slice(-1);
      return (resource?.scopeMetrics ?? []).flatMap((scope: any) =>
        scope.metrics.flatMap((metric: any) =>
          metric.dataPoints.map(({ attributes, value }: any) => {
            const { name, unit } = metric.descriptor;
            return { name, unit, attributes, value };
          }),
        ),
      );
    },
    spans(): readonly Ended[] {
      return spans.getFinishedSpans().map(({ name, kind, attributes, status, parentSpanContext }: any) => ({
        name,
        kind,
        attributes,
        status,
        parent: parentSpanContext?.spanId,
      }));
    },
    forget: () => spans.reset(),
    /** Does some work in a span, as the instrumentation of a server does, and gives the id of that. */
    async inSpan(work: () => Promise<unknown>): Promise<string> {
      return tracer.startActiveSpan('request', async (span: any) => {
        await work();
        span.end();
        return span.spanContext().spanId;
      });
    },
    async stop() {
      parts.context.disable();
      parts.trace.disable();
      await meters.shutdown();
      await tracers.shutdown();
    },
  };
}
