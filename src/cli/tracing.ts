import { KeptnConfig } from '../api/keptn/config.ts';
import type { Config } from '../config.ts';
import type { SpanExporter } from '../controllers/trace-export.ts';
import { type Collector, collectorFor } from '../domain/collector.ts';
import type { Lookup } from '../domain/lookup.ts';
import { openSpanExporter } from '../telemetry/span-exporter.ts';
import { version } from './version.ts';

/** Where spans go, as a KeptnConfig or this process has it; undefined while tracing is off. */
export function collectorIn(
  { namespace, otlp }: Pick<Config, 'namespace' | 'otlp'>,
  lookup: Lookup,
): Collector | undefined {
  return collectorFor(lookup.list(KeptnConfig), namespace, otlp);
}

/** Opens the way to a collector. One that somebody else names gets no header and no certificate of ours. */
export function openExporter(
  { otlp }: Pick<Config, 'otlp'>,
  { protocol, address, secure, isOwn }: Collector,
): Promise<SpanExporter> {
  const { headers, certificate, clientCertificate, clientKey, timeoutMs, resource } = otlp;
  return openSpanExporter({
    protocol,
    address,
    secure,
    timeoutMs,
    resource: { ...resource, 'service.version': version },
    ...(certificate !== undefined && { caFile: certificate }),
    headers: isOwn ? headers : {},
    ...(isOwn && clientCertificate !== undefined && { certFile: clientCertificate }),
    ...(isOwn && clientKey !== undefined && { keyFile: clientKey }),
  });
}
