import { describe, expect, test } from 'vitest';
import type { Pod } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import {
  type KubernetesObject,
  refKey,
  type ObjectRef,
  refOf,
  type Kind,
} from '../../src/api/object.ts';
import { install, type InstallCluster, uninstall } from '../../src/cli/install.ts';
import { installationParts } from '../../src/cli/installation.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** A cluster in memory that writes down what is done to it, in order. CRDs are served at once. */
class RecordingCluster implements InstallCluster {
  readonly deeds: string[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly pods: Pod[] = [];
  #changed = false;

  async get(ref: ObjectRef) {
    return this.objects.get(refKey(ref));
  }

  async create(kind: Kind, object: KubernetesObject) {
    return this.#store('create', kind, object);
  }

  async createOrReplace(kind: Kind, object: KubernetesObject) {
    return this.#store('replace', kind, object);
  }

  async delete(ref: ObjectRef) {
    this.deeds.push(`delete ${ref.kind.kind}`);
    this.objects.delete(refKey(ref));
  }

  async patch(ref: ObjectRef): Promise<KubernetesObject> {
    this.deeds.push(`patch ${refKey(ref)}`);
    if (ref.name === 'changed' && !this.#changed) {
      this.#changed = true;
      throw new ClusterError({ code: 422, reason: 'Invalid', message: 'test failed' });
    }
    const at = this.pods.findIndex(({ metadata }) => metadata.name === ref.name);
    this.pods.splice(at, 1);
    if (ref.name === 'gone')
      throw new ClusterError({ code: 404, reason: 'NotFound', message: 'no such Pod' });
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: ref.name } };
  }

  async *listPaged() {
    yield { items: [...this.pods] };
  }

  #store(deed: string, kind: Kind, object: KubernetesObject): KubernetesObject {
    this.deeds.push(`${deed} ${kind.kind}`);
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    const stored = {
      ...object,
      status,
      metadata: { ...object.metadata, uid: `uid-${object.metadata.name}` },
    };
    this.objects.set(refKey(refOf(kind, object)), stored);
    return stored;
  }
}

const settings = { namespace: 'keptn-system', target: { url: 'https://127.0.0.1:9443' } } as const;
const by = (cluster: InstallCluster) => ({ cluster, clock: systemClock, tell: () => undefined });

