import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crdOf } from '../../src/api/crd.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import { KeptnTaskDefinition, runnerMessages } from '../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import type { Resource } from '../../src/api/resource.ts';
import type { Condition, Kind, KubernetesObject } from '../../src/api/object.ts';
import { send } from '../control-plane/http.ts';
import { standardObjects } from '../support/builders/builders.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import type { Manifest, TestCluster, TestNamespace } from '../support/cluster/test-cluster.ts';

/** What a real API server makes of the CRDs as they lie in `manifests/crds`. */

interface Crd extends KubernetesObject {
  status?: { conditions?: Condition[] };
}

const crdKind: Kind<Crd> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const folder = new URL('../../manifests/crds/', import.meta.url);
const crds: readonly Manifest[] = readdirSync(folder).map((file) =>
  parse(readFileSync(new URL(file, folder), 'utf8')),
);

let cluster: TestCluster;
let namespace: TestNamespace;

beforeAll(async () => {
  cluster = await sharedCluster();
  await cluster.apply(...crds);
  for (const { metadata } of crds) {
    await cluster.until(crdKind, { name: metadata.name ?? '' }, (crd) =>
      stands(crd, 'Established'),
    );
  }
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

const stands = (crd: Crd, type: string): boolean =>
  crd.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;

interface TooLong {
  readonly kind: Resource;
  /** With a text that is too long. */
  readonly spec: object;
  /** A change of something else. */
  readonly other: object;
  /** A change of that text. */
  readonly again: object;
}

/** A text that is one character longer than the bound. */
const longer = (bound: number): string =>
  `https://example.test/${'x'.repeat(bound)}`.slice(0, bound + 1);

/** A manifest in the namespace of this file. */
const here = (kind: Kind, name: string, spec?: unknown): Manifest => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: { name, namespace: namespace.name },
  ...(spec === undefined ? {} : { spec }),
});

