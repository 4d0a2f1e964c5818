import type { SpanRecord } from '../api/span.ts';
import type { OtlpSettings } from './otlp-settings.ts';

/** Sends spans to one collector. Satisfies the port of `src/controllers/loops/trace-export.ts`. */
export interface SpanExporter {
  export(spans: readonly SpanRecord[], signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * Opens the way to a collector. OpenTelemetry and gRPC are loaded now, and not before: without a collector they cost nothing.
 * Rejects if a certificate cannot be read; the connection itself is made with the first export.
 */
export async function openSpanExporter(settings: OtlpSettings): Promise<SpanExporter> {
  const { openOtlpExporter } = await import('./otlp-exporter.ts');
  return openOtlpExporter(settings);
}
