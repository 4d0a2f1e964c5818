import {
  type Job,
  JobKind,
  NamespaceKind,
  type Pod,
  PodKind,
  type ReplicaSet,
  ReplicaSetKind,
} from '../../../src/api/builtin.ts';
import {
  enabledValue,
  keptnAnnotations,
  schedulingGate,
  sluiceKeys,
} from '../../../src/api/keptn/annotations.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import type { Manifest, TestCluster, TestNamespace } from './test-cluster.ts';

/** An Event as the API server stores it. */
export interface StoredEvent extends KubernetesObject {
  readonly reason?: string;
  readonly note?: string;
  readonly type?: string;
  readonly regarding?: { readonly kind?: string; readonly name?: string };
}

const EventKind: Kind<StoredEvent> = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** What a test waits for in a version. */
export interface Awaited {
  /** Application and workload; `shop` and `cart` unless told. */
  readonly app?: string;
  readonly workload?: string;
  readonly version?: string;
  readonly withinMs?: number;
}

/** A namespace that has opted in, and the questions tests ask about it. */
export class EnabledNamespace implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly name: string;
  readonly #namespace: TestNamespace;

  private constructor(cluster: TestCluster, namespace: TestNamespace) {
    this.cluster = cluster;
    this.#namespace = namespace;
    this.name = namespace.name;
  }

  static async create(cluster: TestCluster): Promise<EnabledNamespace> {
    const annotations = { [keptnAnnotations.lifecycleToolkit]: enabledValue };
    return new EnabledNamespace(cluster, await cluster.namespace({ annotations }));
  }

  /** One of this name that others make. It goes when disposed of. */
  static named(cluster: TestCluster, name: string): EnabledNamespace {
    const remove = (): Promise<void> => cluster.delete(NamespaceKind, { name });
    return new EnabledNamespace(cluster, { name, [Symbol.asyncDispose]: remove });
  }

  /** Applies manifests here, whatever namespace they name. */
  async apply(...manifests: readonly Manifest[]): Promise<void> {
    await this.cluster.apply(...manifests.map((manifest) => this.#here(manifest)));
  }

  /** Pods of workloads; those of Jobs are left out. */
  async pods(): Promise<Pod[]> {
    const pods = await this.cluster.list(PodKind, { namespace: this.name });
    return pods.filter(
      ({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'Job') !== true,
    );
  }

  /** Waits until the Pods of workloads are as many, and all of them are as asked. */
  async untilPods(count: number, are: (pod: Pod) => boolean, withinMs?: number): Promise<Pod[]> {
    let last: Pod[] = [];
    try {
      return await eventually(
        `${count} Pods in ${this.name}, all ${are.name}`,
        async () => {
          last = await this.pods();
          return last.length === count && last.every(are) && last;
        },
        withinMs,
      );
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new Error(`${words}; at last ${JSON.stringify(last.map(summary))}`, { cause: error });
    }
  }

  /** Waits until the version of a workload is as asked. */
  async untilVersion(
    { app = 'shop', workload = 'cart', version = '1.0.0', withinMs = 30_000 }: Awaited,
    is: (version: KeptnWorkloadVersion) => boolean,
  ): Promise<KeptnWorkloadVersion> {
    const name = `${app}-${workload}-${version}`;
    return this.cluster.until(KeptnWorkloadVersion, { namespace: this.name, name, withinMs }, is);
  }

  workloadVersions(): Promise<KeptnWorkloadVersion[]> {
    return this.cluster.list(KeptnWorkloadVersion, { namespace: this.name });
  }

  appVersions(): Promise<KeptnAppVersion[]> {
    return this.cluster.list(KeptnAppVersion, { namespace: this.name });
  }

  tasks(): Promise<KeptnTask[]> {
    return this.cluster.list(KeptnTask, { namespace: this.name });
  }

  replicaSets(): Promise<ReplicaSet[]> {
    return this.cluster.list(ReplicaSetKind, { namespace: this.name });
  }

  jobs(): Promise<Job[]> {
    return this.cluster.list(JobKind, { namespace: this.name });
  }

  /** Waits until there is one task of a definition, and it is as asked. */
  async untilTask(
    definition: string,
    is: (task: KeptnTask) => boolean,
    withinMs?: number,
  ): Promise<KeptnTask> {
    let last: KeptnTask[] = [];
    try {
      return await eventually(
        `a task of ${definition} in ${this.name} as awaited`,
        async () => {
          last = (await this.tasks()).filter(({ spec }) => spec.taskDefinition === definition);
          return last.find(is);
        },
        withinMs,
      );
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new Error(`${words}; at last ${JSON.stringify(last)}`, { cause: error });
    }
  }

  /** The Events about objects of a kind. */
  async events(kind: string): Promise<StoredEvent[]> {
    const events = await this.cluster.list(EventKind, { namespace: this.name });
    return events.filter(({ regarding }) => regarding?.kind === kind);
  }

  /** How often objects of a resource (`jobs.batch`) were ever created here, by the audit log. */
  created(resource: string): string[] {
    return this.cluster
      .writes()
      .filter((write) => write.verb === 'create' && write.resource === resource)
      .filter(({ namespace }) => namespace === this.name)
      .map(({ name = '' }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
  }

  #here(manifest: Manifest): Manifest {
    return { ...manifest, metadata: { ...manifest.metadata, namespace: this.name } };
  }
}

/** Whether our gate holds the Pod. */
export function isHeld(pod: Pod): boolean {
  return pod.spec?.schedulingGates?.some(({ name }) => name === schedulingGate) === true;
}

/** Whether the Pod runs and is ready. */
export function isReady(pod: Pod): boolean {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return !isHeld(pod) && ready?.status === 'True';
}

function summary(pod: Pod) {
  const { name, annotations, labels } = pod.metadata;
  return {
    name,
    held: isHeld(pod),
    ready: isReady(pod),
    watched: labels?.[sluiceKeys.watched],
    explanation: annotations?.[sluiceKeys.explanation],
  };
}

/** Whether a version has come to a good end. */
export function isCompleted({ status }: KeptnWorkloadVersion | KeptnAppVersion): boolean {
  return status?.currentPhase === 'Completed' && status.status === 'Succeeded';
}
