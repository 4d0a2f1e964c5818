import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/api/builtin.ts';
import type { KeptnApp } from '../../../src/api/keptn/app.ts';
import type { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import type { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import type { KeptnMetricsProvider } from '../../../src/api/keptn/metrics-provider.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import { whyJob } from '../../../src/domain/explain/why-job.ts';
import { whyMetric, whyProvider } from '../../../src/domain/explain/why-metric.ts';
import { whyApp } from '../../../src/domain/explain/why-version.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { namespace } from '../../support/builders/workloads.ts';

const lifecycle = 'lifecycle.keptn.sh/v1';
const metrics = 'metrics.keptn.sh/v1';

describe('a KeptnApp', () => {
  const app: KeptnApp = {
    apiVersion: lifecycle,
    kind: 'KeptnApp',
    metadata: { name: 'shop', namespace },
    spec: { version: '2', workloads: [{ name: 'cart', version: '2' }] },
  };
  const version = (name: string, creationTimestamp: string): KeptnAppVersion => ({
    apiVersion: lifecycle,
    kind: 'KeptnAppVersion',
    metadata: { name, namespace, creationTimestamp },
    spec: { appName: 'shop', version: '2', workloads: [] },
  });

  test('leads to its newest version', () => {
    const versions = [
      version('shop-2-new', '2026-01-01T00:10:00Z'),
      version('shop-1-old', '2026-01-01T00:00:00Z'),
    ];
    const found = whyApp(app, fixedLookup(versions));
    expect(found.because.map(({ name }) => name)).toEqual(['shop-2-new']);
    expect(found.says).toBe('version 2 with 1 workload');
  });

  test('without a version says what to look at', () => {
    expect(whyApp(app, fixedLookup([]))).toMatchObject({
      mark: 'waiting',
      facts: { remedies: [expect.stringContaining('kubectl get lease')] },
    });
  });
});

describe('a KeptnMetric', () => {
  const metric: KeptnMetric = {
    apiVersion: metrics,
    kind: 'KeptnMetric',
    metadata: { name: 'errors', namespace },
    spec: { provider: { name: 'prom' }, query: 'sum(x)', fetchIntervalSeconds: 5 },
  };
  const provider: KeptnMetricsProvider = {
    apiVersion: metrics,
    kind: 'KeptnMetricsProvider',
    metadata: { name: 'prom', namespace },
    spec: { type: 'prometheus', targetServer: 'http://prom:9090' },
  };

  test('shows its value with its time, and its provider', () => {
    const status = { value: '0.2', lastUpdated: '2026-01-01T00:00:00Z' };
    expect(whyMetric({ ...metric, status }, fixedLookup([provider]))).toMatchObject({
      mark: 'done',
      facts: { value: '0.2', measuredAt: '2026-01-01T00:00:00Z' },
      because: [{ name: 'prom', mark: 'done', says: 'prometheus at http://prom:9090' }],
    });
  });

  test('whose last query failed is no success, whatever value it had before', () => {
    const status = { value: '0.2', errMsg: 'connection refused' };
    expect(whyMetric({ ...metric, status }, fixedLookup([provider]))).toMatchObject({
      mark: 'warning',
      says: 'its last query gave no value: connection refused',
    });
  });

  test('leads to the provider that is missing', () => {
    expect(whyMetric(metric, fixedLookup([])).because).toMatchObject([
      { kind: 'KeptnMetricsProvider', name: 'prom', mark: 'failed' },
    ]);
  });

  test('leads to what is wrong with its provider', () => {
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'TypeUnknown',
      message: 'dql is not supported',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    expect(whyProvider({ ...provider, status: { conditions: [condition] } })).toMatchObject({
      mark: 'failed',
      says: 'dql is not supported',
      facts: { reason: 'TypeUnknown' },
    });
  });
});

describe('a Job', () => {
  const task: KeptnTask = {
    apiVersion: lifecycle,
    kind: 'KeptnTask',
    metadata: { name: 'pre-x', namespace, uid: 'u' },
    spec: { taskDefinition: 'x' },
    status: { status: 'Failed', reason: 'BackoffLimitExceeded' },
  };
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'pre-x-job',
      namespace,
      ownerReferences: [
        { apiVersion: lifecycle, kind: 'KeptnTask', name: 'pre-x', uid: 'u', controller: true },
      ],
    },
    spec: { template: { spec: {} } },
  };

  test('leads to its task', () => {
    const failed = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' };
    const found = whyJob({ ...job, status: { conditions: [failed] } }, fixedLookup([task]));
    expect(found).toMatchObject({
      mark: 'failed',
      says: 'Failed, for KeptnTask pre-x',
      because: [{ kind: 'KeptnTask', name: 'pre-x' }],
    });
  });

  test('that is suspended says so', () => {
    const suspended = { ...job, spec: { ...job.spec, suspend: true } };
    expect(whyJob(suspended, fixedLookup([task])).says).toBe('suspended, for KeptnTask pre-x');
  });

  test('that belongs to no task says so', () => {
    const own = { ...job, metadata: { name: 'own', namespace } };
    expect(whyJob(own, fixedLookup([])).says).toContain('belongs to no KeptnTask');
  });
});
