import { describe, expect, test } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import {
  type KubernetesObject,
  refKey,
  type ObjectRef,
  refOf,
  type Kind,
} from '../../src/api/object.ts';
import { install } from '../../src/install/install.ts';
import type { ApplyOptions, InstallCluster } from '../../src/install/install-cluster.ts';
import { installationParts } from '../../src/install/installation.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** A cluster in memory that writes down what is done to it, in order. CRDs are served at once. */
class RecordingCluster implements InstallCluster {
  readonly deeds: string[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly applied = new Map<string, KubernetesObject>();
  readonly managers = new Map<string, string>();
  /** What the API server says of an object that others have changed. */
  readonly conflicts = new Map<string, string>();
  readonly pods: Pod[] = [];
  #revision = 0;
  #changed = false;

  async get(ref: ObjectRef) {
    return this.objects.get(refKey(ref));
  }

  async create(kind: Kind, object: KubernetesObject) {
    return this.#store('create', kind, object);
  }

  /** As the API server would, were every field the installation's alone. */
  async apply(kind: Kind, object: KubernetesObject, options: ApplyOptions) {
    const { dryRun, force, fieldManager } = options;
    const key = refKey(refOf(kind, object));
    const conflict = this.conflicts.get(key);
    if (conflict !== undefined && force !== true) {
      throw new ClusterError({ code: 409, reason: 'Conflict', message: conflict });
    }
    const live = this.objects.get(key);
    if (dryRun === true) return object;
    if (live !== undefined && JSON.stringify(this.applied.get(key)) === JSON.stringify(object)) {
      return live;
    }
    this.applied.set(key, object);
    this.managers.set(key, fieldManager);
    return this.#store(live === undefined ? 'create' : 'apply', kind, object);
  }

  async delete(ref: ObjectRef) {
    this.deeds.push(`delete ${ref.kind.kind}`);
    this.objects.delete(refKey(ref));
  }

  async patch(ref: ObjectRef): Promise<KubernetesObject> {
    this.deeds.push(`patch ${refKey(ref)}`);
    const namespace = this.objects.get(refKey(ref));
    if (namespace !== undefined) {
      const { labels: _, ...metadata } = namespace.metadata;
      this.objects.set(refKey(ref), { ...namespace, metadata });
      return namespace;
    }
    if (ref.name === 'changed' && !this.#changed) {
      this.#changed = true;
      throw new ClusterError({ code: 422, reason: 'Invalid', message: 'test failed' });
    }
    if (ref.name === 'denied' && !this.#changed) {
      this.#changed = true;
      const message =
        "ValidatingAdmissionPolicy 'held-pods.sluice.keptn.sh' with binding 'held-pods.sluice.keptn.sh' denied request: x";
      throw new ClusterError({ code: 403, reason: 'Forbidden', message });
    }
    const at = this.pods.findIndex(({ metadata }) => metadata.name === ref.name);
    this.pods.splice(at, 1);
    if (ref.name === 'gone')
      throw new ClusterError({ code: 404, reason: 'NotFound', message: 'no such Pod' });
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: ref.name } };
  }

  async writeStatus(ref: ObjectRef, _resourceVersion: string, status: unknown) {
    this.deeds.push(`status ${refKey(ref)}`);
    const live = this.objects.get(refKey(ref));
    if (live === undefined) throw new Error('there is no such object');
    const written = { ...live, status };
    this.objects.set(refKey(ref), written);
    return written;
  }

  async *listPaged(kind: Kind, { labelSelector = '' }: { readonly labelSelector?: string } = {}) {
    const labelled = [...this.objects.values()].filter(
      ({ metadata }) => metadata.labels?.[labelSelector] !== undefined,
    );
    yield { items: kind === PodKind ? [...this.pods] : labelled };
  }

  #store(deed: string, kind: Kind, object: KubernetesObject): KubernetesObject {
    this.deeds.push(`${deed} ${kind.kind}`);
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    const stored = {
      ...object,
      status,
      metadata: {
        ...object.metadata,
        uid: `uid-${object.metadata.name}`,
        resourceVersion: String((this.#revision += 1)),
      },
    };
    this.objects.set(refKey(refOf(kind, object)), stored);
    return stored;
  }
}

