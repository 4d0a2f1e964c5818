import { describe, expect, it } from 'vitest';
import { migrationText } from '../../src/cli/migrate/migration-text.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import type { Resource } from '../../src/api/resource.ts';
import { findKeptn } from '../../src/install/migration/found-keptn.ts';
import { migrationReport } from '../../src/install/migration/migration-report.ts';
import { anApp, anAppVersion, aWorkloadVersion } from '../support/builders/builders.ts';
import { keptnCrd } from '../support/builders/keptn-ages.ts';

const here = { namespace: 'keptn-system' };

type Stored = KubernetesObject & Record<string, unknown>;

/** A cluster that can only be read. */
class ReadableCluster {
  readonly objects: Stored[] = [];
  readonly asked: string[] = [];
  readonly broken = new Set<string>();

  async get({ kind, name }: ObjectRef) {
    return this.objects.find((one) => one.kind === kind.kind && one.metadata.name === name);
  }

  async *listPaged({ kind, apiVersion }: Kind, { fieldSelector = '' } = {}) {
    this.asked.push(`${apiVersion} ${kind}`);
    if (this.broken.has(kind)) throw new Error('the converter does not answer');
    const [, name] = fieldSelector.split('=');
    const items = this.objects.filter((one) => one.kind === kind);
    yield { items: items.filter(({ metadata }) => name === undefined || metadata.name === name) };
  }
}

const plain = (type: string, metadata: KubernetesObject['metadata'], rest = {}) => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return { apiVersion, kind, metadata, ...rest };
};

const service = (name: string) => ({
  clientConfig: { service: { name, namespace: 'keptn-system' } },
});
const hooks = (kind: string, name: string, ...webhooks: readonly object[]) =>
  plain(`admissionregistration.k8s.io/v1 ${kind}`, { name }, { webhooks });

function crd(kind: Resource, stored: readonly string[], age: 'v1' | 'v1alpha3' = 'v1'): Stored {
  const manifest = keptnCrd(age, kind);
  if (manifest === undefined) throw new Error('no such kind in that age');
  return {
    ...manifest,
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      annotations: {
        'meta.helm.sh/release-name': 'keptn',
        'meta.helm.sh/release-namespace': 'keptn-system',
      },
    },
    status: { storedVersions: stored },
  };
}

function keptn(): ReadableCluster {
  const cluster = new ReadableCluster();
  const inKeptn = (name: string) => ({
    name,
    namespace: 'keptn-system',
    labels: { 'app.kubernetes.io/version': 'v2.0.0' },
  });
  const apiService = (name: string, to: string) =>
    plain('apiregistration.k8s.io/v1 APIService', { name }, { spec: { service: { name: to } } });
  const config = plain('options.keptn.sh/v1alpha1 KeptnConfig', inKeptn('keptnconfig'));
  cluster.objects.push(
    plain('apps/v1 Deployment', inKeptn('lifecycle-operator')),
    plain('apps/v1 Deployment', inKeptn('metrics-operator')),
    plain('apps/v1 Deployment', { name: 'cart', namespace: 'shop' }),
    hooks(
      'MutatingWebhookConfiguration',
      'lifecycle-mutating-webhook-configuration',
      service('lifecycle-webhook-service'),
    ),
    hooks(
      'ValidatingWebhookConfiguration',
      'metrics-validating-webhook-configuration',
      service('metrics-webhook-service'),
    ),
    hooks('ValidatingWebhookConfiguration', 'other', service('other')),
    apiService('v1beta1.custom.metrics.k8s.io', 'metrics-operator-service'),
    apiService('v1beta1.metrics.k8s.io', 'metrics-server'),
    crd(KeptnApp, ['v1alpha3', 'v1']),
    crd(KeptnAppVersion, ['v1']),
    crd(KeptnWorkloadVersion, ['v1']),
    crd(KeptnConfig, ['v1alpha1']),
    { ...anApp() },
    { ...anAppVersion({ status: { status: 'Progressing', currentPhase: 'AppDeploy' } }) },
    {
      ...aWorkloadVersion({
        status: {
          status: 'Progressing',
          deploymentStatus: 'Succeeded',
          currentPhase: 'WorkloadPostDeployTasks',
        },
      }),
    },
    { ...aWorkloadVersion({ metadata: { name: 'old' }, status: { status: 'Succeeded' } }) },
    config,
  );
  return cluster;
}

