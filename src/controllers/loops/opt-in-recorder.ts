import type { Pod } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { isThis, pointer } from '../../api/json-patch.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Kind, type KubernetesObject, refOf } from '../../api/object.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import {
  annotationOf,
  isStarted,
  versionAtOptIn,
  versionsAtOptIn,
  workloadAtOptIn,
} from '../../domain/workload/opt-in-record.ts';
import { ownerChainOf, supportedOwner } from '../../domain/owner/owner-chain.ts';
import { proofOf, revisionOfPod } from '../../domain/owner/revision.ts';
import { ownerOfReference } from '../../domain/owner/rollout-owner.ts';
import { parseTime } from '../../domain/time.ts';
import { type Claim, distinctVersions } from '../../domain/workload/workload-claim.ts';
import { workloadNameFor } from '../../domain/identity/workload-names.ts';
import type { RunningPods } from './bypassed-pods.ts';
import type { Caches, Cluster } from '../engine/cluster.ts';
import type { PendingPods } from './held-pods.ts';
import { versionOfPod } from '../../domain/identity/version-of-pod.ts';
import { identityOptions } from '../gathering/workload-owners.ts';

/** What the recorder needs. `mayWrite` is asked before each write, as by the engine. */
export interface OptInRecorderParts {
  readonly caches: Caches;
  readonly cluster: Pick<Cluster, 'create' | 'get' | 'patch'>;
  readonly pods: RunningPods & PendingPods;
  readonly operatorNamespace: string;
  readonly mayWrite?: () => boolean;
}

/** Puts on record which versions run when a Namespace opts in (see `opt-in-record.ts`). */
export class OptInRecorder {
  readonly #parts: OptInRecorderParts;

  constructor(parts: OptInRecorderParts) {
    this.#parts = parts;
  }

  /** Records what runs in the Namespace and has no version on record yet; resolves with the number of versions. */
  async record(namespace: string, signal: AbortSignal): Promise<number> {
    const claims = await this.#claims(namespace, signal);
    let count = 0;
    for (const [name, [first, ...others]] of claims) {
      if (signal.aborted || this.#parts.mayWrite?.() === false) return count;
      if (first === undefined) continue;
      count += await this.#recordWorkload({ namespace, name }, [first, ...others]);
    }
    return count;
  }

  /** What started Pods carry that no version is on record for, by the name of the KeptnWorkload; the youngest Pod first. */
  async #claims(namespace: string, signal: AbortSignal): Promise<Map<string, Claim[]>> {
    const found: Pod[] = [];
    const { pods, caches } = this.#parts;
    for await (const page of pods.runningPods(namespace, signal)) found.push(...page);
    for await (const page of pods.pendingPods(namespace, signal)) found.push(...page);
    const claims = new Map<string, Claim[]>();
    const age = ({ metadata }: Pod): number => parseTime(metadata.creationTimestamp) ?? 0;
    for (const pod of found.filter(isStarted).toSorted((a, b) => age(b) - age(a))) {
      const claim = this.#claimOf(pod);
      if (claim === undefined) continue;
      const name = workloadNameFor(claim.identity, namespace, caches);
      const known = claims.get(name) ?? [];
      if (known.every(({ current }) => current.revision !== claim.current.revision))
        claims.set(name, [...known, claim]);
    }
    return claims;
  }

  /** What a Pod carries; undefined where that cannot be told for certain, or its version is on record. */
  #claimOf(pod: Pod): Claim | undefined {
    const { caches, operatorNamespace } = this.#parts;
    const identity = identityIn(caches, pod, identityOptions(caches, operatorNamespace));
    const reference = supportedOwner(pod);
    const revision = revisionOfPod(pod);
    if (identity.type !== 'annotated' || reference === undefined || revision === undefined)
      return undefined;
    const { version } = identity;
    const proof = proofOf(pod, ownerChainOf(pod, caches));
    const isCertain = identity.source === 'pod' || proof.type === 'proven';
    if (version === undefined || !isCertain) return undefined;
    if (versionOfPod(pod, { identity, proof }, caches) !== undefined) return undefined;
    const owner = ownerOfReference(reference, pod.metadata.namespace ?? '', caches);
    if (owner === undefined) return undefined;
    const { kind, name, uid } = reference;
    const madeAt = parseTime(pod.metadata.creationTimestamp) ?? 0;
    const current = {
      reference: { kind, name, uid },
      revision,
      madeAt,
      identity,
      isOwnersStatus: true,
    };
    return { owner, current, identity: { ...identity, version } };
  }

  async #recordWorkload(
    at: { readonly namespace: string; readonly name: string },
    claims: readonly [Claim, ...Claim[]],
  ): Promise<number> {
    const wanted = workloadAtOptIn(at, claims);
    const made = await this.#create(KeptnWorkload, wanted);
    const workload = made ?? (await this.#annotated(wanted, claims));
    if (workload === undefined) return 0;
    let count = 0;
    for (const claim of distinctVersions(claims)) {
      const version = versionAtOptIn(workload, claim, claims);
      // What is there already was made by the workload's controller, from the annotation.
      await this.#create(KeptnWorkloadVersion, version);
      count += 1;
    }
    return count;
  }

  /** A workload that is there already, told of the versions; undefined if it is one of another application. */
  async #annotated(
    wanted: KeptnWorkload,
    claims: readonly Claim[],
  ): Promise<KeptnWorkload | undefined> {
    const { caches, cluster } = this.#parts;
    const ref = refOf(KeptnWorkload, wanted);
    const there = caches.get(KeptnWorkload, wanted.metadata.namespace, wanted.metadata.name);
    if (there === undefined || there.spec.app !== wanted.spec.app) return undefined;
    if (versionsAtOptIn(there).length > 0) return there;
    const key = sluiceKeys.runningAtOptIn;
    const value = annotationOf(claims);
    const patched = await cluster.patch(ref, [
      isThis(there),
      there.metadata.annotations === undefined
        ? { op: 'add', path: '/metadata/annotations', value: { [key]: value } }
        : { op: 'add', path: pointer('metadata', 'annotations', key), value },
    ]);
    caches.observe(KeptnWorkload, patched);
    return there;
  }

  /** The object as it was created; undefined if there is one of that name. What there is then is in the caches. */
  async #create<T extends KubernetesObject>(kind: Kind<T>, object: T): Promise<T | undefined> {
    const { caches, cluster } = this.#parts;
    try {
      const created = await cluster.create(kind, object);
      caches.observe(kind, created);
      return { ...object, metadata: created.metadata };
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 409) throw error;
      const live = await cluster.get(refOf(kind, object));
      if (live !== undefined) caches.observe(kind, live);
      return undefined;
    }
  }
}
