import type { KeptnState } from '../../api/keptn/states.ts';

/** Keptn's word for the place of a check in a phase: first part of its name and `checkType` in its spec. */
export type CheckType = 'pre' | 'post' | 'promotion' | 'pre-eval' | 'post-eval';

/** The lists of an app version's or workload version's spec that name the checks of a phase. */
export type DefinitionsField =
  | 'preDeploymentTasks'
  | 'preDeploymentEvaluations'
  | 'postDeploymentTasks'
  | 'postDeploymentEvaluations'
  | 'promotionTasks';

/** The lists of a spec that name checks without a Job (CheckDefinition). They are judged beside the evaluations. */
export type StandingField = 'preDeploymentChecks' | 'postDeploymentChecks';

/** The status fields that hold the state of a phase of checks. */
export type CheckStateField =
  | 'preDeploymentStatus'
  | 'preDeploymentEvaluationStatus'
  | 'postDeploymentStatus'
  | 'postDeploymentEvaluationStatus'
  | 'promotionStatus';

export type DeployStateField = 'workloadOverallStatus' | 'deploymentStatus';

export type StateField = CheckStateField | DeployStateField;

/** The status fields that list the checks of a phase with their states. */
export type ItemsField =
  | 'preDeploymentTaskStatus'
  | 'preDeploymentEvaluationTaskStatus'
  | 'postDeploymentTaskStatus'
  | 'postDeploymentEvaluationTaskStatus'
  | 'promotionTaskStatus';

/** A phase that runs tasks or evaluations, all of them in parallel. */
export interface CheckPhase {
  readonly type: 'tasks' | 'evaluations';
  /** The value of `currentPhase`, the stem of Event reasons, the name of the span. */
  readonly short: string;
  /** How Events and people call it. */
  readonly long: string;
  readonly state: CheckStateField;
  readonly items: ItemsField;
  readonly definitions: DefinitionsField;
  /** The list of the checks without a Job that are judged in it, if it has any. */
  readonly standing?: StandingField;
  readonly checkType: CheckType;
}

/** The phase in which Pods start: of the workload itself, or of all workloads of the app. */
export interface DeployPhase {
  readonly type: 'deploy';
  readonly short: string;
  readonly long: string;
  readonly state: DeployStateField;
}

export type Phase = CheckPhase | DeployPhase;

type CheckFields = Pick<
  CheckPhase,
  'type' | 'state' | 'items' | 'definitions' | 'standing' | 'checkType'
>;

const preTasks: CheckFields = {
  type: 'tasks',
  state: 'preDeploymentStatus',
  items: 'preDeploymentTaskStatus',
  definitions: 'preDeploymentTasks',
  checkType: 'pre',
};
const preEvaluations: CheckFields = {
  type: 'evaluations',
  state: 'preDeploymentEvaluationStatus',
  items: 'preDeploymentEvaluationTaskStatus',
  definitions: 'preDeploymentEvaluations',
  standing: 'preDeploymentChecks',
  checkType: 'pre-eval',
};
const postTasks: CheckFields = {
  type: 'tasks',
  state: 'postDeploymentStatus',
  items: 'postDeploymentTaskStatus',
  definitions: 'postDeploymentTasks',
  checkType: 'post',
};
const postEvaluations: CheckFields = {
  type: 'evaluations',
  state: 'postDeploymentEvaluationStatus',
  items: 'postDeploymentEvaluationTaskStatus',
  definitions: 'postDeploymentEvaluations',
  standing: 'postDeploymentChecks',
  checkType: 'post-eval',
};
const promotion: CheckFields = {
  type: 'tasks',
  state: 'promotionStatus',
  items: 'promotionTaskStatus',
  definitions: 'promotionTasks',
  checkType: 'promotion',
};

const named = <T>(short: string, long: string, fields: T) => ({ short, long, ...fields });

/** The phases of a KeptnAppVersion in their order (docs/compatibility.md §4.4). */
export const appPhases: readonly Phase[] = [
  named('AppPreDeployTasks', 'App Pre-Deployment Tasks', preTasks),
  named('AppPreDeployEvaluations', 'App Pre-Deployment Evaluations', preEvaluations),
  named('AppDeploy', 'App Deployment', { type: 'deploy', state: 'workloadOverallStatus' } as const),
  named('AppPostDeployTasks', 'App Post-Deployment Tasks', postTasks),
  named('AppPostDeployEvaluations', 'App Post-Deployment Evaluations', postEvaluations),
  named('PromotionTasks', 'Promotion Tasks', promotion),
];

/** The phases of a KeptnWorkloadVersion in their order. */
export const workloadPhases: readonly Phase[] = [
  named('WorkloadPreDeployTasks', 'Workload Pre-Deployment Tasks', preTasks),
  named('WorkloadPreDeployEvaluations', 'Workload Pre-Deployment Evaluations', preEvaluations),
  named('WorkloadDeploy', 'Workload Deployment', {
    type: 'deploy',
    state: 'deploymentStatus',
  } as const),
  named('WorkloadPostDeployTasks', 'Workload Post-Deployment Tasks', postTasks),
  named('WorkloadPostDeployEvaluations', 'Workload Post-Deployment Evaluations', postEvaluations),
];

/** The value of `currentPhase` when all phases are over. */
export const completedPhase = 'Completed';

/** Whether the phase is over and the next one may begin. A Warning is a failure that does not block. */
export function isPassed(state: KeptnState | '' | undefined): boolean {
  return state === 'Succeeded' || state === 'Warning';
}