describe('the API server', () => {
  it.each(crds.map(({ metadata }) => metadata.name ?? ''))(
    'finds nothing to object to in %s',
    async (name) => {
      const crd = await cluster.get(crdKind, { name });
      expect(crd?.status?.conditions?.filter((c) => c.type === 'NonStructuralSchema')).toEqual([]);
      expect(crd !== undefined && stands(crd, 'NamesAccepted')).toBe(true);
    },
  );

  it.each(ownKinds.map((kind) => [kind.kind, kind] as const))(
    'keeps every field of a %s, and its status',
    async (name, kind) => {
      const standard = standardObjects.find((object) => object.kind === name);
      const manifest = here(kind, `kept-${name.toLowerCase()}`, standard?.spec);
      const created = await cluster.create(kind, manifest);
      expect(created.spec).toMatchObject({ ...standard?.spec });

      const place = { namespace: namespace.name, name: created.metadata.name };
      const conditions: Condition[] = [
        {
          type: kind.summary,
          status: 'False',
          reason: 'Waiting',
          message: 'for a check',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          observedGeneration: 1,
        },
      ];
      const status = { ...standard?.status, conditions, observedGeneration: 1 };
      const written = await cluster.patch(kind, { ...place, subresource: 'status' }, { status });
      expect(written.status).toMatchObject(status);

      expect(await printedRow(kind, place.name)).toContain('Waiting');
    },
  );

  it('fills in the defaults', async () => {
    const task = await cluster.create(KeptnTask, here(KeptnTask, 'plain', { taskDefinition: 'x' }));
    expect(task.spec).toEqual({ taskDefinition: 'x', retries: 10, timeout: '5m' });
    const config = await cluster.create(KeptnConfig, here(KeptnConfig, 'plain'));
    expect(config.spec).toMatchObject({
      blockDeployment: true,
      keptnAppCreationRequestTimeoutSeconds: 30,
      observabilityTimeout: '5m',
      promotionTasksEnabled: true,
      versionFromImageTag: false,
    });
  });

  it('keeps a container field that is newer than the schema, and checks the others', async () => {
    const container = {
      name: 'main',
      image: 'busybox',
      ports: [{ containerPort: 80 }],
      resources: { limits: { cpu: 1, memory: '64Mi' } },
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      securityContext: { fromTheFuture: true },
    };
    const stored = await cluster.create(
      KeptnTaskDefinition,
      here(KeptnTaskDefinition, 'newer', { container }),
    );
    expect(stored.spec.container).toEqual({
      ...container,
      ports: [{ containerPort: 80, protocol: 'TCP' }],
    });
    const wrong = { name: 'main', resources: { limits: { memory: 'a lot' } } };
    await expect(
      cluster.create(KeptnTaskDefinition, here(KeptnTaskDefinition, 'w', { container: wrong })),
    ).rejects.toThrow('spec.container.resources.limits.memory');
  });

  it.each([
    ['no runner', {}, runnerMessages.none],
    ['no runner, but settings', { retries: 1 }, runnerMessages.none],
    ['two runners', { deno: {}, python: {} }, `${runnerMessages.several}; deno and python are set`],
    ['three runners', { deno: {}, python: {}, container: { name: 'x' } }, runnerMessages.several],
  ])('refuses a task definition with %s, in the words of Keptn', async (_what, spec, message) => {
    const definition = here(KeptnTaskDefinition, 'refused', spec);
    await expect(cluster.create(KeptnTaskDefinition, definition)).rejects.toThrow(message);
  });

  it('takes an empty runner for one, as Keptn does', async () => {
    const definition = here(KeptnTaskDefinition, 'empty-runner', { deno: {} });
    await expect(cluster.create(KeptnTaskDefinition, definition)).resolves.toBeDefined();
  });

  it('leaves a stored definition alone that breaks the rule, until its spec changes', async () => {
    const crd = crdOf(KeptnTaskDefinition);
    const lax: Manifest = JSON.parse(
      JSON.stringify(crd, (key, value: unknown) =>
        key === 'x-kubernetes-validations' ? undefined : value,
      ),
    );
    await cluster.apply(lax);
    const broken = here(KeptnTaskDefinition, 'from-before', { deno: {}, python: {} });
    await eventually('the rule is gone', () => cluster.create(KeptnTaskDefinition, broken));
    await cluster.apply({ ...crd });
    const probe = here(KeptnTaskDefinition, 'probe', { deno: {}, python: {} });
    await eventually('the rule is back', async () => {
      const refused = cluster.create(KeptnTaskDefinition, probe, { dryRun: true });
      return refused.then(
        () => false,
        () => true,
      );
    });

    const place = { namespace: namespace.name, name: 'from-before' };
    const labels = { team: 'shop' };
    await cluster.patch(KeptnTaskDefinition, place, { metadata: { labels } });
    const status = { observedGeneration: 1 };
    await cluster.patch(KeptnTaskDefinition, { ...place, subresource: 'status' }, { status });
    await expect(
      cluster.patch(KeptnTaskDefinition, place, { spec: { timeout: '1m' } }),
    ).rejects.toThrow(runnerMessages.several);
  });

  it.each<TooLong>([
    {
      kind: KeptnTaskDefinition,
      spec: { deno: { httpRef: { url: longer(8_192) } } },
      other: { timeout: '1m' },
      again: { deno: { httpRef: { url: `${longer(8_192)}x` } } },
    },
    {
      kind: KeptnTaskDefinition,
      spec: { deno: { args: ['short', longer(131_072)] } },
      other: { timeout: '1m' },
      again: { deno: { args: ['other', longer(131_072)] } },
    },
    {
      kind: KeptnTask,
      spec: { taskDefinition: longer(1_024) },
      other: { retries: 1 },
      again: { taskDefinition: `${longer(1_024)}x` },
    },
    {
      kind: KeptnMetricsProvider,
      spec: { type: 'prometheus', targetServer: longer(1_024) },
      other: { insecureSkipTlsVerify: true },
      again: { targetServer: `${longer(1_024)}x` },
    },
  ])(
    'leaves a stored $kind.kind alone whose text is longer than may be, until that text changes',
    async ({ kind, spec, other, again }) => {
      const crd = crdOf(kind);
      const lax: Manifest = JSON.parse(
        JSON.stringify(crd, (key, value: unknown) => (key === 'maxLength' ? undefined : value)),
      );
      await cluster.apply(lax);
      const name = `long-${Object.keys(again).join('-').toLowerCase()}-${JSON.stringify(spec).length}`;
      await eventually('the bound is gone', () => cluster.create(kind, here(kind, name, spec)));
      await cluster.apply({ ...crd });
      const probe = here(kind, `${name}-probe`, spec);
      await eventually('the bound is back', async () => {
        const refused = cluster.create(kind, probe, { dryRun: true });
        return refused.then(
          () => false,
          (error: unknown) => String(error).includes('Too long'),
        );
      });

      const place = { namespace: namespace.name, name };
      const stored = await cluster.get(kind, place);
      expect(stored?.spec).toMatchObject(spec);
      await cluster.patch(kind, place, { metadata: { labels: { team: 'shop' } } });
      const status = { observedGeneration: 1 };
      await cluster.patch(kind, { ...place, subresource: 'status' }, { status });
      await cluster.patch(kind, place, { spec: other });
      const changed = await cluster.get(kind, place);
      expect(changed).toMatchObject({
        metadata: { labels: { team: 'shop' } },
        spec: { ...spec, ...other },
        status,
      });
      await expect(cluster.patch(kind, place, { spec: again })).rejects.toThrow('Too long');
      await cluster.delete(kind, place);
      await eventually('it is gone', async () => (await cluster.get(kind, place)) === undefined);
    },
  );

  it.each([
    ['step without aggregation', { step: '1m' }],
    ['aggregation without step', { aggregation: 'max' }],
    ['aggregation with an empty step', { aggregation: 'max', step: '' }],
  ])('refuses a metric with %s', async (_what, range) => {
    const metric = here(KeptnMetric, 'refused', {
      provider: { name: 'prometheus' },
      query: 'up',
      fetchIntervalSeconds: 10,
      range,
    });
    await expect(cluster.create(KeptnMetric, metric)).rejects.toThrow('step and aggregation');
  });

  it('refuses what lacks a required field', async () => {
    await expect(cluster.create(KeptnTask, here(KeptnTask, 'empty'))).rejects.toThrow(
      'spec: Required value',
    );
    await expect(
      cluster.create(KeptnEvaluationDefinition, here(KeptnEvaluationDefinition, 'empty', {})),
    ).rejects.toThrow('spec.objectives: Required value');
  });
});

/** The row of the table that the API server makes of an object for `kubectl get`, as JSON. */
async function printedRow(kind: Kind, name: string): Promise<string> {
  const { server, token, caFile } = cluster.controlPlane;
  const answer = await send({
    url: `${server}/apis/${kind.apiVersion}/namespaces/${namespace.name}/${kind.plural}/${name}?includeObject=None`,
    ca: readFileSync(caFile, 'utf8'),
    token,
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  return answer.body;
}
