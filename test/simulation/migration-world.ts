import { gunzipSync, gzipSync } from 'node:zlib';
import { NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { isJsonObject, fieldOf } from '../../src/api/json.ts';
import { type Kind, type KubernetesObject, type ObjectRef, refOf } from '../../src/api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
} from '../../src/api/registration-kinds.ts';
import type { Resource } from '../../src/api/resource.ts';
import { SecretKind } from '../../src/api/secret.ts';
import type { InstallCluster } from '../../src/install/install-cluster.ts';
import { handBack } from '../../src/install/migration/hand-back.ts';
import {
  ApiServiceKind,
  DeploymentKind,
  replicasOf,
  ServiceKind,
} from '../../src/install/migration/keptn-parts.ts';
import { readRecord } from '../../src/install/migration/record.ts';
import { takeOver, type TakingOver } from '../../src/install/migration/take-over.ts';
import { LeaseKind, type Lease } from '../../src/kubernetes/lease/lease-record.ts';
import { type Age, agedKinds, keptnCrd } from '../support/builders/keptn-ages.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';
import { MemoryStore } from '../../src/cli/played/memory-store.ts';

const home = 'keptn-system';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The command is gone in the middle of a request: nothing of it runs any more. */
class Killed extends Error {}

/**
 * A cluster with a Keptn that gives way, in memory: Deployments have Pods, CRDs are established, and after every write it is
 * looked whether a Pod could pass unchecked, be refused, or be acted on by both controllers.
 */
export class MigrationWorld {
  readonly clock = new TestClock();
  readonly store = new MemoryStore(this.clock);
  /** What must never be so, and was. */
  readonly violations = new Set<string>();
  requests = 0;
  #killAt = Infinity;
  #isDone = false;
  readonly #kinds: readonly Resource[];

