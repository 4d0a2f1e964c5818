import { NamespaceKind, type Pod, PodKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { isThis, type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { refOf } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { isEnabled, type NamespaceScope } from '../../domain/opt-in/namespace-scope.ts';
import { gateIndex } from '../../domain/gate/pod-gate.ts';
import type { Backoff } from '../../runtime/backoff.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { RetryTimes } from '../../runtime/retry-times.ts';
import type { Cluster } from '../engine/cluster.ts';
import { Fenced } from '../engine/fenced-cluster.ts';
import { isInapplicablePatch } from '../engine/perform.ts';

/** Lists Pods that no node has taken up yet, page by page: the cache holds only those with our label. */
export interface PendingPods {
  pendingPods(namespace: string, signal: AbortSignal): AsyncIterable<readonly Pod[]>;
}

/** What the sweep needs. `mayWrite` is asked before each write, as by the engine. */
export interface HeldPodSweepParts extends NamespaceScope {
  readonly lookup: Lookup;
  readonly pods: PendingPods;
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly clock: Clock;
  readonly mayWrite?: () => boolean;
  readonly random: () => number;
  /** Told of a Pod that could not be labelled, or of a Namespace that could not be looked through; the others were. */
  readonly onFailure?: (failed: FailedSweep) => void;
}

/** Where a sweep failed. */
export interface FailedSweep {
  readonly namespace: string;
  /** The Pod's name; undefined where its Namespace could not be looked through. */
  readonly pod?: string;
  /** How often in a row. */
  readonly failures: number;
  readonly error: unknown;
}

const everyMs = 10 * 60_000;
// What is refused once is refused again, more often than not.
const backoff: Backoff = { baseMs: 9 * 60_000, capMs: 6 * 60 * 60_000 };

/**
 * Finds held Pods that do not carry our label: gated by Keptn before Sluice took over, by a policy, or with the label
 * stripped. They get the label, and with it the attention of the controllers. Runs on the leader, at start and every ten
 * minutes.
 */
export class HeldPodSweep {
  readonly #parts: HeldPodSweepParts;
  readonly #retries: RetryTimes;
  #timer: Timer | undefined;

  constructor(parts: HeldPodSweepParts) {
    this.#parts = parts;
    this.#retries = new RetryTimes(backoff, parts.random);
  }

  /** Sweeps now and then again and again until the signal is aborted. */
  start(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#timer?.cancel(), { once: true });
    void this.#round(signal);
  }

  async #round(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await this.sweep(signal);
    if (!signal.aborted)
      this.#timer = this.#parts.clock.after(everyMs, () => void this.#round(signal));
  }

  /**
   * One pass over the enabled namespaces; resolves with the number of Pods that got the label. Never rejects: what is refused
   * for one Pod or one Namespace keeps no other from being looked at, and is left out for a while.
   */
  async sweep(signal: AbortSignal): Promise<number> {
    let found = 0;
    for (const { metadata } of this.#parts.lookup.list(NamespaceKind)) {
      if (!isEnabled(metadata, this.#parts) || signal.aborted) continue;
      const key = metadata.name;
      const done = await this.#each(key, { namespace: metadata.name }, async () => {
        for await (const page of this.#parts.pods.pendingPods(metadata.name, signal)) {
          for (const pod of page) if (await this.#take(pod, signal)) found += 1;
        }
      });
      if (done) this.#retries.forget(key);
    }
    return found;
  }

  async #take(pod: Pod, signal: AbortSignal): Promise<boolean> {
    if (!isOverlooked(pod) || signal.aborted || this.#parts.mayWrite?.() === false) return false;
    const { namespace = '', name, uid = '' } = pod.metadata;
    const isLabelled = await this.#each(uid, { namespace, pod: name }, () => this.#label(pod));
    if (isLabelled) this.#retries.forget(uid);
    return isLabelled;
  }

  /** Does something whose turn it is; false if it is not, or if it failed. */
  async #each(
    key: string,
    what: Pick<FailedSweep, 'namespace' | 'pod'>,
    work: () => Promise<void>,
  ): Promise<boolean> {
    const nowMs = this.#parts.clock.elapsed();
    if (!this.#retries.isDue(key, nowMs)) return false;
    try {
      await work();
      return true;
    } catch (error) {
      // Gone, or changed meanwhile: the next sweep sees what there is then.
      if (isOutdated(error) || error instanceof Fenced) return false;
      const failures = this.#retries.failed(key, nowMs);
      this.#parts.onFailure?.({ ...what, failures, error });
      return false;
    }
  }

  async #label(pod: Pod): Promise<void> {
    await this.#parts.cluster.patch(refOf(PodKind, pod), labelling(pod));
  }
}

function isOutdated(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return false;
  return error.code === 404 || error.code === 409 || isInapplicablePatch(error);
}

function isOverlooked(pod: Pod): boolean {
  const { labels, deletionTimestamp } = pod.metadata;
  return (
    gateIndex(pod) >= 0 &&
    labels?.[sluiceKeys.watched] === undefined &&
    deletionTimestamp === undefined
  );
}

function labelling(pod: Pod): readonly JsonPatchOperation[] {
  const label: JsonPatchOperation =
    pod.metadata.labels === undefined
      ? { op: 'add', path: '/metadata/labels', value: { [sluiceKeys.watched]: 'true' } }
      : { op: 'add', path: pointer('metadata', 'labels', sluiceKeys.watched), value: 'true' };
  return [isThis(pod), label];
}
