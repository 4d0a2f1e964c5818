import type { SpanExporter } from '../ports/span-exporter.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import type { Config } from '../config/config.ts';
import type { CollectorAddress } from '../domain/settings/collector-address.ts';
import { collectorFor } from '../domain/settings/collector.ts';
import type { Lookup } from '../domain/lookup.ts';
import { proxyFor } from '../runtime/proxy.ts';
import { openSpanExporter } from '../telemetry/span-exporter.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';
import { defined } from '../api/json.ts';

/** Where spans go, as a KeptnConfig or this process has it; undefined while tracing is off. */
export function collectorIn(
  { namespace, otlp }: Pick<Config, 'namespace' | 'otlp'>,
  lookup: Lookup,
): CollectorAddress | undefined {
  return collectorFor(lookup.list(KeptnConfig), namespace, otlp);
}

/** Opens the way to a collector, which a process or the KeptnConfig of its own namespace names. */
export async function openExporter(
  { otlp }: Pick<Config, 'otlp'>,
  { protocol, address, secure }: CollectorAddress,
  env: Terminal['env'],
): Promise<SpanExporter> {
  const { headers, certificate, clientCertificate, clientKey, timeoutMs, resource } = otlp;
  // gRPC's library heeds the variables itself.
  const proxy = protocol === 'grpc' ? undefined : proxyFor(new URL(address), env);
  return openSpanExporter({
    protocol,
    address,
    secure,
    ...defined({ proxy }),
    timeoutMs,
    resource: { ...resource, 'service.version': version },
    ...defined({ caFile: certificate }),
    headers,
    ...defined({ certFile: clientCertificate, keyFile: clientKey }),
  });
}
