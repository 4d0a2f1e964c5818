import type { Cluster } from './cluster.ts';

/** This process may not write any more: another one leads, or may by now. Not an error: the reconcile just ends. */
export class Fenced extends Error {
  constructor() {
    super('this process no longer leads');
    this.name = 'Fenced';
  }
}

/** The cluster for as long as `mayWrite` says so: it is asked before every write, and a `no` rejects with `Fenced`. */
export function fencedCluster(cluster: Cluster, mayWrite: () => boolean): Cluster {
  const guarded =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (!mayWrite()) throw new Fenced();
      return write(...args);
    };
  return {
    get: (ref) => cluster.get(ref),
    list: (kind, namespace, labelSelector) => cluster.list(kind, namespace, labelSelector),
    create: guarded((kind, object) => cluster.create(kind, object)),
    patch: guarded((ref, operations) => cluster.patch(ref, operations)),
    writeStatus: guarded((ref, version, status) => cluster.writeStatus(ref, version, status)),
    delete: guarded((ref, preconditions) => cluster.delete(ref, preconditions)),
  };
}