describe('the report on a Keptn', () => {
  it('names what is Keptn’s, and what becomes of it', async () => {
    const report = migrationReport(await findKeptn(keptn()), here);
    const whats = (found: readonly { what: string }[]) => found.map(({ what }) => what);
    expect(whats(report.operators)).toEqual([
      'Deployment keptn-system/metrics-operator v2.0.0',
      'Deployment keptn-system/lifecycle-operator v2.0.0',
    ]);
    expect(whats(report.webhooks)).toEqual([
      'MutatingWebhookConfiguration lifecycle-mutating-webhook-configuration',
      'ValidatingWebhookConfiguration metrics-validating-webhook-configuration',
    ]);
    expect(report.webhooks[0]?.becomes).toBe('is taken over under its name, in one write');
    expect(whats(report.apiServices)).toEqual(['APIService v1beta1.custom.metrics.k8s.io']);
    expect(report.kinds[0]).toEqual({
      what: 'KeptnApp: 1, stored as v1alpha3, v1',
      becomes: 'are rewritten as v1',
    });
    expect(whats(report.configs)).toEqual(['KeptnConfig keptn-system/keptnconfig']);
  });

  it('says how many replicas come back of a Deployment that has more than are ever restored', async () => {
    const cluster = keptn();
    cluster.objects.unshift(
      plain(
        'apps/v1 Deployment',
        { name: 'metrics-operator', namespace: 'keptn-system' },
        { spec: { replicas: 21 } },
      ),
    );
    const { operators } = migrationReport(await findKeptn(cluster), here);
    expect(operators[0]?.becomes).toMatch(/^is scaled from 21 to 0.*; --back restores 20/u);
  });

  it('does not take the webhooks of a Sluice for those of Keptn, whose names they have', async () => {
    const cluster = new ReadableCluster();
    const own = { ...service('lifecycle-webhook-service'), name: 'mnamespace.sluice.keptn.sh' };
    cluster.objects.push(
      hooks('MutatingWebhookConfiguration', 'lifecycle-mutating-webhook-configuration', own),
    );
    expect(migrationReport(await findKeptn(cluster), here).webhooks).toEqual([]);
  });

  it('says of each version on its way from which phase it goes on, and what is released', async () => {
    const { inFlight } = migrationReport(await findKeptn(keptn()), here);
    expect(inFlight).toEqual([
      {
        what: 'KeptnAppVersion shop/shop-1.0.0-6b86b273',
        becomes: 'goes on from AppDeploy, and what has ended in it is not run again',
      },
      {
        what: 'KeptnWorkloadVersion shop/shop-cart-1.0.0',
        becomes:
          'goes on from WorkloadPostDeployTasks, and what has ended in it is not run again; its Pods are on record as released by Keptn',
      },
    ]);
  });

  it('reads the objects of an old Keptn in the version that it stores', async () => {
    const cluster = new ReadableCluster();
    cluster.objects.push(crd(KeptnApp, ['v1alpha3'], 'v1alpha3'));
    await findKeptn(cluster);
    expect(cluster.asked).toContain('lifecycle.keptn.sh/v1alpha3 KeptnApp');
  });

  it('says which objects cannot be read, and reports the others', async () => {
    const cluster = keptn();
    cluster.broken.add('KeptnApp');
    const report = migrationReport(await findKeptn(cluster), here);
    expect(report.kinds[0]?.what).toBe(
      'KeptnApp: not readable (the converter does not answer), stored as v1alpha3, v1',
    );
    expect(report.inFlight).toHaveLength(2);
  });

  it('is a text for people, with nothing in it where there is no Keptn', async () => {
    const text = migrationText(migrationReport(await findKeptn(keptn()), here), '');
    expect(text).toContain('Versions on their way\n  KeptnAppVersion shop/shop-1.0.0-6b86b273\n');
    const none = migrationText(migrationReport(await findKeptn(new ReadableCluster()), here), '');
    expect(none).toBe('No operator of Keptn runs here.\n\n');
  });
});
