import { NamespaceKind, type Pod, PodKind } from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import { enabledValue, keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { refOf } from '../api/object.ts';
import type { Lookup } from '../domain/lookup.ts';
import { gateIndex } from '../domain/pod-gate.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Cluster } from './cluster.ts';

/** Lists Pods that no node has taken up yet, page by page: the cache holds only those with our label. */
export interface PendingPods {
  pendingPods(namespace: string, signal: AbortSignal): AsyncIterable<readonly Pod[]>;
}

/** What the sweep needs. `mayWrite` is asked before each write, as by the engine. */
export interface HeldPodSweepParts {
  readonly lookup: Lookup;
  readonly pods: PendingPods;
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly clock: Clock;
  readonly mayWrite?: () => boolean;
  /** Told of a sweep that could not be finished; the next one follows in time. */
  readonly onFailure?: (error: unknown) => void;
}

const everyMs = 10 * 60_000;

/**
 * Finds held Pods that do not carry our label: gated by Keptn before Sluice took over, by a policy, or with the label
 * stripped. They get the label, and with it the attention of the controllers. Runs on the leader, at start and every ten
 * minutes.
 */
export class HeldPodSweep {
  readonly #parts: HeldPodSweepParts;
  #timer: Timer | undefined;

  constructor(parts: HeldPodSweepParts) {
    this.#parts = parts;
  }

  /** Sweeps now and then again and again until the signal is aborted. */
  start(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#timer?.cancel(), { once: true });
    void this.#round(signal);
  }

  async #round(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      await this.sweep(signal);
    } catch (error) {
      if (!signal.aborted) this.#parts.onFailure?.(error);
    }
    if (!signal.aborted)
      this.#timer = this.#parts.clock.after(everyMs, () => void this.#round(signal));
  }

  /** One pass over the enabled namespaces; resolves with the number of Pods that got the label. */
  async sweep(signal: AbortSignal): Promise<number> {
    let found = 0;
    const enabled = this.#parts.lookup
      .list(NamespaceKind)
      .filter(
        ({ metadata }) =>
          metadata.annotations?.[keptnAnnotations.lifecycleToolkit] === enabledValue,
      );
    for (const { metadata } of enabled) {
      for await (const page of this.#parts.pods.pendingPods(metadata.name, signal)) {
        for (const pod of page.filter(isOverlooked)) {
          if (signal.aborted || this.#parts.mayWrite?.() === false) return found;
          if (await this.#label(pod)) found += 1;
        }
      }
    }
    return found;
  }

  async #label(pod: Pod): Promise<boolean> {
    try {
      await this.#parts.cluster.patch(refOf(PodKind, pod), labelling(pod));
      return true;
    } catch (error) {
      // Gone, or changed meanwhile: the next sweep sees what there is then.
      if (error instanceof ClusterError && [404, 409, 422].includes(error.code)) return false;
      throw error;
    }
  }
}

function isOverlooked(pod: Pod): boolean {
  const { labels, deletionTimestamp } = pod.metadata;
  return (
    gateIndex(pod) >= 0 &&
    labels?.[sluiceKeys.watched] === undefined &&
    deletionTimestamp === undefined
  );
}

function labelling({ metadata }: Pod): readonly JsonPatchOperation[] {
  const label: JsonPatchOperation =
    metadata.labels === undefined
      ? { op: 'add', path: '/metadata/labels', value: { [sluiceKeys.watched]: 'true' } }
      : { op: 'add', path: pointer('metadata', 'labels', sluiceKeys.watched), value: 'true' };
  return [{ op: 'test', path: '/metadata/uid', value: metadata.uid }, label];
}