  /** With a Keptn of this age. */
  constructor(age: Age = 'v1') {
    this.#kinds = agedKinds.filter((kind) => keptnCrd(age, kind) !== undefined);
    const named = (name: string, rest = {}) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, ...rest },
    });
    this.store.create(NamespaceKind, named(home));
    const annotations = { 'keptn.sh/lifecycle-toolkit': 'enabled' };
    this.store.create(NamespaceKind, named('shop', { annotations }));
    for (const kind of agedKinds) this.#createCrd(keptnCrd(age, kind));
    for (const name of ['certificate-operator', 'metrics-operator', 'lifecycle-operator']) {
      this.store.create(DeploymentKind, deployment(name));
    }
    this.store.create(MutatingWebhookConfigurationKind, keptnsWebhook());
    this.store.create(ServiceKind, service('lifecycle-operator-metrics-service'));
    this.store.create(ApiServiceKind, apiService());
    this.store.create(SecretKind, release());
    this.#runDeployments();
  }

  /** Takes over, until its end or until so many requests were sent: the last of them may have been carried out. */
  async takeOver(killAt = Infinity): Promise<'done' | 'killed'> {
    return this.#run(killAt, () => takeOver(this.#by(), this.#installing()));
  }

  async handBack(killAt = Infinity): Promise<'done' | 'killed'> {
    return this.#run(killAt, async () => {
      const record = await readRecord(home, this.#cluster());
      if (record === undefined) throw new Error('there is no record');
      const { installation, lease } = this.#by();
      await handBack({ installation, lease, record }, this.#installing());
    });
  }

  /** Everything that is there, without what differs from one run to the next. */
  state(): Record<string, unknown> {
    const all = this.store.all().map(({ kind, object }) => {
      const { metadata, ...rest } = object;
      const { name, namespace, annotations = {} } = metadata;
      // Helm's own note of the time.
      const { createdAt: _, ...labels } = metadata.labels ?? {};
      const content =
        kind.kind === 'Secret'
          ? manifestIn(object)
          : kind.kind === 'Lease'
            ? holderIn(object)
            : rest;
      return [
        `${kind.kind} ${namespace ?? ''}/${name}`,
        { labels, annotations, content: kind.kind === 'ConfigMap' ? 'recorded' : content },
      ] as const;
    });
    return Object.fromEntries(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  async #run(killAt: number, work: () => Promise<void>): Promise<'done' | 'killed'> {
    this.requests = 0;
    this.#killAt = killAt;
    this.#isDone = false;
    const run = { isOver: false };
    const working = work().finally(() => void (run.isOver = true));
    const ended = working.then(
      () => 'done' as const,
      (error: unknown) => {
        if (error instanceof Killed) return 'killed' as const;
        throw error;
      },
    );
    while (!run.isOver) await this.clock.advanceAsync(1_000);
    this.#isDone = true;
    return ended;
  }

  #by(): TakingOver {
    return {
      installation: {
        namespace: home,
        target: { service: { name: 'sluice', namespace: home } },
        workload: { image: 'sluice:test' },
      },
      lease: { namespace: home, name: 'sluice' },
      untilConverting: async () => '-----BEGIN CERTIFICATE-----',
      untilReady: async () => undefined,
    };
  }

  #installing() {
    return { cluster: this.#cluster(), clock: this.clock, tell: () => undefined };
  }

  #request<T>(effect: () => T): T {
    if (this.#isDone) throw new Killed();
    this.requests += 1;
    // In turn, a request is lost before it is carried out and after it.
    const isLast = this.requests >= this.#killAt;
    if (isLast && this.#killAt % 2 === 0) throw new Killed();
    const answer = effect();
    this.#runDeployments();
    this.#judge();
    if (isLast) throw new Killed();
    return answer;
  }

  #cluster(): InstallCluster {
    const { store } = this;
    const at = ({ kind, namespace, name }: ObjectRef) => store.get(plain(kind), namespace, name);
    return {
      get: async (ref) => this.#request(() => at(ref)),
      create: async (kind, object) =>
        this.#request(() => this.#established(store.create(plain(kind), object))),
      apply: async (kind, object, { dryRun }) =>
        this.#request(() => (dryRun === true ? object : this.#apply(plain(kind), object))),
      patch: async (ref, operations) =>
        this.#request(() => store.patch({ ...ref, kind: plain(ref.kind) }, operations)),
      writeStatus: async (ref, version, status) =>
        this.#request(() => store.writeStatus(ref, version, status)),
      delete: async (ref, preconditions) =>
        this.#request(() => store.delete({ ...ref, kind: plain(ref.kind) }, preconditions)),
      listPaged: (kind, scope = {}) => this.#list(kind, scope),
    };
  }

  async *#list(
    kind: Kind,
    scope: { namespace?: string; fieldSelector?: string; labelSelector?: string },
  ) {
    const items = this.#request(() => {
      const [, name] = scope.fieldSelector?.split('=') ?? [];
      return this.store
        .list(plain(kind), scope.namespace, scope.labelSelector)
        .filter(({ metadata }) => name === undefined || metadata.name === name);
    });
    yield { items };
  }

  #apply(kind: Kind, object: KubernetesObject): KubernetesObject {
    const live = this.store.get(kind, object.metadata.namespace, object.metadata.name);
    if (live === undefined) return this.#established(this.store.create(kind, object));
    const merged = mergedWith(live, object);
    if (!isObject(merged)) throw new Error('objects merge into objects');
    return this.#established(this.store.update(kind, merged));
  }

  /** A CRD remembers what it stores, and is served. */
  #established(object: KubernetesObject): KubernetesObject {
    if (object.kind !== CustomResourceDefinitionKind.kind) return object;
    const status = fieldOf(object, 'status');
    const versions = fieldOf(fieldOf(object, 'spec'), 'versions');
    const stored = (Array.isArray(versions) ? versions : [])
      .filter((version: unknown) => fieldOf(version, 'storage') === true)
      .map((version: unknown) => String(fieldOf(version, 'name')));
    const before = fieldOf(status, 'storedVersions');
    const known = Array.isArray(before) ? before.map(String) : [];
    return this.store.writeStatus(refOf(CustomResourceDefinitionKind, object), undefined, {
      conditions: [{ type: 'Established', status: 'True' }],
      storedVersions: [...new Set([...known, ...stored])],
    });
  }

  #createCrd(crd: object | undefined): void {
    if (!isObject(crd)) return;
    this.#established(this.store.create(CustomResourceDefinitionKind, crd));
  }

  /** What a kubelet and the controllers of Kubernetes would do. */
  #runDeployments(): void {
    for (const one of this.store.list(DeploymentKind)) {
      const name = `${one.metadata.name}-pod`;
      const pod = this.store.get(PodKind, home, name);
      const { wanted } = replicasOf(one);
      const labels = fieldOf(fieldOf(fieldOf(one, 'spec'), 'selector'), 'matchLabels');
      if (wanted > 0 && pod === undefined) {
        const metadata = { name, namespace: home, labels: Object(labels) };
        this.store.create(PodKind, { apiVersion: 'v1', kind: 'Pod', metadata });
      }
      if (wanted === 0 && pod !== undefined) this.store.delete(refOf(PodKind, pod));
      const status = wanted > 0 ? { replicas: wanted, readyReplicas: wanted } : {};
      this.store.writeStatus(refOf(DeploymentKind, one), undefined, status);
    }
    const names = new Set(this.store.list(DeploymentKind).map(({ metadata }) => metadata.name));
    for (const pod of this.store.list(PodKind)) {
      if (!names.has(pod.metadata.name.replace(/-pod$/u, '')))
        this.store.delete(refOf(PodKind, pod));
    }
  }

  #judge(): void {
    const isUp = (name: string) => this.store.get(PodKind, home, `${name}-pod`) !== undefined;
    const lease: Lease | undefined = this.store.get(LeaseKind, home, 'sluice');
    const isFree = lease?.spec?.holderIdentity !== 'sluice-migrate';
    if (isUp('lifecycle-operator') && isUp('sluice') && isFree)
      this.violations.add('both controllers could act');
    const [configuration] = this.store.list(MutatingWebhookConfigurationKind);
    const webhooks = fieldOf(configuration, 'webhooks');
    const hook: unknown = Array.isArray(webhooks)
      ? webhooks.find((one: unknown) => fieldOf(one, 'name') === 'mpod.keptn.sh')
      : undefined;
    if (hook === undefined) this.violations.add('Pods could pass unchecked: no webhook');
    const clientConfig = fieldOf(hook, 'clientConfig');
    const leadsTo = fieldOf(fieldOf(clientConfig, 'service'), 'name');
    const answers = leadsTo === 'sluice' ? 'sluice' : 'lifecycle-operator';
    if (!isUp(answers)) this.violations.add(`Pods would be refused: no ${answers} answers`);
    const authority = leadsTo === 'sluice' ? base64('-----BEGIN CERTIFICATE-----') : 'S0VQVE4=';
    if (fieldOf(clientConfig, 'caBundle') !== authority)
      this.violations.add(`Pods would be refused: ${answers} is not trusted`);
    const shop = this.store.get(NamespaceKind, undefined, 'shop');
    const isLabelled = shop?.metadata.labels?.['sluice.keptn.sh/enabled'] === 'true';
    if (leadsTo === 'sluice' && !isLabelled)
      this.violations.add('Pods could pass unchecked: a Namespace is not labelled');
    for (const kind of this.#kinds) {
      const name = `${kind.plural}.${kind.group}`;
      if (this.store.get(CustomResourceDefinitionKind, undefined, name) === undefined)
        this.violations.add(`objects are lost: ${name} is gone`);
    }
  }
}

