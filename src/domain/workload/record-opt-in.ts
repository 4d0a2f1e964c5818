import { type Answers, refusalOf, unreadOf } from '../answers.ts';
import { type Namespace, NamespaceKind, PodKind } from '../../api/builtin.ts';
import { enabledLabel, sluiceKeys } from '../../api/keptn/annotations.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type ObjectRef, refOf, uidOf } from '../../api/object.ts';
import { optInOf } from '../opt-in-state.ts';
import {
  type Effect,
  type Look,
  nothing,
  onlyWhile,
  patching,
  type Plan,
  type Refusal,
} from '../plan.ts';
import { lacksMark, markOf, versionAtOptIn, workloadAtOptIn } from './opt-in-record.ts';
import { type Claim, distinctVersions } from './workload-claim.ts';

/** A workload of which Pods run in a Namespace that opts in. */
export interface RunningWorkload {
  /** The name of its KeptnWorkload. */
  readonly name: string;
  /** What its Pods carry, of the youngest Pod first. */
  readonly claims: readonly [Claim, ...Claim[]];
  readonly workload: KeptnWorkload | undefined;
  readonly versions: readonly KeptnWorkloadVersion[];
}

/** What the record of an opt-in is made from. */
export interface OptInSeen extends Pick<Answers, 'live' | 'refusals'> {
  readonly namespace: Namespace;
  /** Whether the Pods of the Namespace were read live. */
  readonly listed: boolean;
  /** Meaningful only after that. */
  readonly running: readonly RunningWorkload[];
  /** Owners of running Pods that the caches do not have. */
  readonly missing: readonly ObjectRef[];
}

/** The live list that the record is made from: Pods that no webhook has seen carry no label of ours. */
export function podsOf({ metadata }: Namespace): Extract<Look, { labelSelector: string }> {
  return { kind: PodKind, namespace: metadata.name, labelSelector: '' };
}

/**
 * Puts on record which versions run when a Namespace opts in (see `opt-in-record.ts`), and then on the Namespace that this is
 * done. Everything before that may be repeated: a process that was stopped in between leaves it to the next one.
 */
export function recordOptIn(seen: OptInSeen): Plan {
  const { namespace, listed, running } = seen;
  const { metadata } = namespace;
  // The label comes first: from then on Pods are held, so that none starts unseen between the list and the record.
  const isHeld = metadata.labels?.[sluiceKeys.enabled] === enabledLabel.optedIn;
  if (metadata.deletionTimestamp !== undefined || !isHeld) return nothing;
  if (optInOf(namespace) !== 'recording') return nothing;
  if (!listed) return { look: [podsOf(namespace)] };
  const look = unreadOf(seen.missing, seen);
  if (look.length > 0) return { look };
  const missing = running.flatMap((one) => missingOf(one, namespace));
  const { wanted, refused } = sorted(missing, seen);
  const told = refused.map((refusal): Effect => toldOf(namespace, refusal));
  return {
    effects: [...told, ...(wanted.length > 0 ? wanted : [recordedPatch(namespace)])],
    ...onlyWhile(NamespaceKind, namespace),
  };
}

type Recording = Extract<Effect, { type: 'create' | 'patch' }>;

/** What is missing of the record of one workload: itself first, then its versions. */
function missingOf(
  { name, claims, workload, versions }: RunningWorkload,
  { metadata: { name: namespace } }: Namespace,
): readonly Recording[] {
  if (workload === undefined) {
    const object = workloadAtOptIn({ namespace, name }, claims);
    return [{ type: 'create', kind: KeptnWorkload, object }];
  }
  const isTaken = (taken: string): boolean =>
    versions.some(({ metadata }) => metadata.name === taken);
  return distinctVersions(claims).flatMap((claim): Recording[] => {
    const known = versions.find(({ spec }) => spec.version === claim.identity.version);
    if (known !== undefined) return lacksMark(known) ? [markPatch(known)] : [];
    const object = versionAtOptIn(workload, { claim, claims }, isTaken);
    return [{ type: 'create', kind: KeptnWorkloadVersion, object }];
  });
}

function markPatch(version: KeptnWorkloadVersion): Recording {
  const { annotations } = version.metadata;
  const key = sluiceKeys.runningAtOptIn;
  const value = markOf(version.status);
  const change: JsonPatchOperation =
    annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [key]: value } }
      : { op: 'add', path: pointer('metadata', 'annotations', key), value };
  const operations = [change];
  return patching(KeptnWorkloadVersion, version, {
    operations,
    asGathered: true,
    goneIsDone: true,
  });
}

/** What is to be written, and what was refused. What can never be written is not tried again: it must not keep the others waiting. */
function sorted(
  missing: readonly Recording[],
  seen: OptInSeen,
): { readonly wanted: readonly Recording[]; readonly refused: readonly Refusal[] } {
  const refusals = missing.map((effect) => ({
    effect,
    refused: refusalOf(refOfEffect(effect), seen),
  }));
  return {
    wanted: refusals.flatMap(({ effect, refused }) => (isForGood(refused) ? [] : [effect])),
    refused: refusals.flatMap(({ refused }) => refused ?? []),
  };
}

function refOfEffect(effect: Recording): ObjectRef {
  return effect.type === 'create' ? refOf(effect.kind, effect.object) : effect.ref;
}

function isForGood(refused: Refusal | undefined): boolean {
  return refused?.reason === 'Invalid' || refused?.reason === 'NameTaken';
}

function toldOf(about: Namespace, refused: Refusal): Effect {
  const { effect, message } = refused;
  const { name } = about.metadata;
  const what =
    effect.type === 'create' || effect.type === 'patch' ? refOfEffect(effect) : undefined;
  const text = `${what?.kind.kind ?? ''} ${what?.name ?? ''} runs in Namespace ${name} and could not be put on record as Released (${message})`;
  const consequence = isForGood(refused)
    ? 'its replacements are held until its checks have passed'
    : 'until that is done, nothing of this Namespace is checked and its new Pods are held; it is tried again';
  return {
    type: 'event',
    note: {
      about,
      type: 'Warning',
      reason: 'OptInNotRecorded',
      message: `${text}: ${consequence}`,
    },
  };
}

function recordedPatch(namespace: Namespace): Effect {
  const path = pointer('metadata', 'annotations', sluiceKeys.optInRecorded);
  return patching(NamespaceKind, namespace, {
    operations: [{ op: 'add', path, value: uidOf(namespace) }],
    asGathered: true,
    goneIsDone: true,
  });
}
