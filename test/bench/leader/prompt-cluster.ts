import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { KubernetesObject, ObjectRef } from '../../../src/api/object.ts';
import type { Cluster, ClusterConnection } from '../../../src/controllers/engine/cluster.ts';
import type { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';

/** What it does not answer. */
export const refuse = (): Promise<never> =>
  Promise.reject(new ClusterError({ code: 403, reason: 'Forbidden', message: 'a benchmark' }));

/** A cluster that answers at once and takes every status: the worst for who must not be held up. */
export class PromptCluster implements ClusterConnection {
  writes = 0;
  /** Requests of every kind. */
  requests = 0;
  readonly #caches: ObjectCaches;

  constructor(caches: ObjectCaches) {
    this.#caches = caches;
  }

  get(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    this.requests += 1;
    return this.#cached(ref);
  }

  #cached({ kind, namespace, name }: ObjectRef): Promise<KubernetesObject | undefined> {
    return Promise.resolve(this.#caches.get(kind, namespace, name));
  }

  async writeStatus(ref: ObjectRef, _version: string, status: unknown): Promise<KubernetesObject> {
    this.requests += 1;
    this.writes += 1;
    const object = await this.#cached(ref);
    if (object === undefined) return refuse();
    const resourceVersion = String(Number(object.metadata.resourceVersion ?? 0) + 1);
    return Object.assign(
      { ...object, status },
      { metadata: { ...object.metadata, resourceVersion } },
    );
  }

  within(): Cluster {
    return this;
  }

  readonly #refused = (): Promise<never> => {
    this.requests += 1;
    return refuse();
  };
  list = this.#refused;
  eventsAbout = this.#refused;
  create = this.#refused;
  patch = this.#refused;
  delete = this.#refused;
}
