import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject } from '../../src/api/json.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluationProvider } from '../../src/api/keptn/evaluation-provider.ts';
import { servedKinds } from '../../src/api/keptn/registry.ts';
import { needsConverter, type Resource } from '../../src/api/resource.ts';
import { standardObjects } from '../support/builders/builders.ts';
import { inVersion } from '../support/observed/in-version.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { TestNamespace } from '../support/cluster/test-cluster.ts';

/** Every served version of every kind on a real API server: what is written in one is whole in all others. */

let sluice: RunningSluice;
let place: TestNamespace;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  // Not opted in, so that nothing works with the objects while they are looked at.
  place = await sluice.cluster.namespace();
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

// A KeptnAppCreationRequest is deleted once it is carried out; its versions are alike.
const several = servedKinds.filter(
  ({ kind, versions }) => versions.length > 1 && kind !== 'KeptnAppCreationRequest',
);

const outdatedSpecs: Readonly<Record<string, unknown>> = {
  KeptnEvaluationProvider: { targetServer: 'http://prometheus:9090', secretName: 'key' },
  KeptnWorkloadInstance: {
    app: 'shop',
    version: '1.0.0',
    workloadName: 'shop-cart',
    resourceReference: { uid: 'x', kind: 'ReplicaSet', name: 'cart-1' },
  },
};

const specOf = (kind: Resource): unknown =>
  outdatedSpecs[kind.kind] ?? standardObjects.find((object) => object.kind === kind.kind)?.spec;

describe.each(several)('an object of $kind', (kind) => {
  const name = `whole-${kind.kind.toLowerCase()}`;
  const names = kind.versions.map((version) => version.name);

  it('stays whole when it is applied, patched and replaced in all versions in turn', async () => {
    const { cluster } = sluice;
    const at = { namespace: place.name, name };
    const [stored = ''] = names;
    const inStored = inVersion(kind, stored);
    const manifest = {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name, namespace: place.name },
      spec: specOf(kind),
    };
    const first = await cluster.create(inStored, manifest);
    for (const version of names) {
      const versioned = inVersion(kind, version);
      // As kubectl apply, edit and replace do it: a merge patch, a JSON patch and a write of the whole object.
      await cluster.patch(versioned, at, { metadata: { labels: { merged: version } } });
      await cluster.patch(versioned, { ...at, type: 'json' }, [
        { op: 'test', path: '/metadata/labels/merged', value: version },
        { op: 'add', path: '/metadata/labels/edited', value: version },
      ]);
      const shown = await cluster.get(versioned, at);
      // Controllers may write its status meanwhile.
      const { resourceVersion: _any, ...metadata } = shown?.metadata ?? { name };
      await cluster.kubectl(['replace', '-f', '-'], JSON.stringify({ ...shown, metadata }));
      const now = await cluster.get(inStored, at);
      expect(now?.spec).toEqual(first.spec);
      expect(now?.metadata.labels).toEqual({ merged: version, edited: version });
    }
    const last = await cluster.get(inStored, at);
    expect(last?.metadata.annotations ?? {}).toEqual({});
    expect(last?.metadata.generation).toBe(first.metadata.generation);
  });

  it.each(names.slice(1))(
    'is owned field by field by one who applies it as stored and one who applies %s',
    async (version) => {
      const { cluster } = sluice;
      const at = { namespace: place.name, name: `shared-${kind.kind.toLowerCase()}-${version}` };
      const [stored = ''] = names;
      const inStored = inVersion(kind, stored);
      // Where a webhook converts, the other one owns a field of the spec, too.
      const added = needsConverter(kind) ? { onFailure: ['notify'] } : {};
      const apply = (as: string, manager: string, rest: object) =>
        cluster.kubectl(
          ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
          JSON.stringify({ apiVersion: `${kind.group}/${as}`, kind: kind.kind, ...rest }),
        );
      await apply(stored, 'one', { metadata: at, spec: specOf(kind) });
      const first = await cluster.get(inStored, at);
      for (const by of ['first', 'second']) {
        const spec = needsConverter(kind) ? { spec: added } : {};
        await apply(version, 'other', { metadata: { ...at, labels: { by } }, ...spec });
        await apply(stored, 'one', { metadata: at, spec: specOf(kind) });
        const now = await cluster.get(inStored, at);
        expect(now?.spec).toEqual({ ...first?.spec, ...added });
        expect(now?.metadata.labels).toEqual({ by });
      }
    },
  );
});

