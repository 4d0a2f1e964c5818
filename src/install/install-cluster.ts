import type { JsonPatchOperation } from '../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../api/object.ts';
import type { Clock } from '../runtime/clock.ts';

/** How an object is applied: under whose name, and whether fields that others own are taken from them. */
export interface ApplyOptions {
  readonly fieldManager: string;
  readonly force?: boolean;
  /** Nothing is stored. */
  readonly dryRun?: boolean;
}

/** What installing needs of the cluster. */
export interface InstallCluster {
  get(ref: ObjectRef): Promise<KubernetesObject | undefined>;
  create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject>;
  apply(kind: Kind, object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<KubernetesObject>;
  writeStatus(ref: ObjectRef, resourceVersion: string, status: unknown): Promise<KubernetesObject>;
  delete(ref: ObjectRef, preconditions: { readonly uid: string }): Promise<unknown>;
  listPaged(
    kind: Kind,
    scope?: { namespace?: string; fieldSelector?: string; labelSelector?: string },
  ): AsyncIterable<{ readonly items: readonly KubernetesObject[] }>;
}

/** With what a command works, and whom it tells what it does. */
export interface Installing<Cluster = InstallCluster> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly tell: (line: string) => void;
}
