import { PodKind, type Pod } from '../../src/api/builtin.ts';
import { keptnAnnotations, schedulingGate } from '../../src/api/keptn/annotations.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { controllerOf } from '../../src/api/object.ts';
import { isOf, type StoredChange } from '../../src/cli/played/memory-store.ts';
import type { Simulation } from './simulation.ts';

/** What must never happen, judged from everything that was ever stored. Each answers what went wrong, in sentences. */

/** Pods that could be scheduled at a moment when the version they carry in their template was not Released. */
export function leaks(
  { store }: Simulation,
  templateVersion: (pod: Pod) => string | undefined,
): string[] {
  const released = new Set<string>();
  const found: string[] = [];
  for (const { type, object, atMs } of store.history) {
    if (isOf(KeptnWorkloadVersion, object) && isReleased(object)) {
      released.add(`${object.spec.workloadName} ${object.spec.version}`);
    }
    if (type === 'deleted' || !isOf(PodKind, object) || isHeld(object)) continue;
    const { namespace, name } = object.metadata;
    const carried = templateVersion(object);
    if (carried === undefined || released.has(carried)) continue;
    found.push(`Pod ${namespace}/${name} of ${carried} was not held at ${atMs}`);
  }
  return found;
}

/** `<KeptnWorkload> <version>` of an object that names app, workload and version itself. */
export function ownVersion({
  metadata: { annotations = {} },
}: KubernetesObject): string | undefined {
  const workload = annotations[keptnAnnotations.workload];
  const version = annotations[keptnAnnotations.version];
  const app = annotations[keptnAnnotations.app] ?? workload;
  return workload === undefined || version === undefined
    ? undefined
    : `${app}-${workload} ${version}`;
}

/**
 * `<KeptnWorkload> <version>` of a Pod whose Deployment or StatefulSet carries the annotations: as they were when the Pod's
 * revision was made, whatever the owner says later.
 */
export function ownersVersion({ store }: Simulation): (pod: Pod) => string | undefined {
  const owners = new Map<string, KubernetesObject>();
  const versions = new Map<string, string | undefined>();
  for (const { type, object } of store.history) {
    const { uid = '', name } = object.metadata;
    const ownerUid = controllerOf(object)?.uid ?? '';
    const owner = owners.get(ownerUid);
    if (object.kind === 'Deployment' || object.kind === 'StatefulSet') owners.set(uid, object);
    if (type !== 'added' || owner === undefined) continue;
    if (object.kind === 'ReplicaSet') versions.set(uid, ownVersion(owner));
    if (object.kind === 'ControllerRevision')
      versions.set(`${ownerUid} ${name}`, ownVersion(owner));
  }
  return (pod) => {
    const uid = controllerOf(pod)?.uid ?? '';
    const revision = pod.metadata.labels?.['controller-revision-hash'];
    return versions.get(revision === undefined ? uid : `${uid} ${revision}`);
  };
}

/** Whatever was made more than once: Jobs of one task, tasks and evaluations of one phase of one version. */
export function repeated({ store }: Simulation): string[] {
  const made = new Map<string, string[]>();
  for (const { type, object } of store.history) {
    const place = type === 'added' ? placeOf(object) : undefined;
    if (place !== undefined) made.set(place, [...(made.get(place) ?? []), object.metadata.name]);
  }
  return [...made]
    .filter(([, names]) => names.length > 1)
    .map(([place, names]) => `${place} was filled by ${names.join(' and ')}`);
}

/** What an object was made for, of which there is to be one. Attempts after the first have other places. */
function placeOf(object: KubernetesObject): string | undefined {
  const owner = controllerOf(object)?.uid ?? '';
  if (object.kind === 'Job') return `the Job of task ${owner}`;
  if (isOf(KeptnTask, object)) {
    const { checkType = '', taskDefinition, attempt = 1 } = object.spec;
    return `task ${checkType} ${taskDefinition}${again(attempt)} of ${owner}`;
  }
  if (isOf(KeptnEvaluation, object)) {
    const { checkType = '', evaluationDefinition, attempt = 1 } = object.spec;
    return `evaluation ${checkType} ${evaluationDefinition}${again(attempt)} of ${owner}`;
  }
  return undefined;
}

