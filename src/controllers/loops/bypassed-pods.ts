import type { CacheChange } from '../../ports/cache-change.ts';
import { type Namespace, NamespaceKind, type Pod } from '../../api/builtin.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { asksForChecks, bareNote } from '../../domain/gate/bare-pod.ts';
import { bypassedNote, isBypassed } from '../../domain/gate/bypassed.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import { isOnRecordOfOptIn } from '../../domain/workload/opt-in-record.ts';
import { isEnabled, type NamespaceScope } from '../../domain/opt-in/namespace-scope.ts';
import { optInOf } from '../../domain/opt-in-state.ts';
import { ownerChainOf, supportedOwner } from '../../domain/owner/owner-chain.ts';
import { isReleased } from '../../domain/gate/release.ts';
import { wasReleasedAt } from '../../domain/phase/hand-release.ts';
import type { EventNote } from '../../domain/plan.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { ownerOfReference } from '../../domain/owner/rollout-owner.ts';
import { uidOf } from '../../domain/identity/workload-names.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Caches, EventSink } from '../engine/cluster.ts';
import { versionOfPod } from '../../domain/identity/version-of-pod.ts';
import { identityOptionsOf } from '../../domain/settings/identity-options.ts';

/** Lists the Pods that run in a namespace, page by page: the cache holds only those with our label. */
export interface RunningPods {
  runningPods(namespace: string, signal: AbortSignal): AsyncIterable<readonly Pod[]>;
}

/** What the report needs. */
export interface BypassedPodsParts extends NamespaceScope {
  readonly caches: Caches;
  readonly pods: RunningPods;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Called for a Namespace that opts in, before its Pods are looked through: what runs then is put on record. */
  readonly onOptIn?: (namespace: string, signal: AbortSignal) => Promise<unknown>;
  /** Told how many there are in a namespace; not called when there are none. */
  readonly onFound: (namespace: string, count: number) => void;
  /** Told of a namespace that could not be looked through. */
  readonly onFailure: (namespace: string, error: unknown) => void;
}

/** Pods of one owner, or a Pod that nothing owns, and what is said of so many. */
interface Found {
  readonly note: (count: number) => EventNote;
  /** The controller under whose name it is said: one fact found in two places is one Event. */
  readonly reporter: 'bypassed-pods' | 'pod-gate';
  readonly count: number;
}

const everyMs = 10 * 60_000;

/**
 * Counts and reports annotated Pods that run without ever having been judged (Bypassed), with one Event per owner, or on the
 * Pod itself if nothing owns it. Runs on the leader: for every enabled Namespace at start and every ten minutes, and for each one that
 * has opted in, once what ran then is on record. An owner is reported again only when more of its Pods are found than before.
 */
export class BypassedPods {
  readonly #parts: BypassedPodsParts;
  /** By Namespace, how many Pods were found of each owner the last time. */
  readonly #known = new Map<string, ReadonlyMap<string, number>>();
  #timer: Timer | undefined;

  constructor(parts: BypassedPodsParts) {
    this.#parts = parts;
  }

  /** Looks through the enabled Namespaces, one after the other, again and again, and through each that opts in. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    const { caches, clock } = this.#parts;
    let last: Promise<void> = Promise.resolve();
    const report = ({ metadata: { name } }: Namespace): void => {
      last = last.then(() => this.#reportSafely(name, signal));
    };
    const unsubscribe = caches.subscribe(NamespaceKind, (change) => {
      if (change.type === 'deleted') this.#known.delete(change.object.metadata.name);
      if (isNew(change, this.#parts)) report(change.object);
    });
    const stop = (): void => {
      unsubscribe();
      this.#timer?.cancel();
    };
    signal.addEventListener('abort', stop, { once: true });
    const round = (): void => {
      for (const namespace of caches.list(NamespaceKind)) {
        if (isLookedThrough(namespace, this.#parts)) report(namespace);
      }
      void last.then(() => {
        if (!signal.aborted) this.#timer = clock.after(everyMs, round);
      });
    };
    round();
  }

  /** How many there are in the Namespaces that are opted in, as far as they were looked through; undefined before the first. */
  get found(): number | undefined {
    if (this.#known.size === 0) return undefined;
    return [...this.#known].reduce((sum, [name, counts]) => {
      const namespace = this.#parts.caches.get(NamespaceKind, undefined, name);
      const counted = namespace !== undefined && isEnabled(namespace.metadata, this.#parts);
      return counted ? sum + counts.values().reduce((all, count) => all + count, 0) : sum;
    }, 0);
  }

  /** Reports what is new in one namespace and resolves with the number of Pods found there. */
  async report(namespace: string, signal: AbortSignal): Promise<number> {
    const found = new Map<string, Found>();
    for await (const page of this.#parts.pods.runningPods(namespace, signal)) {
      for (const pod of page) this.#count(pod, namespace, found);
    }
    if (signal.aborted) return 0;
    const before = this.#known.get(namespace);
    for (const [uid, { note, count, reporter }] of found) {
      if (count > (before?.get(uid) ?? 0)) this.#parts.events.record(note(count), reporter);
    }
    const counts = [...found].map(([uid, { count }]) => [uid, count] as const);
    this.#known.set(namespace, new Map(counts));
    return found.values().reduce((sum, { count }) => sum + count, 0);
  }

  async #reportSafely(namespace: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      // Nothing is on record then, and everything would seem to run unjudged.
      if (this.#parts.caches.isMissing?.(KeptnWorkload, KeptnWorkloadVersion) === true) return;
      const count = await this.report(namespace, signal);
      if (count > 0) this.#parts.onFound(namespace, count);
    } catch (error) {
      if (!signal.aborted) this.#parts.onFailure(namespace, error);
    }
  }

  #count(pod: Pod, namespace: string, found: Map<string, Found>): void {
    const { caches, operatorNamespace } = this.#parts;
    const identity = identityIn(caches, pod, identityOptionsOf(caches, operatorNamespace));
    const proof = proofOf(pod, ownerChainOf(pod, caches));
    const record = versionOfPod(pod, { identity, proof }, caches);
    const isOnRecord =
      isReleased(record?.status) ||
      isOnRecordOfOptIn(record) ||
      wasReleasedAt(record?.status, pod.metadata.creationTimestamp);
    const version = { isReleased: isOnRecord };
    if (!isBypassed(pod, identity, version)) return;
    const reference = supportedOwner(pod);
    if (reference === undefined) {
      if (asksForChecks(pod.metadata))
        found.set(uidOf(pod), { note: () => bareNote(pod), count: 1, reporter: 'pod-gate' });
      return;
    }
    const owner = ownerOfReference(reference, namespace, caches);
    if (owner === undefined) return;
    const uid = uidOf(owner.object);
    const note = (count: number): EventNote => bypassedNote(owner, count);
    const count = (found.get(uid)?.count ?? 0) + 1;
    found.set(uid, { note, count, reporter: 'bypassed-pods' });
  }
}

/** Whether its Pods are held, and what ran when it opted in is on record. */
function isLookedThrough(namespace: Namespace, scope: NamespaceScope): boolean {
  return isEnabled(namespace.metadata, scope) && optInOf(namespace) === 'yes';
}

function isNew({ type, object, previous }: CacheChange<Namespace>, scope: NamespaceScope): boolean {
  const before = previous !== undefined && isLookedThrough(previous, scope);
  return type !== 'deleted' && isLookedThrough(object, scope) && !before;
}
