import { controllerRuntimeSeries } from '../telemetry/metrics/controller-runtime-series.ts';
import { keptnSeries } from '../telemetry/metrics/keptn-series.ts';
import type { Family } from '../telemetry/metrics/registry.ts';
import type { Series } from '../telemetry/metrics/series.ts';
import { sluiceSeries } from '../telemetry/metrics/sluice-series.ts';
import { alertRules } from './alert-rules.ts';

const intro = `What \`/metrics\` serves once \`--metrics-port\` is given, and how it is protected: [metrics](../metrics.md). Every replica serves all of it; what only the replica that
leads can tell has no series on the others (its gauges are absent there, its counters stand still), so that sums over replicas are right.`;

const ofKeptn = `Names and labels are Keptn's. They name applications, workloads, versions, tasks and evaluations, as Keptn's did; Sluice serves them for the 100 objects of each
sort that changed last and still exist, and not at all with \`--keptn-metrics=false\`. Beyond 100, the namespace with the most of them gives up its oldest: one namespace
cannot push out the series of the others. An end is counted once, where Keptn counted it at every look. The previous version is looked
for in the same Namespace and application. OpenTelemetry's \`otel_scope_name\`, \`otel_scope_version\`, \`otel_scope_info\` and \`target_info\`, which always say the same, are left out.`;

/** The Prometheus client serves these on Linux alone: the page is the same wherever it is generated. */
const onLinuxAlone: ReadonlySet<string> = new Set([
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
]);

/** The page with every series, its type, labels and meaning, and the alerts that are made from them. */
export function metricReference(ofProcess: readonly Family[]): string {
  return `${[
    '<!-- Generated from src/telemetry/metrics by "npm run generate". Do not edit. -->',
    '# Metrics',
    intro,
    '## Sluice',
    'No label names a Namespace, an object or a user: each has few values.',
    table(sluiceSeries),
    '## controller-runtime and client-go',
    'Names and labels are those of controller-runtime and client-go, so that dashboards made for operators work.',
    table(controllerRuntimeSeries),
    '## Keptn',
    ofKeptn,
    table(keptnSeries),
    '## Node and the process',
    `As the Prometheus client for Node names them; on Linux also ${[...onLinuxAlone].map((name) => `\`${name}\``).join(', ')}. The delay of the event loop, which holds up reviews, is \`nodejs_eventloop_lag_*\`.`,
    [
      '| name | type | meaning |',
      '| --- | --- | --- |',
      ...ofProcess
        .filter(({ name }) => !onLinuxAlone.has(name))
        .map(({ name, type, help }) => `| \`${name}\` | ${type} | ${cell(help)} |`),
    ].join('\n'),
    '## Alerts',
    'In [manifests/monitoring/prometheus-rule.yaml](../../manifests/monitoring/prometheus-rule.yaml), for the Prometheus operator; each has a runbook.',
    [
      '| alert | severity | fires when |',
      '| --- | --- | --- |',
      ...alertRules.map(
        (rule) =>
          `| [${rule.name}](../runbooks/${rule.name}.md) | ${rule.severity} | for ${rule.for}: \`${rule.expr.replaceAll('|', '\\|')}\` |`,
      ),
    ].join('\n'),
  ].join('\n\n')}\n`;
}

function table(series: readonly Series[]): string {
  return [
    '| name | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...series.map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${cell(help)} |`,
    ),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