/** Kinds are told apart by what they are, not by how much of their objects is asked for. */
function plain({ apiVersion, kind, plural, namespaced }: Kind): Kind {
  return { apiVersion, kind, plural, namespaced };
}

function isObject(value: unknown): value is KubernetesObject {
  return isJsonObject(value) && isJsonObject(value['metadata']);
}

/** Server-side apply by one who is always right: maps merge, webhooks by their names, everything else is replaced. */
function mergedWith(live: unknown, wanted: unknown): unknown {
  if (Array.isArray(live) && Array.isArray(wanted)) {
    const isNamed = wanted.every((one: unknown) => fieldOf(one, 'clientConfig') !== undefined);
    if (!isNamed || wanted.length === 0) return wanted;
    const names = new Set(wanted.map((one: unknown) => fieldOf(one, 'name')));
    const others = live.filter((one: unknown) => !names.has(fieldOf(one, 'name')));
    return [...wanted, ...others];
  }
  if (!isJsonObject(live) || !isJsonObject(wanted)) return wanted;
  const merged = Object.entries(wanted).map(([key, value]) => [key, mergedWith(live[key], value)]);
  return { ...live, ...Object.fromEntries(merged) };
}

const owned = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm', 'keptn.sh/inject-cert': 'true' },
  annotations: { 'meta.helm.sh/release-name': 'keptn', 'meta.helm.sh/release-namespace': home },
};

const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: home, ...owned },
  spec: { replicas: 1, selector: { matchLabels: { 'control-plane': name } } },
});

const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: home, ...owned },
  spec: { selector: { 'control-plane': 'lifecycle-operator' } },
});

const apiService = () => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1beta2.custom.metrics.k8s.io', ...owned },
  spec: { service: { name: 'metrics-operator-service', namespace: home } },
});

const keptnsWebhook = () => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'lifecycle-mutating-webhook-configuration', ...owned },
  webhooks: [
    {
      name: 'mpod.keptn.sh',
      clientConfig: {
        caBundle: 'S0VQVE4=',
        service: { name: 'lifecycle-webhook-service', namespace: home, path: '/mutate-v1-pod' },
      },
    },
  ],
});

function release() {
  const documents = agedKinds.map(
    ({ plural, group }) =>
      `---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ${plural}.${group}\n`,
  );
  const rest =
    '---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: lifecycle-operator\n';
  const body = { manifest: documents.join('') + rest, info: { status: 'deployed' }, version: 1 };
  const inner = gzipSync(JSON.stringify(body)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'sh.helm.release.v1.keptn.v1',
      namespace: home,
      labels: { owner: 'helm', name: 'keptn', status: 'deployed', version: '1' },
    },
    type: 'helm.sh/release.v1',
    data: { release: base64(inner) },
  };
}

/** Which objects a revision of the release is about. */
function manifestIn(secret: KubernetesObject): unknown {
  const packed = String(fieldOf(fieldOf(secret, 'data'), 'release'));
  const inner = Buffer.from(Buffer.from(packed, 'base64').toString('utf8'), 'base64');
  const body: unknown = JSON.parse(gunzipSync(inner).toString('utf8'));
  return fieldOf(body, 'manifest');
}

function holderIn(lease: KubernetesObject): unknown {
  return fieldOf(fieldOf(lease, 'spec'), 'holderIdentity');
}
