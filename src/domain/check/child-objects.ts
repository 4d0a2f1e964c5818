import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import type { TaskParent } from '../../api/keptn/follow-up.ts';
import { KeptnTask, type TaskContext } from '../../api/keptn/task.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject, OwnerReference } from '../../api/object.ts';
import { withoutBookkeeping } from '../copied-metadata.ts';
import { asGoWrites } from '../go/duration.ts';
import type { CheckType } from '../phase/phases.ts';
import { selectionLabels } from '../selection-labels.ts';
import { defined } from '../../api/json.ts';

/** What a check knows of the version it is made for. */
export interface CheckContext {
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly appName: string;
  /** Empty for a workload's checks, as in Keptn. */
  readonly appVersion: string;
  /** With the app's prefix; empty for an app's checks. */
  readonly workloadName: string;
  readonly workloadVersion: string;
  readonly objectType: 'App' | 'Workload';
  readonly metadata: Readonly<Record<string, string>>;
  readonly attempt: number;
}

/** The KeptnTask of a phase (docs/compatibility.md §4.6). */
export function taskFor(
  name: string,
  definition: KeptnTaskDefinition,
  check: { context: CheckContext; checkType: CheckType },
): KeptnTask {
  const { context, checkType } = check;
  const { namespace, owner, attempt } = context;
  return taskOf(definition, {
    name,
    namespace,
    owner,
    checkType,
    attempt,
    context: { ...toldBy(context), taskType: checkType },
  });
}

/** What a task knows of the version it belongs to. */
export function toldBy(context: CheckContext): Omit<TaskContext, 'taskType' | 'trigger'> {
  const { workloadName, appName, appVersion, workloadVersion, objectType, metadata } = context;
  return {
    workloadName,
    appName,
    appVersion,
    workloadVersion,
    objectType,
    ...(Object.keys(metadata).length > 0 && { metadata: { ...metadata } }),
  };
}

/** What a KeptnTask gets beside what its definition says. */
export interface TaskRequest {
  readonly name: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly checkType: string;
  /** The attempt of the version, from 1. */
  readonly attempt: number;
  readonly context: TaskContext;
  /** What it follows, if it is a follow-up. */
  readonly parent?: TaskParent;
}

/** A KeptnTask of a definition: retries and time-out are copied from it now. */
export function taskOf(definition: KeptnTaskDefinition, request: TaskRequest): KeptnTask {
  const { name, namespace, owner, checkType, attempt, context, parent } = request;
  const { labels, annotations } = withoutBookkeeping(definition.metadata);
  const { retries, timeout } = definition.spec;
  return {
    apiVersion: KeptnTask.apiVersion,
    kind: KeptnTask.kind,
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...labelsOf(context, { checkType, definition, owner }) },
      ...(annotations && { annotations }),
      ownerReferences: [owner],
    },
    spec: {
      ...shownByColumns(context),
      taskDefinition: definition.metadata.name,
      checkType,
      ...defined({ retries }),
      ...(timeout !== undefined && { timeout: asGoWrites(timeout) }),
      attempt,
      context,
      ...defined({ parent }),
    },
  };
}

/** The fields that Keptn's printer columns of KeptnTask read. */
function shownByColumns({
  appName = '',
  appVersion = '',
  workloadName = '',
  workloadVersion = '',
}: TaskContext): Pick<KeptnTask['spec'], 'app' | 'appVersion' | 'workload' | 'workloadVersion'> {
  return {
    ...(appName !== '' && { app: appName }),
    ...(appVersion !== '' && { appVersion }),
    ...(workloadName !== '' && { workload: workloadName }),
    ...(workloadVersion !== '' && { workloadVersion }),
  };
}

function labelsOf(
  { appName, appVersion, workloadName, workloadVersion }: TaskContext,
  of: {
    readonly checkType: string;
    readonly definition: KubernetesObject;
    readonly owner: OwnerReference;
  },
): Record<string, string> {
  const isWorkloads = (workloadName ?? '') !== '';
  return selectionLabels({
    app: appName,
    workload: workloadName,
    version: isWorkloads ? workloadVersion : appVersion,
    phase: of.checkType,
    definition: of.definition.metadata.name,
    parent: of.owner.name,
  });
}

/** The KeptnEvaluation of a phase (docs/compatibility.md §4.7). */
export function evaluationFor(
  name: string,
  definition: KeptnEvaluationDefinition,
  check: { context: CheckContext; checkType: CheckType },
): KeptnEvaluation {
  const { context, checkType } = check;
  const forApp = context.objectType === 'App';
  const { retries, retryInterval } = definition.spec;
  return {
    apiVersion: KeptnEvaluation.apiVersion,
    kind: KeptnEvaluation.kind,
    metadata: {
      name,
      namespace: context.namespace,
      labels: labelsOf(context, { checkType, definition, owner: context.owner }),
      ownerReferences: [context.owner],
    },
    spec: {
      appName: context.appName,
      ...(forApp && { appVersion: context.appVersion }),
      ...(!forApp && { workload: context.workloadName }),
      // Required by Keptn's schema, so that it is empty for an app's evaluations.
      workloadVersion: context.workloadVersion,
      evaluationDefinition: definition.metadata.name,
      checkType,
      ...defined({ retries }),
      ...(retryInterval !== undefined && { retryInterval: asGoWrites(retryInterval) }),
      attempt: context.attempt,
    },
  };
}
