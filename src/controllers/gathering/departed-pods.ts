import type { Pod } from '../../api/builtin.ts';
import { controllerOf } from '../../api/object.ts';

/** Pods remembered of one Job. A Job's earlier Pods say less than its later ones. */
const podsOfJob = 10;
/** Jobs of which Pods are remembered; the oldest are forgotten first. */
const jobs = 1_000;

/**
 * The last states of Pods of Jobs that have ended a container, kept after the Pods are gone from the caches: the Job
 * controller deletes them before it reports the failure, and their end and their deletion may come together. Bounded, and
 * only a help: what a process has not seen, another one may have written down.
 */
export class DepartedPods {
  readonly #byJob = new Map<string, Map<string, Pod>>();

  /** Takes note of a Pod in whatever state it was seen; only one with an ended container is worth it. */
  see(pod: Pod): void {
    const job = controllerOf(pod);
    const { uid } = pod.metadata;
    if (job?.kind !== 'Job' || uid === undefined || !hasEnded(pod)) return;
    const pods = this.#byJob.get(job.uid) ?? new Map<string, Pod>();
    this.#byJob.delete(job.uid);
    this.#byJob.set(job.uid, pods);
    pods.delete(uid);
    pods.set(uid, pod);
    forgetOldest(pods, podsOfJob);
    forgetOldest(this.#byJob, jobs);
  }

  /** The Pods of a Job: those in the cache, and those remembered that are not there any more. */
  with(cached: readonly Pod[], jobUid: string): readonly Pod[] {
    const known = new Set(cached.map(({ metadata }) => metadata.uid));
    const gone = [...(this.#byJob.get(jobUid)?.values() ?? [])];
    return [...cached, ...gone.filter(({ metadata }) => !known.has(metadata.uid))];
  }

  /** This Job will not be asked for again. */
  forget(jobUid: string): void {
    this.#byJob.delete(jobUid);
  }
}

function hasEnded({ status }: Pod): boolean {
  const containers = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ];
  const ended = containers.some(
    ({ state, lastState }) =>
      state?.terminated !== undefined || lastState?.terminated !== undefined,
  );
  return ended || status?.phase === 'Failed';
}

function forgetOldest<K>(map: Map<K, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
