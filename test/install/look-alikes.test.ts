import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NamespaceKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import { carriedFrom } from '../../src/install/migration/carried.ts';
import { findKeptn } from '../../src/install/migration/found-keptn.ts';
import { migrationReport } from '../../src/install/migration/migration-report.ts';
import { ConfigMapKind } from '../../src/install/migration/keptn-parts.ts';
import { sealKey, sealOf } from '../../src/install/migration/record-seal.ts';
import { dropRecord, keepRecord, readRecord } from '../../src/install/migration/record.ts';
import { MemoryStore } from '../../src/cli/played/memory-store.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

/** Deployments named like Keptn's operators, which anyone with rights in one namespace can make. */

type Stored = KubernetesObject & Record<string, unknown>;

const clusterOf = (...objects: readonly Stored[]) => ({
  async get({ kind, namespace, name }: ObjectRef) {
    return objects.find(
      ({ kind: its, metadata }) =>
        its === kind.kind && metadata.name === name && metadata.namespace === namespace,
    );
  },
  async *listPaged({ kind }: Kind, { fieldSelector = '' } = {}) {
    const [, name] = fieldSelector.split('=');
    const items = objects.filter((one) => one.kind === kind);
    yield { items: items.filter(({ metadata }) => name === undefined || metadata.name === name) };
  },
});

const inMemory = (store: MemoryStore): Parameters<typeof keepRecord>[2] => ({
  get: async ({ kind, namespace, name }) => store.get(kind, namespace, name),
  create: async (kind, object) => store.create(kind, object),
  patch: async (ref, operations) => store.patch(ref, operations),
  delete: async (ref, preconditions) => store.delete(ref, preconditions),
});

const operator = (namespace: string, image: string): Stored => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'lifecycle-operator', namespace },
  spec: {
    replicas: 1,
    template: {
      spec: { containers: [{ name: 'm', env: [{ name: 'PYTHON_RUNNER_IMAGE', value: image }] }] },
    },
  },
});
const lookAlike = operator('app-a', 'evil/python:1');
const keptns = operator('keptn-system', 'ours/python:1');

const webhooks = (clientConfig: object): Stored => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'lifecycle-mutating-webhook-configuration' },
  webhooks: [{ name: 'mpod.keptn.sh', clientConfig }],
});
const byService = (namespace: string) =>
  webhooks({ service: { name: 'lifecycle-webhook-service', namespace } });
const byUrl = webhooks({ url: 'https://127.0.0.1:1/' });
const apiService: Stored = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1beta2.custom.metrics.k8s.io' },
  spec: { service: { name: 'metrics-operator-service', namespace: 'keptn-system' } },
};
const crd = (name: string): Stored => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: {
    group: 'lifecycle.keptn.sh',
    names: { plural: 'keptnthings', kind: 'KeptnThing' },
    scope: 'Namespaced',
    versions: [],
    conversion: {
      webhook: {
        clientConfig: { service: { name: 'lifecycle-webhook-service', namespace: 'keptn-system' } },
      },
    },
  },
});
const entriesOf = (objects: readonly object[]) =>
  Object.fromEntries(
    objects.map((one, index) => [`${index}`, gzipSync(JSON.stringify(one)).toString('base64')]),
  );
const record = (namespace: string, ...objects: readonly object[]): Stored => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'sluice-migration', namespace, uid: 'record' },
  binaryData: entriesOf(objects),
});
/** The Namespace of a record, as a migration leaves it. */
const sealed = (name: string, ...objects: readonly object[]): Stored => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, annotations: { [sealKey]: sealOf(entriesOf(objects)) } },
});

