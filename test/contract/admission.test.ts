import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { webhookConfigurations } from '../../src/admission/manifests.ts';
import { optInPolicy } from '../../src/admission/policies/opt-in.ts';
import { policyObjects } from '../../src/admission/policies/policy.ts';
import { type Webhook, webhooks } from '../../src/admission/registry.ts';
import {
  JobKind,
  NamespaceKind,
  type Pod,
  PodKind,
  ReplicaSetKind,
} from '../../src/api/builtin.ts';
import { KeptnTaskDefinition, runnerMessages } from '../../src/api/keptn/task-definition.ts';
import type { Condition, Kind, KubernetesObject } from '../../src/api/object.ts';
import { localHosts, writeLocalCertificates } from '../../src/cli/certs.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { AdmissionServer } from '../../src/server/admission-server.ts';
import { Certificates } from '../../src/server/certificates.ts';
import { ReviewCounts } from '../support/memory/review-counts.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import type { Manifest, TestCluster, TestNamespace } from '../support/cluster/test-cluster.ts';

/** What a real API server makes of the webhook configurations, the answers of the server, and the opt-in policy. */

const operatorNamespace = 'keptn-system';
const optedIn = { 'keptn.sh/lifecycle-toolkit': 'enabled' };
const enabledLabel = 'sluice.keptn.sh/enabled';
const ownGate = { name: 'keptn-prechecks-gate' };
const foreignGate = { name: 'example.com/foreign' };

/** The webhooks as shipped, but every question is written down. */
class Questions {
  readonly asked: string[] = [];

  table(): readonly Webhook[] {
    return webhooks({ operatorNamespace }).map((row) => ({
      ...row,
      handle: (request, lookup, now) => {
        const { metadata } = metadataOf(request.object);
        this.asked.push(
          `${row.resource.kind} ${request.namespace ?? ''}/${metadata.generateName ?? metadata.name ?? ''}`,
        );
        return row.handle(request, lookup, now);
      },
    }));
  }

  about(text: string): string[] {
    return this.asked.filter((question) => question.includes(text));
  }
}

interface Named {
  metadata: { name?: string; generateName?: string };
}

function metadataOf(object: unknown): Named {
  const isNamed = (value: unknown): value is Named =>
    typeof value === 'object' && value !== null && 'metadata' in value;
  return isNamed(object) ? object : { metadata: {} };
}

let cluster: TestCluster;
let server: AdmissionServer;
let top: string;
const questions = new Questions();
const installed: Manifest[] = [];

async function install(...manifests: readonly Manifest[]): Promise<void> {
  installed.push(...manifests);
  await cluster.apply(...manifests);
}

const kindOf = ({ apiVersion, kind }: Manifest): Kind => ({
  apiVersion,
  kind,
  plural: kind.endsWith('y') ? `${kind.toLowerCase().slice(0, -1)}ies` : `${kind.toLowerCase()}s`,
  namespaced: false,
});

async function uninstall(...manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    await cluster.delete(kindOf(manifest), { name: manifest.metadata.name ?? '' });
  }
}

beforeAll(async () => {
  cluster = await sharedCluster();
  top = await mkdtemp(join(tmpdir(), 'sluice-admission-'));
  const issued = await writeLocalCertificates(top, {
    hosts: localHosts(operatorNamespace),
    now: Date.now(),
  });
  const log = new LogMemory();
  server = new AdmissionServer({
    webhooks: questions.table(),
    lookup: fixedLookup([], admissionIndexes),
    clock: systemClock,
    metrics: new ReviewCounts(),
    log,
    certificates: new Certificates(issued, { clock: systemClock, log }),
    listen: { address: '127.0.0.1', port: 0 },
    readiness: [],
  });
  await server.start();
  await install(
    ...webhookConfigurations({
      operatorNamespace,
      target: { url: `https://127.0.0.1:${server.port}` },
      caBundle: issued.ca,
    }),
  );
  await eventually('the Namespace webhook is called', labelsNamespaces);
});

async function labelsNamespaces(): Promise<boolean> {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'probe', annotations: optedIn },
  };
  const probe = await cluster.create(NamespaceKind, manifest, { dryRun: true });
  return probe.metadata.labels?.[enabledLabel] === 'true';
}

afterAll(async () => {
  await uninstall(...installed);
  await server.stop();
  await rm(top, { recursive: true });
});

