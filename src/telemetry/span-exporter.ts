import type { SpanExporter } from '../ports/span-exporter.ts';
import type { OtlpSettings } from './otlp-settings.ts';

/**
 * Opens the way to a collector. OpenTelemetry and gRPC are loaded now, and not before: without a collector they cost nothing.
 * Rejects if a certificate cannot be read; the connection itself is made with the first export.
 */
export async function openSpanExporter(settings: OtlpSettings): Promise<SpanExporter> {
  const { openOtlpExporter } = await import('./otlp-exporter.ts');
  return openOtlpExporter(settings);
}