describe('a Deployment named like Keptn’s operator, in a namespace that comes first', () => {
  it.each([
    ['the webhooks', byService('keptn-system')],
    ['an APIService', apiService],
    ['the converter of a CRD', crd('keptnthings.lifecycle.keptn.sh')],
  ])('is ignored where %s lead elsewhere, and the report names it', async (_, registration) => {
    const found = await findKeptn(clusterOf(lookAlike, keptns, registration));
    expect(found.unclear).toBeUndefined();
    expect(found.deployments).toEqual([keptns]);
    expect(carriedFrom(found)).toMatchObject({
      namespace: 'keptn-system',
      environment: [{ name: 'PYTHON_RUNNER_IMAGE', value: 'ours/python:1' }],
    });
    const report = migrationReport(found, { namespace: 'keptn-system' });
    expect(report.ignored.map(({ what }) => what)).toEqual(['Deployment app-a/lifecycle-operator']);
  });

  it('makes it unclear where Keptn runs when webhooks lead to URLs, until that is said', async () => {
    const cluster = clusterOf(lookAlike, keptns, byUrl);
    const { deployments, unclear } = await findKeptn(cluster);
    expect(deployments).toEqual([]);
    expect(unclear).toBe(
      'no webhook, APIService or CRD of Keptn names the namespace of a Service, so nothing says which of these is Keptn and which only has its name: Deployment app-a/lifecycle-operator, Deployment keptn-system/lifecycle-operator. Give the namespace of Keptn’s lifecycle-operator: --keptn-namespace NAME',
    );
    const said = await findKeptn(cluster, { keptnNamespace: 'keptn-system' });
    expect(said).toMatchObject({ deployments: [keptns], ignored: [lookAlike] });
    expect(said.unclear).toBeUndefined();
  });

  it('is not taken for Keptn where it is alone', async () => {
    const { deployments, unclear } = await findKeptn(clusterOf(lookAlike));
    expect(deployments).toEqual([]);
    expect(unclear).toContain('--keptn-namespace');
  });

  it('is not taken for one of two that webhooks lead to: both are named', async () => {
    const cluster = clusterOf(lookAlike, keptns, operator('b', 'x'), byService('b'), apiService);
    expect((await findKeptn(cluster)).unclear).toBe(
      'webhooks, APIServices and CRDs lead to more than one Keptn: Deployment keptn-system/lifecycle-operator, Deployment b/lifecycle-operator; ignored: Deployment app-a/lifecycle-operator. Give the namespace of Keptn’s lifecycle-operator: --keptn-namespace NAME',
    );
  });

  it('is ignored after a take-over, too: the record says where Keptn is', async () => {
    const sluices = {
      ...byService('sluice'),
      webhooks: [
        {
          name: 'mnamespace.sluice.keptn.sh',
          clientConfig: { service: { name: 'sluice', namespace: 'sluice' } },
        },
      ],
    };
    const kept = record('sluice', byService('keptn-system'));
    const forged = record('app-a', byService('app-a'));
    const namespace = sealed('sluice', byService('keptn-system'));
    const found = await findKeptn(clusterOf(forged, kept, namespace, lookAlike, keptns, sluices));
    expect(found.unclear).toBeUndefined();
    expect(found.deployments).toEqual([keptns]);
  });
});

describe('the record of a migration', () => {
  const home = 'keptn-system';
  const of = (one: object) => readRecord(home, clusterOf(record(home, one), sealed(home, one)));

  it('is none where only its ConfigMap is there: who writes ConfigMaps cannot seal one', async () => {
    expect(await readRecord(home, clusterOf(record(home, byUrl)))).toBeUndefined();
  });

  it('is refused once its content has changed, and what vouches for the new one is said', async () => {
    const other = byService('app-a');
    const reading = readRecord(home, clusterOf(record(home, other), sealed(home, byUrl)));
    await expect(reading).rejects.toThrow(
      'ConfigMap keptn-system/sluice-migration was changed after a migration had recorded it, so nothing is made of it',
    );
    await expect(reading).rejects.toThrow(`${sealKey}=${sealOf(entriesOf([other]))}`);
  });

  it('is missed where it was deleted while its migration went on', async () => {
    await expect(readRecord(home, clusterOf(sealed(home, byUrl)))).rejects.toThrow(
      'the record of a migration that has begun, is gone',
    );
  });

  it('takes the place of a ConfigMap that was put there beforehand', async () => {
    const store = new MemoryStore(new TestClock());
    store.create(NamespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: home } });
    store.create(ConfigMapKind, record(home, byService('app-a')));
    const cluster = inMemory(store);
    const kept = await keepRecord(home, [byUrl], cluster);
    expect(kept.objects).toMatchObject([byUrl]);
    await dropRecord(kept, cluster);
    expect(store.list(ConfigMapKind)).toEqual([]);
    expect(store.list(NamespaceKind)[0]?.metadata.annotations).toEqual({});
  });

  it('holds what registers a Keptn, and the Service beside it', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'lifecycle-operator-metrics-service', namespace: 'keptn-system' },
    };
    for (const one of [byUrl, apiService, crd('keptnthings.lifecycle.keptn.sh'), service]) {
      expect((await of(one))?.objects).toEqual([one]);
    }
  });

  it.each([
    { ...keptns, kind: 'ClusterRoleBinding' },
    { ...byUrl, metadata: { name: 'other' } },
    { ...byUrl, apiVersion: 'example.com/v1' },
    { ...apiService, spec: { service: { name: 'other', namespace: 'app-a' } } },
    crd('things.example.com'),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'lifecycle-operator-metrics-service' } },
  ])('is refused with an object that is no part of a Keptn: %o', async (one) => {
    await expect(of(one)).rejects.toThrow('which is no part of a Keptn');
  });

  it('is refused with an entry that unpacks to more than any object', async () => {
    const large = { ...byUrl, padding: 'x'.repeat(5 * 1024 * 1024) };
    await expect(of(large)).rejects.toThrow('larger than 4194304 bytes');
  });
});
