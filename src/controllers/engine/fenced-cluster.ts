import type { Cluster, ClusterConnection } from './cluster.ts';

/** This process may not write any more: another one leads, or may by now. Not an error: the reconcile just ends. */
export class Fenced extends Error {
  constructor() {
    super('this process no longer leads');
    this.name = 'Fenced';
  }
}

/** What ends the use of a cluster. */
export interface Fence {
  /** Whether this process may write now. */
  readonly mayWrite: () => boolean;
  /** Aborted when nothing may be under way any more. */
  readonly signal: AbortSignal;
}

/**
 * The cluster for as long as `mayWrite` says so: it is asked before every write, also before one that is repeated because the
 * API server was busy, and a `no` rejects with `Fenced`. When the signal is aborted, what is under way is given up, reads too,
 * and rejects likewise.
 */
export function fencedCluster(cluster: ClusterConnection, { mayWrite, signal }: Fence): Cluster {
  const reads =
    <Args extends unknown[], Result>(read: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await read(...args);
      } catch (error) {
        throw signal.aborted ? new Fenced() : error;
      }
    };
  const writes =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (!mayWrite()) throw new Fenced();
      try {
        return await write(...args);
      } catch (error) {
        throw signal.aborted || !mayWrite() ? new Fenced() : error;
      }
    };
  const reading = cluster.within({ signal });
  const writing = cluster.within({ signal, maySend: mayWrite });
  return {
    get: reads((ref) => reading.get(ref)),
    list: reads((kind, namespace, selector) => reading.list(kind, namespace, selector)),
    eventsAbout: reads((subject) => reading.eventsAbout(subject)),
    create: writes((kind, object) => writing.create(kind, object)),
    patch: writes((ref, operations) => writing.patch(ref, operations)),
    writeStatus: writes((ref, version, status) => writing.writeStatus(ref, version, status)),
    delete: writes((ref, preconditions) => writing.delete(ref, preconditions)),
  };
}
