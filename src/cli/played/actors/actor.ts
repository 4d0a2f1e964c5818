import type { MemoryStore } from '../memory-store.ts';

/** What an actor works with. */
export interface Stage {
  readonly store: MemoryStore;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Steps the actor again after this time at the latest. */
  wakeAfter(ms: number): void;
}

/**
 * Somebody else in the cluster: a controller of Kubernetes, a kubelet, a user. `step` is called soon after anything changed; it
 * compares what is with what should be, as controllers do, and must change nothing when there is nothing to do. A `ClusterError`
 * means: again later.
 */
export interface Actor {
  readonly name: string;
  step(stage: Stage): void;
}
