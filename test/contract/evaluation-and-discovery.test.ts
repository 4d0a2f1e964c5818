import { answering } from '../support/observed/answering.ts';
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import type { JsonPatchOperation } from '../../src/api/json-patch.ts';
import { KeptnAppCreationRequest } from '../../src/api/keptn/app-creation-request.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import {
  type AppCreationObservation,
  decideAppCreation,
} from '../../src/domain/app/app-creation.ts';
import { decideEvaluation } from '../../src/domain/evaluation/evaluation.ts';
import { decideConfig } from '../../src/domain/settings/keptn-config.ts';
import { measuredWith } from '../../src/domain/measurement/measured-with.ts';
import { type Asking, metricStatus } from '../../src/domain/measurement/metric.ts';
import { decideNamespace } from '../../src/domain/opt-in/namespace.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { aMetricsProvider } from '../support/builders/builders.ts';
import { followUpsSeen } from '../support/observed/follow-ups-seen.ts';
import type { Manifest, TestCluster, TestNamespace } from '../support/cluster/test-cluster.ts';

/** What these decisions write, as a real API server takes it: nothing refused, nothing pruned, nothing rewritten. */

const folder = new URL('../../manifests/crds/', import.meta.url);
let cluster: TestCluster;
let namespace: TestNamespace;