const container = { name: 'c', image: 'registry.example/c:1' };
const cart = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1' };

function aDeployment(name: string, namespace: TestNamespace, gates: object[] = []): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: namespace.name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: cart },
        spec: { containers: [container], ...(gates.length > 0 && { schedulingGates: gates }) },
      },
    },
  };
}

/** A Pod as a ReplicaSet would make it, for dry runs (a real one would be collected as garbage). */
function aReplica(name: string, namespace: TestNamespace, spec: object = {}): Manifest {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'r',
    uid: 'none',
    controller: true,
  };
  const metadata = { name, namespace: namespace.name, annotations: cart, ownerReferences: [owner] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container], ...spec } };
}

const podOf = (name: string, namespace: TestNamespace): Promise<Pod> =>
  eventually(`a Pod of ${name}`, async () => {
    const [pod] = await cluster.list(PodKind, {
      namespace: namespace.name,
      labelSelector: `app=${name}`,
    });
    return pod;
  });

describe('a Pod in an enabled Namespace', () => {
  test('made by a Deployment is held: gate, label and explanation are on it, and it is not scheduled', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    await cluster.apply(aDeployment('held', namespace));
    const { metadata } = await podOf('held', namespace);
    const place = { namespace: namespace.name, name: metadata.name };
    const pod = await cluster.until(
      PodKind,
      place,
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'SchedulingGated') === true,
    );
    expect(pod.spec?.schedulingGates).toEqual([ownGate]);
    expect(pod.metadata.labels).toMatchObject({ app: 'held', 'sluice.keptn.sh/watched': 'true' });
    expect(pod.metadata.annotations).toMatchObject({
      ...cart,
      'sluice.keptn.sh/explanation': expect.stringContaining(
        'workload shop-cart version 1 of application shop',
      ),
    });
    expect(
      await cluster.kubectl(['describe', 'pod', '-n', namespace.name, metadata.name]),
    ).toContain(
      'Held by Sluice: waiting for the checks of workload shop-cart version 1 of application shop.',
    );
  });

  test('keeps a foreign gate beside the own one', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    await cluster.apply(aDeployment('foreign', namespace, [foreignGate]));
    const pod = await podOf('foreign', namespace);
    expect(pod.spec?.schedulingGates).toEqual([foreignGate, ownGate]);
  });

  test('created as a dry run leaves nothing behind, and the answer shows the gate', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    const before = cluster.writes().length;
    const pod = await cluster.create(PodKind, aReplica('dry', namespace), { dryRun: true });
    expect(pod.spec?.schedulingGates).toEqual([ownGate]);
    expect(await cluster.list(PodKind, { namespace: namespace.name })).toEqual([]);
    const keptn = cluster
      .writes()
      .slice(before)
      .filter((write) => JSON.stringify(write).includes('keptn.sh'));
    expect(keptn).toEqual([]);
  });

  test('is refused when its annotated template puts it on a node; mirror Pods are not asked about', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    const placed = aReplica('placed', namespace, { nodeName: 'some-node' });
    await expect(cluster.create(PodKind, placed, { dryRun: true })).rejects.toThrow(
      'spec.nodeName: puts the Pod past the scheduler',
    );

    const byNode = {
      apiVersion: 'v1',
      kind: 'Node',
      name: 'some-node',
      uid: 'none',
      controller: true,
    };
    const metadata = {
      ...placed.metadata,
      name: 'static',
      annotations: { ...cart, 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [byNode],
    };
    const created = await cluster.create(PodKind, { ...placed, metadata }, { dryRun: true });
    expect(created.spec?.schedulingGates).toBeUndefined();
    expect(questions.about(`${namespace.name}/static`)).toEqual([]);

    // Without a node nobody can pass a Pod off as a mirror Pod.
    const mirror = aReplica('mirror', namespace);
    const annotations = { ...cart, 'kubernetes.io/config.mirror': 'x' };
    await expect(
      cluster.create(
        PodKind,
        { ...mirror, metadata: { ...mirror.metadata, annotations } },
        { dryRun: true },
      ),
    ).rejects.toThrow(/mirror/);
  });

  test('is not asked about when a Job controls it', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    await cluster.create(JobKind, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'task', namespace: namespace.name },
      spec: {
        template: {
          metadata: { labels: { app: 'task' }, annotations: cart },
          spec: { containers: [container], restartPolicy: 'Never' },
        },
      },
    });
    const pod = await podOf('task', namespace);
    expect(pod.spec?.schedulingGates).toBeUndefined();
    expect(questions.about(`Pod ${namespace.name}/`)).toEqual([]);
  });
});

