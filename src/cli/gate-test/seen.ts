import { PodKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { versionBehind } from '../command/version-behind.ts';
import type { MemoryStore } from '../played/memory-store.ts';
import { isHeld } from '../status/scene.ts';
import type { Played } from './play-case.ts';
import type { ExpectedApp, ExpectedWorkload } from './test-file.ts';
import { workloadNameOf, workloadOwners } from './workload-of-pod.ts';

/** What was seen, in the words of a case; undefined for what there is not. */
type Seen<T> = { readonly [Field in keyof T]-?: T[Field] | undefined };

/** What has become of the workload of this name; undefined where nothing of that name was applied. */
export function seenWorkload(
  name: string,
  { play, judged, refused }: Played,
): Seen<ExpectedWorkload> | undefined {
  const { store } = play;
  const owner = workloadOwners
    .flatMap((kind): readonly KubernetesObject[] => store.list<KubernetesObject>(kind))
    .find(({ metadata }) => metadata.name === name);
  const warnings = judged
    .filter(({ object }) => object.metadata.name === name && isOwner(object))
    .flatMap((one) => one.warnings);
  if (owner === undefined) {
    const isRefused = [...refused.keys()].some(
      (key) => key.endsWith(` ${name}`) && isOwnerText(key),
    );
    return isRefused ? { ...nothing, pods: 'refused', warnings } : undefined;
  }
  const version = versionBehind(owner, play.lookup)?.object;
  const found =
    version && store.get(KeptnWorkloadVersion, version.metadata.namespace, version.metadata.name);
  const made = judged.filter(
    ({ object }) => object.kind === PodKind.kind && workloadNameOf(object, store) === name,
  );
  return {
    gated: made.some(({ isGated }) => isGated),
    pods: podsOf(
      name,
      made.some((one) => one.refused !== undefined),
      store,
    ),
    version: found?.spec.version,
    state: found && (found.status?.status ?? 'Pending'),
    phase: found && (found.status?.currentPhase ?? ''),
    warnings,
    ...checksOf(found, store),
  };
}

/** What has become of the application of this name; undefined where there is none. */
export function seenApp(name: string, { play }: Played): Seen<ExpectedApp> | undefined {
  const { store, lookup } = play;
  const app = store.list(KeptnApp).find(({ metadata }) => metadata.name === name);
  const version = app && versionBehind(app, lookup)?.object;
  const found =
    version && store.get(KeptnAppVersion, version.metadata.namespace, version.metadata.name);
  if (app === undefined) return undefined;
  return {
    version: found?.spec.version,
    state: found && (found.status?.status ?? 'Pending'),
    phase: found && (found.status?.currentPhase ?? ''),
    ...checksOf(found, store),
  };
}

const nothing = {
  gated: false,
  version: undefined,
  state: undefined,
  phase: undefined,
  tasks: [],
  evaluations: [],
  followUps: [],
};

function isOwner({ kind }: KubernetesObject): boolean {
  return workloadOwners.some((one) => one.kind === kind);
}

function isOwnerText(text: string): boolean {
  return workloadOwners.some(({ kind }) => text.startsWith(`${kind} `));
}

function podsOf(name: string, isRefused: boolean, store: MemoryStore): ExpectedWorkload['pods'] {
  const pods = store.list(PodKind).filter((pod) => workloadNameOf(pod, store) === name);
  if (pods.some(isHeld)) return 'held';
  if (pods.length > 0) return 'running';
  return isRefused ? 'refused' : 'none';
}

/** The definitions of what was run for a version, each once. */
function checksOf(version: KubernetesObject | undefined, store: MemoryStore) {
  const uid = version?.metadata.uid;
  const isOwn = ({ metadata }: KubernetesObject): boolean =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  const all = store.list(KeptnTask);
  const tasks = all.filter((task) => isOwn(task) && task.spec.parent === undefined);
  const evaluations = store.list(KeptnEvaluation).filter(isOwn);
  const roots = new Set([uid, ...[...tasks, ...evaluations].map(({ metadata }) => metadata.uid)]);
  const followUps = all.filter(
    ({ spec: { parent } }) => parent !== undefined && roots.has(parent.root ?? parent.uid),
  );
  return {
    tasks: namesIn(tasks.map(({ spec }) => spec.taskDefinition)),
    evaluations: namesIn(evaluations.map(({ spec }) => spec.evaluationDefinition)),
    followUps: namesIn(followUps.map(({ spec }) => spec.taskDefinition)),
  };
}

function namesIn(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
