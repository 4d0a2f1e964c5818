import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { schedulingGate } from '../../../src/api/keptn/annotations.ts';
import { ApiClient } from './api-client.ts';
import type { Stage } from './stage.ts';

/** When a Pod was first seen so by a watch, in milliseconds since the epoch; undefined for what it has not come to. */
export interface PodTimes {
  readonly name: string;
  /** The name of the Job that owns it; undefined for a Pod of a workload. */
  readonly job: string | undefined;
  /** The name of its Deployment, as far as the name of a Pod of a ReplicaSet tells it. */
  readonly deployment: string;
  readonly createdAt: number;
  liftedAt?: number;
  readyAt?: number;
  endedAt?: number;
}

const changeSchema = Type.Object({
  type: Type.String(),
  object: Type.Object({
    metadata: Type.Object({
      name: Type.String(),
      ownerReferences: Type.Optional(
        Type.Array(Type.Object({ kind: Type.String(), name: Type.String() })),
      ),
    }),
    spec: Type.Object({
      schedulingGates: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    }),
    status: Type.Object({
      phase: Type.Optional(Type.String()),
      conditions: Type.Optional(
        Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
      ),
    }),
  }),
});

/**
 * Follows the Pods of one namespace by a watch of its own. The audit log names no Pod that a controller creates: its name is made
 * only while it is stored.
 */
export class PodWatch implements AsyncDisposable {
  readonly #pods = new Map<string, PodTimes>();
  readonly #stopping = new AbortController();
  readonly #client: ApiClient;

  private constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Resolves when the watch has begun. */
  static async start({ cluster }: Stage, namespace: string): Promise<PodWatch> {
    const watch = new PodWatch(new ApiClient(cluster.controlPlane));
    await watch.#client.watch(
      `/api/v1/namespaces/${namespace}/pods?watch=true`,
      (line) => watch.#see(line),
      watch.#stopping.signal,
    );
    return watch;
  }

  get ofWorkloads(): readonly PodTimes[] {
    return [...this.#pods.values()].filter(({ job }) => job === undefined);
  }

  get ofJobs(): readonly PodTimes[] {
    return [...this.#pods.values()].filter(({ job }) => job !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#client[Symbol.asyncDispose]();
  }

  #see(line: string): void {
    const now = Date.now();
    const change: unknown = JSON.parse(line);
    if (!Value.Check(changeSchema, change)) return;
    const { metadata, spec, status } = change.object;
    const { name } = metadata;
    const known: PodTimes = this.#pods.get(name) ?? {
      name,
      job: metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.name,
      deployment: name.split('-').slice(0, -2).join('-'),
      createdAt: now,
    };
    this.#pods.set(name, known);
    const isHeld = spec.schedulingGates?.some((gate) => gate.name === schedulingGate) === true;
    if (!isHeld) known.liftedAt ??= now;
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') known.readyAt ??= now;
    if (status.phase === 'Succeeded' || status.phase === 'Failed') known.endedAt ??= now;
  }
}