describe('a Namespace', () => {
  test('has the label as long as it has the annotation', async () => {
    await using namespace = await cluster.namespace({ annotations: optedIn });
    const { name } = namespace;
    const labels = async () => (await cluster.get(NamespaceKind, { name }))?.metadata.labels;
    const patch = (metadata: object) => cluster.patch(NamespaceKind, { name }, { metadata });
    expect(await labels()).toHaveProperty([enabledLabel], 'true');
    await patch({ labels: { [enabledLabel]: null } });
    expect(await labels()).toHaveProperty([enabledLabel], 'true');
    await patch({ annotations: { 'keptn.sh/lifecycle-toolkit': null } });
    expect(await labels()).not.toHaveProperty([enabledLabel]);
  });

  test('that is not enabled is none of Sluice’s business', async () => {
    await using namespace = await cluster.namespace();
    await cluster.apply(aDeployment('free', namespace));
    const pod = await podOf('free', namespace);
    expect(pod.spec?.schedulingGates).toBeUndefined();
    expect(questions.about(namespace.name)).toEqual([]);
  });
});

describe('a KeptnTaskDefinition', () => {
  test('is asked about, and refused in Keptn’s words when it has no runner', async () => {
    const folder = new URL('../../manifests/crds/', import.meta.url);
    const file = (await readdir(folder)).find((name) => name.includes('keptntaskdefinitions'));
    const crd: Manifest = parse(await readFile(new URL(file ?? '', folder), 'utf8'));
    await cluster.apply(crd);
    await using namespace = await cluster.namespace();
    const create = (name: string, spec: object) =>
      cluster.create(KeptnTaskDefinition, {
        apiVersion: KeptnTaskDefinition.apiVersion,
        kind: KeptnTaskDefinition.kind,
        metadata: { name, namespace: namespace.name },
        spec,
      });
    await eventually('the CRD is served', () => create('good', { deno: {} }));
    expect(questions.about(`${namespace.name}/good`)).toHaveLength(1);
    await expect(create('bad', {})).rejects.toThrow(runnerMessages.none);
  });
});

interface OwnedPods extends KubernetesObject {
  status?: { conditions?: Condition[] };
}

describe('the opt-in policy, while Sluice is away', () => {
  test('denies Pods of workloads where the label is missing; their controller says so and tries again', async () => {
    const configurations = installed.splice(0);
    await uninstall(...configurations);
    await install(
      ...policyObjects(optInPolicy({ operatorNamespace, users: [], requesterChecks: true })),
    );
    try {
      await eventually('no webhook is called any more', async () => !(await labelsNamespaces()));
      await using namespace = await cluster.namespace({ annotations: optedIn });
      await eventually('the policy is in force', async () => {
        const answer = cluster.create(PodKind, aReplica('probe', namespace), { dryRun: true });
        return answer.then(
          () => false,
          (error: unknown) => String(error).includes('not enabled yet, retry'),
        );
      });
      await using other = await cluster.namespace();
      await cluster.create(PodKind, aReplica('free', other), { dryRun: true });

      await cluster.apply(aDeployment('waiting', namespace));
      const { apiVersion, kind, plural, namespaced } = ReplicaSetKind;
      const replicaSets: Kind<OwnedPods> = { apiVersion, kind, plural, namespaced };
      const failure = await eventually('the ReplicaSet says why', async () => {
        const [replicaSet] = await cluster.list(replicaSets, { namespace: namespace.name });
        return replicaSet?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
      });
      expect(failure.message).toContain('Namespace is not enabled yet, retry');

      // A Pod that no workload made is not held by Keptn either.
      const bare = aReplica('bare', namespace);
      const { ownerReferences: _owners, ...metadata } = bare.metadata;
      await cluster.create(PodKind, { ...bare, metadata }, { dryRun: true });

      await cluster.patch(
        NamespaceKind,
        { name: namespace.name },
        { metadata: { labels: { [enabledLabel]: 'true' } } },
      );
      await podOf('waiting', namespace);
    } finally {
      await uninstall(...installed.splice(0));
      await install(...configurations);
    }
  });
});