const settings = { namespace: 'keptn-system', target: { url: 'https://127.0.0.1:9443' } } as const;
const keepingCrds = {
  namespace: 'keptn-system',
  leaseName: 'sluice',
  crds: false,
  force: false,
} as const;
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

describe('install, a second time', () => {
  const told = (cluster: InstallCluster, lines: string[]) => ({
    ...by(cluster),
    tell: (line: string) => void lines.push(line),
  });
  const bundles = (cluster: RecordingCluster) =>
    [...cluster.objects.values()].flatMap((object) =>
      [...JSON.stringify(object).matchAll(/"caBundle":"([^"]*)"/gu)].map(([, bundle]) => bundle),
    );

  test('without an authority keeps the caBundle of every webhook and CRD, and says that nothing has changed', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, { ...settings, caBundle: 'PEM' }, by(cluster));
    const before = bundles(cluster);
    cluster.deeds.length = 0;
    const lines: string[] = [];
    await install(installationParts, settings, told(cluster, lines));
    expect(before.length).toBeGreaterThan(10);
    expect(bundles(cluster)).toEqual(before);
    expect(cluster.deeds).toEqual([]);
    expect(lines).toContain(
      'MutatingWebhookConfiguration lifecycle-mutating-webhook-configuration unchanged',
    );
    expect(lines.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  });

  test('takes another authority where one is given', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, { ...settings, caBundle: 'PEM' }, by(cluster));
    const lines: string[] = [];
    await install(installationParts, { ...settings, caBundle: 'OTHER' }, told(cluster, lines));
    expect(new Set(bundles(cluster))).toEqual(new Set([btoa('OTHER')]));
    expect(lines).toContain(
      'ValidatingWebhookConfiguration lifecycle-validating-webhook-configuration changed',
    );
  });

  test('changes nothing while others own what it sets, names that, and takes it if forced', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    cluster.deeds.length = 0;
    cluster.conflicts.set(
      'MutatingWebhookConfiguration lifecycle-mutating-webhook-configuration',
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using admissionregistration.k8s.io/v1: .webhooks[name="mpod.keptn.sh"].failurePolicy',
    );
    cluster.conflicts.set(
      'ClusterRole sluice',
      'Apply failed with 2 conflicts: conflicts with "flux" using rbac.authorization.k8s.io/v1:\n- .rules\n- .metadata.labels.x\nconflicts with "sluice" using rbac.authorization.k8s.io/v1:\n- .rules',
    );
    await expect(install(installationParts, settings, by(cluster))).rejects.toThrow(
      [
        'nothing was changed, because others have set what Sluice sets:',
        '  ClusterRole sluice: flux owns .rules, .metadata.labels.x',
        '  MutatingWebhookConfiguration lifecycle-mutating-webhook-configuration: kubectl-edit owns .webhooks[name="mpod.keptn.sh"].failurePolicy',
        'To take it over: --force-conflicts',
      ].join('\n'),
    );
    expect(cluster.deeds).toEqual([]);
    await install(installationParts, { ...settings, forceConflicts: true }, by(cluster));
  });

  test('takes over what an earlier Sluice wrote in another way', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    cluster.conflicts.set(
      'ClusterRole sluice',
      'Apply failed with 1 conflict: conflict with "sluice" using rbac.authorization.k8s.io/v1: .rules',
    );
    await install(installationParts, settings, by(cluster));
  });

  test('warns while nothing vouches for the webhooks', async () => {
    const lines: string[] = [];
    await install(installationParts, settings, told(new RecordingCluster(), lines));
    expect(lines.at(-1)).toContain('Warning: the webhooks have no caBundle');
    lines.length = 0;
    await install(
      installationParts,
      { ...settings, caBundle: 'PEM' },
      told(new RecordingCluster(), lines),
    );
    expect(lines.join()).not.toContain('Warning');
  });

  test('takes away the policy on requesters where they are not to be checked any more', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, settings, by(cluster));
    const lines: string[] = [];
    await install(['policy'], { ...settings, requesterChecks: false }, told(cluster, lines));
    expect(lines).toContain('ValidatingAdmissionPolicy requester-rights.sluice.keptn.sh removed');
    expect([...cluster.objects.keys()].join()).not.toContain('requester-rights');
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
    await uninstall(keepingCrds, by(cluster));
    const { conversion, ...spec } = crdIn(cluster, 'keptntaskdefinitions');
    expect(conversion).toEqual({ strategy: 'None' });
    expect(served(spec)).toEqual(['v1']);
    expect(spec.versions.map(({ name }: { name: string }) => name)).toEqual(all);

    await install(['crds'], settings, by(cluster));
    cluster.deeds.length = 0;
    await uninstall({ ...keepingCrds, crds: true }, by(cluster));
    const crdDeeds = cluster.deeds.filter((deed) => deed.endsWith('CustomResourceDefinition'));
    expect(crdDeeds.slice(0, 5)).toEqual([
      'apply CustomResourceDefinition',
      'apply CustomResourceDefinition',
      'apply CustomResourceDefinition',
      'apply CustomResourceDefinition',
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
    await uninstall(keepingCrds, by(cluster));
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
    await uninstall(keepingCrds, by(cluster));
    const lifted = cluster.deeds.filter((deed) => deed.startsWith('patch'));
    expect(lifted).toEqual(['patch Pod shop/held']);
    const at = (deed: string) => cluster.deeds.indexOf(deed);
    expect(at('delete MutatingWebhookConfiguration')).toBeLessThan(at('patch Pod shop/held'));
    expect(at('delete ValidatingAdmissionPolicy')).toBeLessThan(at('patch Pod shop/held'));
    expect(at('patch Pod shop/held')).toBeLessThan(at('delete ClusterRole'));
  });

  test('keeps the CRDs and the namespace unless the CRDs are asked for', async () => {
    const cluster = await installed();
    await uninstall(keepingCrds, by(cluster));
    expect(cluster.deeds.join()).not.toMatch(/delete CustomResourceDefinition|Namespace/u);
    await uninstall({ ...keepingCrds, crds: true }, by(cluster));
    expect(cluster.deeds).toContain('delete CustomResourceDefinition');
  });

  test('looks again at a Pod that changed after it was read, and counts what it let go', async () => {
    const cluster = await installed();
    cluster.pods.push(aPod('gone', [schedulingGate]), aPod('changed', [schedulingGate]));
    const told: string[] = [];
    const tell = (line: string) => void told.push(line);
    await uninstall(keepingCrds, { ...by(cluster), tell });
    expect(cluster.deeds.filter((deed) => deed === 'patch Pod shop/changed')).toHaveLength(2);
    expect(told).toContain('gates lifted: 1');
  });

  test('tries again while the API server still goes by the policy on held Pods that was just deleted', async () => {
    const cluster = await installed();
    cluster.pods.push(aPod('denied', [schedulingGate]));
    const told: string[] = [];
    await uninstall(keepingCrds, { ...by(cluster), tell: (line) => void told.push(line) });
    expect(told).toContain('gates lifted: 1');
  });

  test('goes on when a Pod has gone by itself, and has nothing to do the second time', async () => {
    const cluster = await installed();
    cluster.pods.push(aPod('gone', [schedulingGate]), aPod('held', [schedulingGate]));
    await uninstall(keepingCrds, by(cluster));
    expect(cluster.deeds).toContain('patch Pod shop/held');
    cluster.deeds.length = 0;
    cluster.pods.length = 0;
    await uninstall(keepingCrds, by(cluster));
    expect(cluster.deeds).toEqual([]);
  });

  const leaseHeldUntil = (ms: number): KubernetesObject =>
    Object.assign(
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
      {
        metadata: { name: 'sluice', namespace: 'keptn-system', uid: 'uid-of-lease' },
        spec: {
          holderIdentity: 'sluice-7d9f_x',
          leaseDurationSeconds: 15,
          renewTime: new Date(ms - 15_000).toISOString(),
        },
      },
    );

  const inCluster = {
    namespace: 'keptn-system',
    target: { service: { name: 'lifecycle-webhook-service', namespace: 'keptn-system' } },
  } as const;

  test('stops what it runs in the cluster before it lifts a gate, and waits until nothing works any more', async () => {
    const cluster = new RecordingCluster();
    await install(installationParts, inCluster, by(cluster));
    const lease = leaseHeldUntil(systemClock.now() + 1_500);
    cluster.objects.set('Lease keptn-system/sluice', lease);
    cluster.pods.push(aPod('held', [schedulingGate]));
    cluster.deeds.length = 0;
    const lines: string[] = [];
    const startedAt = systemClock.elapsed();
    await uninstall(keepingCrds, { ...by(cluster), tell: (line) => void lines.push(line) });
    expect(systemClock.elapsed() - startedAt).toBeGreaterThan(1_000);
    const order = [
      'delete MutatingWebhookConfiguration',
      'delete ValidatingAdmissionPolicy',
      'delete Deployment',
      'patch Pod shop/held',
      'delete ClusterRole',
    ].map((deed) => cluster.deeds.indexOf(deed));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(cluster.deeds).toContain('delete PodDisruptionBudget');
    expect(lines).toContain('Deployments removed');
  });

  test('waits as long as it is told to for a Sluice that somebody else has ended, and no longer', async () => {
    const cluster = await installed();
    const lease = leaseHeldUntil(systemClock.now() + 60_000);
    cluster.objects.set('Lease keptn-system/sluice', lease);
    await expect(uninstall({ ...keepingCrds, waitMs: 600 }, by(cluster))).rejects.toThrow(
      'webhooks and policies are gone, but sluice-7d9f_x still holds the Lease keptn-system/sluice after 0.6 s',
    );
    expect(cluster.deeds).toContain('delete MutatingWebhookConfiguration');
    expect(cluster.deeds).not.toContain('delete ClusterRole');
  });

  test('stops the conversion in the name of who installed the CRD, and keeps what is on it', async () => {
    const cluster = await installed();
    const name = 'CustomResourceDefinition keptntaskdefinitions.lifecycle.keptn.sh';
    const crd = cluster.objects.get(name);
    Object.assign(crd?.metadata ?? {}, { annotations: { 'meta.helm.sh/release-name': 'sluice' } });
    cluster.conflicts.set(
      name,
      'Apply failed with 1 conflict: conflict with "helm" using apiextensions.k8s.io/v1: .spec.conversion.strategy',
    );
    await uninstall(keepingCrds, by(cluster));
    expect(cluster.managers.get(name)).toBe('helm');
    expect(cluster.objects.get(name)?.metadata).toMatchObject({
      labels: { 'app.kubernetes.io/part-of': 'sluice' },
      annotations: { 'meta.helm.sh/release-name': 'sluice' },
    });
  });

  test('refuses while a Sluice holds the Lease, unless it is forced', async () => {
    const cluster = await installed();
    cluster.objects.set('Lease keptn-system/sluice', leaseHeldUntil(systemClock.now() + 10_000));
    await expect(uninstall(keepingCrds, by(cluster))).rejects.toThrow(
      'Sluice runs: sluice-7d9f_x holds the Lease keptn-system/sluice',
    );
    expect(cluster.deeds).toEqual([]);
    await uninstall({ ...keepingCrds, force: true }, by(cluster));
    expect(cluster.deeds).toContain('delete Lease');
  });

  test('takes its labels and its Lease away, and says what it leaves', async () => {
    const cluster = await installed();
    cluster.objects.set('Lease keptn-system/sluice', leaseHeldUntil(systemClock.now() - 1));
    cluster.objects.set('Namespace shop', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', uid: 'u', labels: { 'sluice.keptn.sh/enabled': 'true' } },
    });
    const lines: string[] = [];
    await uninstall(keepingCrds, { ...by(cluster), tell: (line) => void lines.push(line) });
    expect(cluster.objects.get('Namespace shop')?.metadata.labels).toBeUndefined();
    expect(cluster.objects.has('Lease keptn-system/sluice')).toBe(false);
    expect(lines).toContain('labels removed from Namespaces: 1');
    expect(lines.at(-1)).toMatch(/^Left as they are: the CRDs .* Namespace keptn-system/u);
  });
});