function again(attempt: number): string {
  return attempt > 1 ? ` (attempt ${attempt})` : '';
}

/** Ends that did not stay: a task, evaluation or version that was completed and then said something else. */
export function revoked({ store }: Simulation): string[] {
  const ends = new Map<string, string>();
  const found: string[] = [];
  for (const change of store.history) {
    const { uid = '', name } = change.object.metadata;
    const state = stateOf(change);
    const place = `${uid}${again(attemptOf(change.object))}`;
    const end = ends.get(place);
    // Keptn's cascade: an app version of which a newer revision runs is Deprecated, even if it had passed.
    if (isOf(KeptnAppVersion, change.object) && state === 'Deprecated') continue;
    if (end !== undefined && state !== end)
      found.push(`${change.kind.kind} ${name}: ${end}, then ${state}`);
    if (isCompletedWord(state)) ends.set(place, state);
  }
  return found;
}

/** A version that has failed may be checked again, as its next attempt, and its application's version goes on with it. */
function attemptOf(object: KubernetesObject): number {
  const isVersion = isOf(KeptnWorkloadVersion, object) || isOf(KeptnAppVersion, object);
  return isVersion ? (object.status?.attempt ?? 1) : 1;
}

function stateOf({ object }: StoredChange): string {
  if (isOf(KeptnEvaluation, object)) return object.status?.overallStatus ?? '';
  if (isOf(KeptnTask, object)) return object.status?.status ?? '';
  if (isOf(KeptnWorkloadVersion, object)) return object.status?.status ?? '';
  return isOf(KeptnAppVersion, object) ? (object.status?.status ?? '') : '';
}

// Deprecated is no end: a version that becomes current again goes on.
function isCompletedWord(word: string): boolean {
  return word !== 'Deprecated' && ['Succeeded', 'Failed', 'Warning'].some((end) => end === word);
}

/** Whether the version's Pods may start. */
function isReleased({ status }: KeptnWorkloadVersion): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Released' && is === 'True') ===
    true
  );
}

/** Whether our gate holds the Pod. */
export function isHeld({ spec }: Pod): boolean {
  return spec?.schedulingGates?.some(({ name }) => name === schedulingGate) === true;
}

/** The outcome of every version, task and evaluation, without names and times that differ from run to run. */
export function endState({ store }: Simulation): string[] {
  const ends = [
    ...store
      .list(KeptnAppVersion)
      .map(({ metadata, status }) => `${metadata.name} ${status?.currentPhase} ${status?.status}`),
    ...store
      .list(KeptnWorkloadVersion)
      .map(({ metadata, status }) => `${metadata.name} ${status?.currentPhase} ${status?.status}`),
    ...store
      .list(KeptnTask)
      .map(({ spec, status }) => `${spec.checkType} ${spec.taskDefinition} ${status?.status}`),
    ...store
      .list(KeptnEvaluation)
      .map(
        ({ spec, status }) =>
          `${spec.checkType} ${spec.evaluationDefinition} ${status?.overallStatus}`,
      ),
    ...store.list(PodKind).flatMap((pod) => {
      const version = ownVersion(pod);
      return version === undefined
        ? []
        : [`Pod of ${version} ${isHeld(pod) ? 'held' : pod.status?.phase}`];
    }),
  ];
  return ends.toSorted();
}

/** Whether every version there is has come to its end. */
export function allCompleted({ store }: Simulation): boolean {
  const versions = [...store.list(KeptnAppVersion), ...store.list(KeptnWorkloadVersion)];
  return versions.length > 0 && versions.every(({ status }) => isCompleted(status?.status));
}
