import { type Pod, PodKind } from '../../api/builtin.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { gateIndex } from '../../domain/gate/pod-gate.ts';
import { type HeldReason, heldReason } from '../../domain/gate/held-reason.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';
import { isReleased } from '../../domain/gate/release.ts';
import { proofOf } from '../../domain/owner/revision.ts';
import { versionOfPod } from '../../domain/identity/version-of-pod.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Slices } from '../../runtime/slices.ts';
import type { Caches } from '../engine/cluster.ts';
import type { Change } from '../engine/effect-target.ts';
import { identityOptionsOf } from '../../domain/settings/identity-options.ts';

/** What is measured of gates as they go. Must not throw. */
export interface GateMetrics {
  /**
   * A gate was removed from a Pod that was created so long ago. `removalMs`: how long it might have started by then; undefined if
   * its version is not Released, as in a Namespace that has withdrawn its opt-in.
   */
  gateRemoved(seen: { readonly waitedMs: number; readonly removalMs: number | undefined }): void;
}

export interface GateWatchParts {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly operatorNamespace: string;
  readonly metrics: GateMetrics;
}

/** A Pod that is held. */
interface Held {
  readonly createdAt: number;
  /** When this process saw it first, in elapsed milliseconds. */
  readonly seenMs: number;
  /** The KeptnWorkloadVersion it stands for, as far as that is known. */
  version: string | undefined;
}

/** So many releases and Pods that were let go are remembered. */
const mostRemembered = 1_000;
/** Of so many Pods whose version was not known it is looked up again at once: the rest count as unknown until the next time. */
const mostLookups = 200;

/**
 * Watches the gates of Pods, for metrics: which Pods are held, why and since when, and how long a gate stayed that was removed.
 * Runs on the leader, from the caches alone; it decides nothing.
 */
export class GateWatch {
  readonly #parts: GateWatchParts;
  /** By `namespace/name`. */
  readonly #held = new Map<string, Held>();
  /** Those of them whose version was not on record yet when it was last looked up. */
  readonly #unknown = new Set<string>();
  /** Those that are held no longer, the last ones; the answer to the patch that lifted a gate may come after the watch. */
  readonly #left = new Map<string, Held>();
  /** When versions were Released, in elapsed milliseconds; by `namespace/name`, oldest first. */
  readonly #released = new Map<string, number>();
  #unsubscribe: (() => void)[] = [];

  constructor(parts: GateWatchParts) {
    this.#parts = parts;
  }

  /** Begins with what is cached, in slices, until the signal is aborted. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    const { caches } = this.#parts;
    this.#unsubscribe = [
      caches.subscribe(PodKind, ({ type, object }) => {
        if (type !== 'deleted' && gateIndex(object) >= 0) this.#see(object);
        else this.#leave(keyOf(object));
      }),
      caches.subscribe(KeptnWorkloadVersion, ({ type, object, previous }) => {
        const key = keyOf(object);
        if (type === 'deleted') this.#released.delete(key);
        else if (
          previous !== undefined &&
          !isReleased(previous.status) &&
          isReleased(object.status)
        )
          this.#release(key);
      }),
    ];
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    void new Slices().each(caches.walk(PodKind), (pod) => {
      if (!signal.aborted && gateIndex(pod) >= 0) this.#see(pod);
    });
  }

  /** The held Pods by why they are held: how many, and how long ago the oldest was created. */
  held(): ReadonlyMap<HeldReason, { readonly count: number; readonly oldestMs: number }> {
    const now = this.#parts.clock.now();
    const reasons = new Map<string, HeldReason>();
    const found = new Map<HeldReason, { count: number; oldestMs: number }>();
    this.#lookUpUnknown();
    for (const [key, held] of this.#held) {
      const reason = this.#reasonOf(key, held, reasons);
      const { count, oldestMs } = found.get(reason) ?? { count: 0, oldestMs: 0 };
      const ageMs = Math.max(0, now - held.createdAt);
      found.set(reason, { count: count + 1, oldestMs: Math.max(oldestMs, ageMs) });
    }
    return found;
  }

