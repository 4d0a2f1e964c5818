import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { stateOf, type KeptnState } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import {
  appFamily,
  evaluationFamily,
  type Family,
  taskFamily,
  workloadFamily,
} from './keptn-series.ts';
import type { Labels } from './series.ts';

/** How far one version, task or evaluation has come, in what metrics tell of it. */
export interface Course {
  readonly id: string;
  readonly family: Family;
  readonly namespace: string;
  /** Keptn's labels, without the state. */
  readonly labels: Labels;
  /** Keptn's label of the state. */
  readonly stateLabel: string;
  readonly state: KeptnState;
  /** Of a task or evaluation: the check it belongs to. */
  readonly checkType: string;
  /** Whether promotion tasks were run; of application versions alone. */
  readonly hasPromotion: boolean;
  /** Milliseconds since the epoch; undefined before the start and the end. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** What tells this version from others, and the version before it; of versions alone. */
  readonly version?: { readonly key: string; readonly previousKey: string | undefined };
}

/** The course of a version, task or evaluation; undefined for an object of another kind. */
export function courseOf(object: KubernetesObject): Course | undefined {
  if (isOf(KeptnAppVersion, object)) return courseOfApp(object);
  if (isOf(KeptnWorkloadVersion, object)) return courseOfWorkload(object);
  if (isOf(KeptnTask, object)) return courseOfTask(object);
  return isOf(KeptnEvaluation, object) ? courseOfEvaluation(object) : undefined;
}

function isOf<T extends KubernetesObject>(
  { kind }: { readonly kind: string; readonly objectType?: T },
  object: KubernetesObject,
): object is T {
  return object.kind === kind;
}

function courseOfApp({ metadata, spec, status }: KeptnAppVersion): Course {
  const { namespace = '' } = metadata;
  const keyOf = (version: string): string => JSON.stringify([namespace, spec.appName, version]);
  return {
    ...common(metadata, status),
    family: appFamily,
    labels: labelled({
      app_name: spec.appName,
      app_version: spec.version,
      app_namespace: namespace,
      app_previousversion: spec.previousVersion,
    }),
    stateLabel: 'keptn_deployment_app_status',
    state: stateOf(status?.status),
    hasPromotion: (status?.promotionTaskStatus ?? []).length > 0,
    version: versionKeys(spec, keyOf),
  };
}

function courseOfWorkload({ metadata, spec, status }: KeptnWorkloadVersion): Course {
  const { namespace = '' } = metadata;
  const keyOf = (version: string): string =>
    JSON.stringify([namespace, spec.app, spec.workloadName, version]);
  return {
    ...common(metadata, status),
    family: workloadFamily,
    labels: labelled({
      app_name: spec.app,
      workload_name: spec.workloadName,
      workload_version: spec.version,
      workload_namespace: namespace,
      workload_previousversion: spec.previousVersion,
    }),
    stateLabel: 'keptn_deployment_workload_status',
    state: stateOf(status?.status),
    version: versionKeys(spec, keyOf),
  };
}

function courseOfTask({ metadata, spec, status }: KeptnTask): Course {
  const { context = {}, checkType = '' } = spec;
  return {
    ...common(metadata, status),
    family: taskFamily,
    labels: labelled({
      app_name: context.appName,
      app_version: context.appVersion,
      workload_name: context.workloadName,
      workload_version: context.workloadVersion,
      task_name: metadata.name,
      task_type: checkType,
    }),
    stateLabel: 'keptn_deployment_task_status',
    state: stateOf(status?.status),
    checkType,
  };
}

function courseOfEvaluation({ metadata, spec, status }: KeptnEvaluation): Course {
  const { checkType = '' } = spec;
  return {
    ...common(metadata, status),
    family: evaluationFamily,
    labels: labelled({
      app_name: spec.appName,
      app_version: spec.appVersion,
      workload_name: spec.workload,
      workload_version: spec.workloadVersion,
      evaluation_name: metadata.name,
      evaluation_type: checkType,
    }),
    stateLabel: 'keptn_deployment_evaluation_status',
    state: stateOf(status?.overallStatus),
    checkType,
  };
}

function common(
  { uid, name, namespace = '' }: KubernetesObject['metadata'],
  times: { readonly startTime?: string; readonly endTime?: string } | undefined,
) {
  return {
    id: uid ?? `${namespace}/${name}`,
    namespace,
    checkType: '',
    hasPromotion: false,
    startMs: momentOf(times?.startTime),
    endMs: momentOf(times?.endTime),
  };
}

function versionKeys(
  { version, previousVersion }: { readonly version: string; readonly previousVersion?: string },
  keyOf: (version: string) => string,
) {
  return {
    key: keyOf(version),
    previousKey: previousVersion ? keyOf(previousVersion) : undefined,
  };
}

function momentOf(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function labelled(values: Readonly<Record<string, string | undefined>>): Labels {
  return Object.fromEntries(
    Object.entries(values).map(([name, value = '']) => [`keptn_deployment_${name}`, value]),
  );
}
