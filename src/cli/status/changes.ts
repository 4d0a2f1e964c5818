import type { Pod } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { isHeld, isReady, type Scene } from './scene.ts';

/** What happened between two moments, one plain line each: for output that is no terminal. */
export function changesBetween(before: Scene, after: Scene): string[] {
  return [
    ...changed(before.pods, after.pods, podState),
    ...changed(before.appVersions, after.appVersions, versionState),
    ...changed(before.workloadVersions, after.workloadVersions, versionState),
    ...changed(before.tasks, after.tasks, (task) => taskState(task, after)),
    ...changed(before.evaluations, after.evaluations, evaluationState),
    ...gone(before.pods, after.pods),
  ];
}

/** One line for each object whose state, put into words, is another than before. */
function changed<T extends KubernetesObject>(
  before: readonly T[],
  after: readonly T[],
  stateOf: (object: T) => string | undefined,
): string[] {
  const known = new Map(before.map((object) => [object.metadata.uid, stateOf(object)]));
  return after.flatMap((object) => {
    const state = stateOf(object);
    if (state === undefined || state === known.get(object.metadata.uid)) return [];
    return [visibleText(`${object.kind} ${object.metadata.name}: ${state}`)];
  });
}

function gone(before: readonly Pod[], after: readonly Pod[]): string[] {
  const alive = new Set(after.map(({ metadata }) => metadata.uid));
  return before
    .filter(({ metadata }) => !alive.has(metadata.uid))
    .map(({ metadata }) => `Pod ${metadata.name}: deleted`);
}

function podState(pod: Pod): string {
  if (isHeld(pod)) {
    const why = shortened(pod.metadata.annotations?.[sluiceKeys.explanation]);
    return why === undefined ? 'held' : `held, ${why}`;
  }
  if (pod.metadata.deletionTimestamp !== undefined) return 'ends';
  return isReady(pod) ? 'ready' : 'released';
}

/** The explanation without what every line would repeat: that it is Sluice, and where to read more. */
function shortened(explanation: string | undefined): string | undefined {
  return explanation?.replace(/^Held by Sluice: /u, '').replace(/\. See: .*$/u, '');
}

function versionState({ status }: KeptnAppVersion | KeptnWorkloadVersion): string | undefined {
  const phase = status?.currentPhase;
  if (phase === undefined || phase === '') return undefined;
  const state = status?.status ?? 'Pending';
  return phase === 'Completed' ? `Completed, ${state}` : `${phase} ${state}`;
}

function taskState(task: KeptnTask, { remarks }: Scene): string {
  const { spec, status, metadata } = task;
  const remark = remarks?.get(metadata.uid ?? '');
  const { status: state = 'Pending', message = '' } = status ?? {};
  const why = state === 'Failed' && message !== '' ? `: ${message}` : '';
  return `${spec.taskDefinition} ${state}${why}${remark === undefined ? '' : ` (${remark})`}`;
}

function evaluationState({ spec, status }: KeptnEvaluation): string {
  const objectives = Object.values(status?.evaluationStatus ?? {}).map(
    ({ message = '' }) => message,
  );
  const why = objectives.filter((message) => message !== '').join('; ');
  return `${spec.evaluationDefinition} ${status?.overallStatus ?? 'Pending'}${why === '' ? '' : ` (${why})`}`;
}