  /** A change was carried out by the controllers: if it has lifted a gate, that is measured. */
  performed(change: Change): void {
    if (!liftsGate(change)) return;
    const { clock, metrics } = this.#parts;
    const { namespace = '', name } = change.ref;
    const key = `${namespace}/${name}`;
    const held = this.#held.get(key) ?? this.#left.get(key);
    if (held === undefined) return;
    for (const known of [this.#held, this.#left, this.#unknown]) known.delete(key);
    metrics.gateRemoved({
      waitedMs: clock.now() - held.createdAt,
      removalMs: this.#removalMs(namespace, held),
    });
  }

  #stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const known of [this.#held, this.#left, this.#released, this.#unknown]) known.clear();
  }

  #see(pod: Pod): void {
    const key = keyOf(pod);
    const { clock } = this.#parts;
    const { seenMs = clock.elapsed(), version = this.#versionOf(pod) } = this.#held.get(key) ?? {};
    this.#held.set(key, { createdAt: createdAt(pod, clock), seenMs, version });
    if (version === undefined) this.#unknown.add(key);
  }

  #release(version: string): void {
    remember(this.#released, version, this.#parts.clock.elapsed());
    this.#lookUpUnknown();
  }

  #leave(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#unknown.delete(key);
    remember(this.#left, key, held);
  }

  #removalMs(namespace: string, { seenMs, version }: Held): number | undefined {
    const { caches, clock } = this.#parts;
    if (version === undefined) return undefined;
    if (!isReleased(caches.get(KeptnWorkloadVersion, namespace, version)?.status)) return undefined;
    const releasedMs = this.#released.get(`${namespace}/${version}`) ?? seenMs;
    return clock.elapsed() - Math.max(releasedMs, seenMs);
  }

  #reasonOf(key: string, { version }: Held, known: Map<string, HeldReason>): HeldReason {
    if (version === undefined) return heldReason(undefined);
    const { namespace } = placeOf(key);
    const at = `${namespace}/${version}`;
    const reason =
      known.get(at) ?? heldReason(this.#parts.caches.get(KeptnWorkloadVersion, namespace, version));
    known.set(at, reason);
    return reason;
  }

  /** A version is made after its first Pods were held. */
  #lookUpUnknown(): void {
    for (const key of [...this.#unknown].slice(0, mostLookups)) {
      const held = this.#held.get(key);
      const { namespace, name } = placeOf(key);
      const pod = this.#parts.caches.get(PodKind, namespace, name);
      if (held !== undefined && pod !== undefined) held.version = this.#versionOf(pod);
      if (held?.version !== undefined) this.#unknown.delete(key);
    }
  }

  #versionOf(pod: Pod): string | undefined {
    const { caches, operatorNamespace } = this.#parts;
    try {
      const identity = identityIn(caches, pod, identityOptionsOf(caches, operatorNamespace));
      const proof = proofOf(pod, ownerChainOf(pod, caches));
      return versionOfPod(pod, { identity, proof }, caches)?.metadata.name;
    } catch {
      // The controllers throw by this Pod as well, and tell it (Event DecisionFailed).
      return undefined;
    }
  }
}

/** Keeps the last ones. */
function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  for (const [oldest] of known) {
    if (known.size <= mostRemembered) return;
    known.delete(oldest);
  }
}

function liftsGate(change: Change): change is Extract<Change, { readonly type: 'patch' }> {
  return (
    change.type === 'patch' &&
    change.ref.kind === PodKind &&
    change.operations.some(
      ({ op, path }) => op === 'remove' && path.startsWith('/spec/schedulingGates/'),
    )
  );
}

function createdAt({ metadata }: Pod, clock: Clock): number {
  const ms = Date.parse(metadata.creationTimestamp ?? '');
  return Number.isNaN(ms) ? clock.now() : ms;
}

function keyOf({ metadata: { namespace = '', name } }: Pod | KeptnWorkloadVersion): string {
  return `${namespace}/${name}`;
}

function placeOf(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
