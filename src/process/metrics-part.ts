import type { Config } from '../config/config.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Part } from '../runtime/lifecycle.ts';
import { MetricsServer } from '../server/metrics-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import { notRecorded } from '../telemetry/metrics/recording.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { defined } from '../api/json.ts';

/**
 * The metrics of a process, and the part that serves them. Without `--metrics-port` nothing is recorded, and the Prometheus client is not
 * even loaded: it brings the API of OpenTelemetry along.
 */
export async function processMetrics(
  config: Config,
  log: Logger,
): Promise<{ readonly metrics: ProcessMetrics; readonly serving: readonly Part[] }> {
  const { metricsPort, metricsAddress, listenAddress, metricsTokenFile } = config;
  if (metricsPort === undefined)
    return { metrics: new ProcessMetrics(notRecorded, config), serving: [] };
  const { MetricRegistry } = await import('../telemetry/metrics/registry.ts');
  const { allSeries } = await import('../telemetry/metrics/all-series.ts');
  const registry = new MetricRegistry(allSeries).withProcess();
  const server = new MetricsServer({
    listen: { address: metricsAddress ?? listenAddress, port: metricsPort },
    text: () => registry.text(),
    contentType: registry.contentType,
    clock: systemClock,
    log: log.child({ part: 'metrics server' }),
    ...defined({ tokenFile: metricsTokenFile }),
  });
  return { metrics: new ProcessMetrics(registry, config), serving: [server] };
}
