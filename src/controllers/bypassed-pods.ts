import { type Namespace, NamespaceKind, type Pod } from '../api/builtin.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { bypassedNote, isBypassed } from '../domain/bypassed.ts';
import { identityIn } from '../domain/identity-in.ts';
import type { Identity } from '../domain/identity.ts';
import { ownerIndex } from '../domain/lookup.ts';
import { isOptedIn } from '../domain/namespace.ts';
import { supportedOwner } from '../domain/owner-chain.ts';
import { isReleased } from '../domain/release.ts';
import { ownerOfReference, type RolloutOwner } from '../domain/rollout-owner.ts';
import { uidOf, workloadNameFor } from '../domain/workload-identity.ts';
import type { CacheChange, Caches, EventSink } from './cluster.ts';
import { identityOptions } from './workload-owners.ts';

/** Lists the Pods that run in a namespace, page by page: the cache holds only those with our label. */
export interface RunningPods {
  runningPods(namespace: string, signal: AbortSignal): AsyncIterable<readonly Pod[]>;
}

/** What the report needs. */
export interface BypassedPodsParts {
  readonly caches: Caches;
  readonly pods: RunningPods;
  readonly events: EventSink;
  readonly operatorNamespace: string;
  /** Told how many there are in a namespace; not called when there are none. */
  readonly onFound: (namespace: string, count: number) => void;
  /** Told of a namespace that could not be looked through. */
  readonly onFailure: (namespace: string, error: unknown) => void;
}

/**
 * Counts and reports annotated Pods that run without ever having been judged (Bypassed), with one Event per owner. Runs on
 * the leader: for every enabled Namespace at start, and for each one when it opts in.
 */
export class BypassedPods {
  readonly #parts: BypassedPodsParts;

  constructor(parts: BypassedPodsParts) {
    this.#parts = parts;
  }

  /** Looks through the enabled Namespaces, one after the other, and from now on through each that opts in. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    const { caches } = this.#parts;
    let last: Promise<void> = Promise.resolve();
    const report = ({ metadata }: Namespace): void => {
      last = last.then(() => this.#reportSafely(metadata.name, signal));
    };
    const unsubscribe = caches.subscribe(NamespaceKind, (change) => {
      if (optsIn(change)) report(change.object);
    });
    signal.addEventListener('abort', unsubscribe, { once: true });
    for (const namespace of caches.list(NamespaceKind)) {
      if (isOptedIn(namespace.metadata)) report(namespace);
    }
  }

  /** Reports one namespace and resolves with the number of Pods found. */
  async report(namespace: string, signal: AbortSignal): Promise<number> {
    const found = new Map<string, { owner: RolloutOwner; count: number }>();
    for await (const page of this.#parts.pods.runningPods(namespace, signal)) {
      for (const pod of page) this.#count(pod, namespace, found);
    }
    if (signal.aborted) return 0;
    for (const { owner, count } of found.values()) {
      this.#parts.events.record(bypassedNote(owner, count), 'bypassed-pods');
    }
    return found.values().reduce((sum, { count }) => sum + count, 0);
  }

  async #reportSafely(namespace: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const count = await this.report(namespace, signal);
      if (count > 0) this.#parts.onFound(namespace, count);
    } catch (error) {
      if (!signal.aborted) this.#parts.onFailure(namespace, error);
    }
  }

  #count(
    pod: Pod,
    namespace: string,
    found: Map<string, { owner: RolloutOwner; count: number }>,
  ): void {
    const { caches, operatorNamespace } = this.#parts;
    const identity = identityIn(caches, pod, identityOptions(caches, operatorNamespace));
    const version = { isReleased: this.#isReleased(identity, namespace) };
    const reference = supportedOwner(pod);
    if (reference === undefined || !isBypassed(pod, identity, version)) return;
    const owner = ownerOfReference(reference, namespace, caches);
    if (owner === undefined) return;
    const uid = uidOf(owner.object);
    found.set(uid, { owner, count: (found.get(uid)?.count ?? 0) + 1 });
  }

  #isReleased(identity: Identity, namespace: string): boolean {
    const { caches } = this.#parts;
    if (identity.type !== 'annotated') return false;
    const workload = caches.get(
      KeptnWorkload,
      namespace,
      workloadNameFor(identity, namespace, caches),
    );
    return caches
      .byIndex(KeptnWorkloadVersion, ownerIndex, workload === undefined ? '' : uidOf(workload))
      .some(({ spec, status }) => spec.version === identity.version && isReleased(status));
  }
}

function optsIn({ type, object, previous }: CacheChange<Namespace>): boolean {
  const before = previous !== undefined && isOptedIn(previous.metadata);
  return type !== 'deleted' && isOptedIn(object.metadata) && !before;
}
