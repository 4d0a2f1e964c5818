import type { PrioritySlots } from '../../runtime/priority-slots.ts';
import type { Cluster } from './cluster.ts';

/** The rank of what nothing waits for: it goes when nothing else wants to. */
export const bookkeepingRank = 100;

/** The same cluster, whose calls wait for a slot as those of this rank. */
export function rankedCluster(cluster: Cluster, slots: PrioritySlots, rank: number): Cluster {
  const ranked =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      slots.run(rank, () => call(...args));
  return {
    get: ranked((ref) => cluster.get(ref)),
    list: ranked((kind, namespace, selector) => cluster.list(kind, namespace, selector)),
    eventsAbout: ranked((subject) => cluster.eventsAbout(subject)),
    create: ranked((kind, object) => cluster.create(kind, object)),
    patch: ranked((ref, operations) => cluster.patch(ref, operations)),
    writeStatus: ranked((ref, version, status) => cluster.writeStatus(ref, version, status)),
    delete: ranked((ref, preconditions) => cluster.delete(ref, preconditions)),
  };
}