beforeAll(async () => {
  cluster = await sharedCluster();
  const crds = readdirSync(folder).map((file): Manifest =>
    parse(readFileSync(new URL(file, folder), 'utf8')),
  );
  await cluster.apply(...crds);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  namespace = await cluster.namespace({ annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' } });
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

const now = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
const asking: Asking = { askedAt: now, as: 'a' };

function create<T extends KubernetesObject>(
  kind: Kind<T>,
  name: string,
  spec: unknown,
): Promise<T> {
  const { apiVersion } = kind;
  return cluster.create(kind, {
    apiVersion,
    kind: kind.kind,
    metadata: { name, namespace: namespace.name },
    spec,
  });
}

/** Stores a status and expects to read exactly that. */
async function expectStored<T extends KubernetesObject & { status?: unknown }>(
  kind: Kind<T>,
  name: string,
  status: unknown,
): Promise<T> {
  const place = { namespace: namespace.name, name, subresource: 'status' };
  const stored = await cluster.patch(kind, place, { status });
  expect(stored.status).toEqual(JSON.parse(JSON.stringify(status)));
  return stored;
}

function operationsIn(plan: Plan): readonly JsonPatchOperation[] {
  const [effect] = plan.effects ?? [];
  if (effect?.type !== 'patch') throw new Error('the plan does not begin with a patch');
  return effect.operations;
}

describe('the API server', () => {
  it('stores an evaluation that waits for its next attempt, and its end', async () => {
    const spec = {
      workloadVersion: '',
      evaluationDefinition: 'fast',
      retries: 2,
      retryInterval: '5s',
    };
    const evaluation = await create(KeptnEvaluation, 'fast', spec);
    const definition = await create(KeptnEvaluationDefinition, 'fast', {
      objectives: [{ keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>4' }],
    });
    const namespaces = [namespace.name, 'keptn-system'];
    const provider = aMetricsProvider();
    const metricSpec = { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 5 };
    const created = await create(KeptnMetric, 'low', metricSpec);
    const as = measuredWith(created.spec, provider);
    const outcome = { type: 'measured', value: '3', rawValue: btoa('"3"') } as const;
    const measuredAt = (askedAt: number) => ({
      ...created,
      status: metricStatus(created, outcome, { askedAt, as }),
    });
    const seen = {
      isSuperseded: false,
      isAborted: false,
      queries: { providers: [], metrics: [], refusals: new Map() },
      followUps: followUpsSeen(),
      definition: { name: 'fast', namespaces, object: definition, unread: [] },
      bounds: { maxAgeMs: undefined },
    };
    const measurements = (object: KeptnMetric) =>
      definition.spec.objectives.map((objective) => ({
        objective,
        metric: { name: 'cpu', namespaces, object, unread: [] },
        provider,
      }));
    const first = measurements(measuredAt(now));
    const waiting = decideEvaluation({ ...seen, measurements: first, now, evaluation });
    const stored = await expectStored(KeptnEvaluation, 'fast', waiting.status?.to);
    expect(stored.status?.nextAttemptTime).toBe('2026-01-01T12:00:05.250Z');
    const end = decideEvaluation({
      ...seen,
      measurements: measurements(measuredAt(now + 5_000)),
      now: now + 5_000,
      evaluation: stored,
    });
    expect(end.status?.to).toMatchObject({
      overallStatus: 'Failed',
      startTime: '2026-01-01T12:00:00Z',
    });
  });

  it('B13: stores results of a metric, failed ones too', async () => {
    const range = { interval: '5m', storedResults: 2 };
    const metric = await create(KeptnMetric, 'cpu', {
      provider: { name: 'p' },
      query: 'up',
      fetchIntervalSeconds: 5,
      range,
    });
    const failed = {
      type: 'failed',
      reason: 'QueryFailed',
      message: 'no values in query result',
    } as const;
    const stored = await expectStored(KeptnMetric, 'cpu', metricStatus(metric, failed, asking));
    const measured = { type: 'measured', value: '4', rawValue: btoa('"4"') } as const;
    expect(metricStatus(stored, measured, asking)).toMatchObject({
      value: '4',
      intervalResults: [{ value: '' }, { value: '4' }],
    });
  });

  it('stores whether a KeptnConfig rules', async () => {
    const config = await create(KeptnConfig, 'keptnconfig', {});
    const plan = decideConfig({
      now,
      config,
      configs: [config],
      operatorNamespace: 'keptn-system',
    });
    await expectStored(KeptnConfig, 'keptnconfig', plan.status?.to);
  });

  it('labels a Namespace as it was seen, and refuses when it has changed since', async () => {
    const place = { name: namespace.name };
    const seen = await cluster.get(NamespaceKind, place);
    if (seen === undefined) throw new Error('the namespace of the test is gone');
    const operations = operationsIn(
      decideNamespace({
        namespace: seen,
        pods: [],
        holdsFailed: false,
        exclusion: undefined,
        live: new Map(),
      }),
    );
    const labelled = await cluster.patch(NamespaceKind, { ...place, type: 'json' }, operations);
    expect(labelled.metadata.labels).toMatchObject({ 'sluice.keptn.sh/enabled': 'true' });
    expect(
      decideNamespace({
        namespace: labelled,
        pods: [],
        holdsFailed: false,
        exclusion: undefined,
        live: new Map(),
      }),
    ).toEqual({});
    const again = cluster.patch(NamespaceKind, { ...place, type: 'json' }, operations);
    await expect(again).rejects.toThrow(ClusterError);
  });

  it('brings a generated app up to date by one patch that bumps its generation once', async () => {
    const request = await create(KeptnAppCreationRequest, 'shop', { appName: 'shop' });
    const resourceReference = { uid: 'u', kind: 'ReplicaSet', name: 'r' };
    const workload = await create(KeptnWorkload, 'shop-cart', {
      app: 'shop',
      version: '2',
      resourceReference,
    });
    const seen = (app: KeptnApp | undefined): AppCreationObservation => ({
      now: Date.parse(request.metadata.creationTimestamp ?? '') + 30_000,
      request,
      optIn: 'yes',
      app,
      workloads: [workload],
      listed: true,
      windowMs: 30_000,
      appVersions: [],
      workloadVersions: [],
      promotionAfterSupersessions: undefined,
      promotionTasksEnabled: true,
      live: answering(() => 'present'),
      refusals: new Map(),
    });
    const { name } = request.metadata;
    const [creation] = decideAppCreation(seen(undefined)).effects ?? [];
    if (creation?.type !== 'create') throw new Error('the plan does not create the app');
    const { apiVersion, kind, metadata } = creation.object;
    const app = await cluster.create(KeptnApp, {
      apiVersion,
      kind,
      // As Keptn generated it: with its label, and without a mark of what Sluice has written.
      metadata: { ...metadata, annotations: {} },
      spec: { version: '1', workloads: [{ name: 'old', version: '1' }] },
    });
    const operations = operationsIn(decideAppCreation(seen(app)));
    const place = { namespace: namespace.name, name, type: 'json' } as const;
    const patched = await cluster.patch(KeptnApp, place, operations);
    expect(patched.spec).toMatchObject({
      version: '2',
      workloads: [{ name: 'cart', version: '2' }],
    });
    expect(patched.metadata.generation).toBe(2);
    expect(decideAppCreation(seen(patched)).effects).toMatchObject([{ type: 'delete' }]);
  });
});