describe('an old object', () => {
  it('of KeptnApp v1alpha2 keeps its checks in v1', async () => {
    const { cluster } = sluice;
    const at = { namespace: place.name, name: 'old-shop' };
    const spec = {
      version: '1.0.0',
      workloads: [{ name: 'cart', version: '1.0.0' }],
      preDeploymentTasks: ['check'],
    };
    const manifest = {
      apiVersion: 'lifecycle.keptn.sh/v1alpha2',
      kind: 'KeptnApp',
      metadata: at,
      spec,
    };
    const told = await cluster.verdictOn(manifest);
    await cluster.create(inVersion(KeptnApp, 'v1alpha2'), manifest);
    expect(told.refusal).toBeUndefined();
    expect(told.warnings.join()).toContain(
      'runs only as long as there is no KeptnAppContext old-shop',
    );
    const inV1 = await cluster.get(KeptnApp, at);
    expect(inV1?.spec).toEqual({ ...spec, revision: 1 });
  });

  it('of KeptnAppVersion v1alpha1 has the items of its status under the names of v1', async () => {
    const { cluster } = sluice;
    const at = { namespace: place.name, name: 'old-shop-1' };
    const old = inVersion(KeptnAppVersion, 'v1alpha1');
    const manifest = {
      apiVersion: 'lifecycle.keptn.sh/v1alpha1',
      kind: 'KeptnAppVersion',
      metadata: at,
      spec: { appName: 'old-shop', version: '1' },
    };
    await cluster.create(old, manifest);
    const preDeploymentTaskStatus = [{ taskDefinitionName: 'check', taskName: 'pre-check-1' }];
    const status = { preDeploymentTaskStatus, preDeploymentStatus: 'Progressing' };
    await cluster.patch(old, { ...at, subresource: 'status' }, { status });
    const inV1 = await cluster.get(KeptnAppVersion, at);
    expect(inV1?.status?.preDeploymentTaskStatus).toMatchObject([
      { definitionName: 'check', name: 'pre-check-1' },
    ]);
    const inV1alpha1 = await cluster.get(old, at);
    const shown: unknown = inV1alpha1?.status;
    expect(isJsonObject(shown) && shown['preDeploymentTaskStatus']).toMatchObject(
      preDeploymentTaskStatus,
    );
  });

  it('of KeptnEvaluationProvider is taken, and its user told what to write instead', async () => {
    const { warnings, refusal } = await sluice.cluster.verdictOn({
      apiVersion: 'lifecycle.keptn.sh/v1alpha1',
      kind: 'KeptnEvaluationProvider',
      metadata: { name: 'prometheus', namespace: place.name },
      spec: { targetServer: 'http://prometheus:9090' },
    });
    expect(refusal).toBeUndefined();
    expect(warnings).toEqual([KeptnEvaluationProvider.versions[0].deprecationWarning]);
  });

  it('of KeptnMetricsProvider without a type is what its name says', async () => {
    const { warnings, refusal } = await sluice.cluster.verdictOn({
      apiVersion: 'metrics.keptn.sh/v1alpha2',
      kind: 'KeptnMetricsProvider',
      metadata: { name: 'prometheus', namespace: place.name },
      spec: { targetServer: 'http://prometheus:9090' },
    });
    expect({ warnings, refusal }).toEqual({ warnings: [], refusal: undefined });
  });
});