const aPod = (name: string, gates: readonly string[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}` },
  spec: { schedulingGates: gates.map((gate) => ({ name: gate })) },
});

describe('install', () => {
  test('makes the CRDs before anything that relies on them, the webhooks after the rights', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    const first = (kind: string) => cluster.deeds.findIndex((deed) => deed.endsWith(` ${kind}`));
    const order = [
      'CustomResourceDefinition',
      'Namespace',
      'ClusterRole',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
    ].map(first);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  test('leaves a namespace that is there as it is', async () => {
    const cluster = new RecordingCluster();
    await install(['rights'], settings, by(cluster));
    await install(['rights'], settings, by(cluster));
    expect(cluster.deeds.filter((deed) => deed.endsWith(' Namespace'))).toEqual([
      'create Namespace',
    ]);
  });
});

describe('the CRDs of kinds with old versions', () => {
  const crdIn = (cluster: RecordingCluster, plural: string) => {
    const crd = [...cluster.objects.values()].find(
      ({ metadata }) => metadata.name === `${plural}.lifecycle.keptn.sh`,
    );
    return JSON.parse(JSON.stringify(crd)).spec;
  };
  const served = (spec: { versions: { name: string; served: boolean }[] }) =>
    spec.versions.filter((version) => version.served).map(({ name }) => name);
  const all = ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2', 'v1alpha1'];

  test('say at once where a Sluice outside the cluster converts, and whom it is known by', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, { ...settings, caBundle: 'PEM' }, by(cluster));
    const { conversion, ...spec } = crdIn(cluster, 'keptntaskdefinitions');
    expect(conversion).toEqual({
      strategy: 'Webhook',
      webhook: {
        clientConfig: { url: 'https://127.0.0.1:9443/convert', caBundle: btoa('PEM') },
        conversionReviewVersions: ['v1'],
      },
    });
    expect(served(spec)).toEqual(all);
    expect(crdIn(cluster, 'keptnapps').conversion).toEqual({ strategy: 'None' });
    expect(cluster.deeds.filter((deed) => deed.endsWith(' Service'))).toEqual([]);
  });

  test('name a Service inside the cluster that leads to Pods that are not ready, too', async () => {
    const cluster = new RecordingCluster();
    const target = { service: { name: 'sluice', namespace: 'keptn-system' } };
    await install(installationParts, { ...settings, target }, by(cluster));
    const { clientConfig } = crdIn(cluster, 'keptnevaluationdefinitions').conversion.webhook;
    const { name, namespace, path } = clientConfig.service;
    expect(path).toBe('/convert');
    const service = cluster.objects.get(`Service ${namespace}/${name}`);
    expect(service).toMatchObject({ spec: { publishNotReadyAddresses: true } });
  });

  test('serve v1 alone after an uninstall, before anything of them is deleted', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    const { conversion, ...spec } = crdIn(cluster, 'keptntaskdefinitions');
    expect(conversion).toEqual({ strategy: 'None' });
    expect(served(spec)).toEqual(['v1']);
    expect(spec.versions.map(({ name }: { name: string }) => name)).toEqual(all);

    await install(['crds'], settings, by(cluster));
    cluster.deeds.length = 0;
    await uninstall({ namespace: 'keptn-system', crds: true }, by(cluster));
    const crdDeeds = cluster.deeds.filter((deed) => deed.endsWith('CustomResourceDefinition'));
    expect(crdDeeds.slice(0, 3)).toEqual([
      'replace CustomResourceDefinition',
      'replace CustomResourceDefinition',
      'delete CustomResourceDefinition',
    ]);
  });

  test('are left alone by an uninstall when Keptn’s own are there', async () => {
    const cluster = new RecordingCluster();
    await install(['crds'], settings, by(cluster));
    for (const crd of cluster.objects.values()) {
      Object.assign(crd, { spec: { conversion: { strategy: 'None' } } });
    }
    cluster.deeds.length = 0;
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    expect(cluster.deeds).toEqual([]);
  });
});

describe('uninstall', () => {
  const installed = async (): Promise<RecordingCluster> => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    cluster.deeds.length = 0;
    return cluster;
  };

  test('takes the webhooks first, then lifts every own gate, then takes the rights', async () => {
    const cluster = await installed();
    cluster.pods.push(
      aPod('held', [schedulingGate]),
      aPod('foreign', ['other.example/gate']),
      aPod('free', []),
    );
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    const lifted = cluster.deeds.filter((deed) => deed.startsWith('patch'));
    expect(lifted).toEqual(['patch Pod shop/held']);
    const at = (deed: string) => cluster.deeds.indexOf(deed);
    expect(at('delete MutatingWebhookConfiguration')).toBeLessThan(at('patch Pod shop/held'));
    expect(at('delete ValidatingAdmissionPolicy')).toBeLessThan(at('patch Pod shop/held'));
    expect(at('patch Pod shop/held')).toBeLessThan(at('delete ClusterRole'));
  });

  test('keeps the CRDs and the namespace unless the CRDs are asked for', async () => {
    const cluster = await installed();
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    expect(cluster.deeds.join()).not.toMatch(/delete CustomResourceDefinition|Namespace/u);
    await uninstall({ namespace: 'keptn-system', crds: true }, by(cluster));
    expect(cluster.deeds).toContain('delete CustomResourceDefinition');
  });

  test('looks again at a Pod that changed after it was read, and counts what it let go', async () => {
    const cluster = await installed();
    cluster.pods.push(aPod('gone', [schedulingGate]), aPod('changed', [schedulingGate]));
    const told: string[] = [];
    const tell = (line: string) => void told.push(line);
    await uninstall({ namespace: 'keptn-system', crds: false }, { ...by(cluster), tell });
    expect(cluster.deeds.filter((deed) => deed === 'patch Pod shop/changed')).toHaveLength(2);
    expect(told).toContain('gates lifted: 1');
  });

  test('goes on when a Pod has gone by itself, and has nothing to do the second time', async () => {
    const cluster = await installed();
    cluster.pods.push(aPod('gone', [schedulingGate]), aPod('held', [schedulingGate]));
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    expect(cluster.deeds).toContain('patch Pod shop/held');
    cluster.deeds.length = 0;
    cluster.pods.length = 0;
    await uninstall({ namespace: 'keptn-system', crds: false }, by(cluster));
    expect(cluster.deeds).toEqual([]);
  });
});
