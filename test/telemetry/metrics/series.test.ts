import { describe, expect, test } from 'vitest';
import { allSeries } from '../../../src/telemetry/metrics/all-series.ts';
import { keptnSeries } from '../../../src/telemetry/metrics/keptn-series.ts';

/** Labels whose values are few, whatever is in the cluster. */
const boundedLabels = new Set([
  'certificate', // serving
  'code', // HTTP status codes
  'controller', // the controllers of Sluice
  'host', // the API server
  'identity', // the process that leads
  'kind', // the kinds that Sluice watches
  'method', // HTTP methods
  'name', // the queues, and the one Lease
  'outcome', // words of Sluice
  'reason', // words of Sluice
  'result', // words of Sluice
  'type', // the types of checks
  'verb', // verbs of the API
  'version', // of Sluice
  'webhook', // the webhooks of Sluice
]);

/** Keptn's series by name, with their labels without the prefix keptn_deployment_ (Keptn's otel_utils.go). */
const ofKeptn = {
  keptn_lifecycle_active_total: '',
  keptn_app_count_total: 'app_name app_version app_namespace app_status',
  keptn_app_duration_seconds: 'app_name app_version app_namespace app_status',
  keptn_app_active: 'app_name app_version app_namespace',
  keptn_app_deploymentduration: 'app_name app_namespace app_version app_previousversion',
  keptn_app_deploymentinterval: 'app_name app_namespace app_version app_previousversion',
  keptn_promotion_count_total: 'app_name app_version app_namespace app_status',
  keptn_deployment_count_total:
    'app_name workload_name workload_version workload_namespace workload_status',
  keptn_deployment_duration_seconds:
    'app_name workload_name workload_version workload_namespace workload_status',
  keptn_deployment_active: 'app_name workload_name workload_version workload_namespace',
  keptn_deployment_deploymentduration:
    'app_name workload_name workload_version workload_namespace workload_previousversion',
  keptn_deployment_deploymentinterval:
    'app_name workload_name workload_version workload_namespace workload_previousversion',
  keptn_task_count_total:
    'app_name app_version workload_name workload_version task_name task_type task_status',
  keptn_task_duration_seconds:
    'app_name app_version workload_name workload_version task_name task_type task_status',
  keptn_task_active: 'app_name app_version workload_name workload_version task_name task_type',
  keptn_evaluation_count_total:
    'app_name app_version workload_name workload_version evaluation_name evaluation_type evaluation_status',
  keptn_evaluation_duration_seconds:
    'app_name app_version workload_name workload_version evaluation_name evaluation_type evaluation_status',
  keptn_evaluation_active:
    'app_name app_version workload_name workload_version evaluation_name evaluation_type',
};

describe('the families that are served', () => {
  test('no label has unbounded values, but for Keptn’s series', () => {
    const others = allSeries.filter((series) => !keptnSeries.includes(series));
    const unknown = others.flatMap(({ name, labels }) =>
      labels.filter((label) => !boundedLabels.has(label)).map((label) => `${name}{${label}}`),
    );
    expect(unknown).toEqual([]);
  });

  test('Keptn’s series have Keptn’s names and labels', () => {
    const served = keptnSeries.map(({ name, labels }) => [
      name,
      labels.map((label) => label.replace(/^keptn_deployment_/u, '')).join(' '),
    ]);
    expect(Object.fromEntries(served)).toEqual(ofKeptn);
    const labels = keptnSeries.flatMap((series) => series.labels);
    expect(labels.filter((label) => !label.startsWith('keptn_deployment_'))).toEqual([]);
  });

  test('names are unique, counters end in _total and times in _seconds', () => {
    const names = allSeries.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type } of allSeries) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/u);
    }
  });

  test('every family is explained, in one sentence without a full stop', () => {
    expect(allSeries.filter(({ help }) => !/^[A-Z0-9].*[^.]$/u.test(help))).toEqual([]);
  });
});
