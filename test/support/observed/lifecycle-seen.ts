import { defined, isEqualJson } from '../../../src/api/json.ts';
import type { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import type { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import type { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import type { Condition, KubernetesObject } from '../../../src/api/object.ts';
import type { Answers } from '../../../src/domain/answers.ts';
import type { AppSeen } from '../../../src/domain/app/app.ts';
import type { AppVersionSeen } from '../../../src/domain/app/app-version-run.ts';
import type { ChecksSeen } from '../../../src/domain/check/checks.ts';
import { type Settings, defaultSettings } from '../../../src/domain/settings/keptn-config.ts';
import { checkModes } from '../../../src/domain/check/check-modes.ts';
import type { PhaseSubject } from '../../../src/domain/phase-event.ts';
import type { Effect, Plan, Refusal } from '../../../src/domain/plan.ts';
import type { VersionFollowUpsSeen } from '../../../src/domain/follow-up/version-follow-ups.ts';
import type { WorkloadSeen } from '../../../src/domain/workload/workload.ts';
import type { WorkloadVersionSeen } from '../../../src/domain/workload/workload-version-run.ts';
import {
  anApp,
  anAppVersion,
  aWorkload,
  aWorkloadVersion,
  creationMs,
} from '../builders/builders.ts';
import { answering } from './answering.ts';
import { aDeploymentSeen } from '../builders/owner-builders.ts';
import { versionOfObject } from '../../../src/domain/check/definition-version.ts';

/*
 * What the decisions of the lifecycle see, complete and quiet: a test states only what its claim is about. The standard
 * world is application `shop` in version 1.0.0, whose checks have passed, with workload `shop-cart`.
 */

/** A minute after everything was created. */
export const now = creationMs + 60_000;
/** `now` as a status says it. */
export const nowText = '2026-01-01T00:01:00Z';

export const settings = (given: Partial<Settings> = {}): Settings => ({
  ...defaultSettings,
  ...given,
});

/** What live reads and refused changes are known in a decision, by `refKey`. */
export interface Asked {
  readonly live?: Readonly<Record<string, 'absent' | 'present'>>;
  readonly refusals?: Readonly<Record<string, Refusal['reason']>>;
  /** What this process has just made: by default everything there is. */
  readonly made?: readonly KubernetesObject[];
}

/** What a decision may know of the engine. */
export function answers({ live = {}, refusals = {}, made = [] }: Asked = {}): Answers {
  return {
    made: new Set(made.map(({ metadata }) => metadata.uid ?? '')),
    live: new Map(Object.entries(live)),
    refusals: new Map(
      Object.entries(refusals).map(([key, reason]): [string, Refusal] => {
        const effect: Effect = { type: 'delete', ref: { kind: KeptnTask, name: key }, uid: '' };
        return [key, { reason, effect, message: `${key} was refused` }];
      }),
    ),
  };
}

/** Children and definitions around a version. */
export interface ChecksGiven extends Asked {
  readonly tasks?: readonly KeptnTask[];
  readonly evaluations?: readonly KeptnEvaluation[];
  readonly taskDefinitions?: readonly KeptnTaskDefinition[];
  readonly evaluationDefinitions?: readonly KeptnEvaluationDefinition[];
}

export function checksSeen(given: ChecksGiven = {}): ChecksSeen & VersionFollowUpsSeen {
  const tasks = byName(given.tasks);
  const taskDefinitions = byName(given.taskDefinitions);
  const { made = [...(given.tasks ?? []), ...(given.evaluations ?? [])] } = given;
  const asked = answers({ ...given, made });
  return {
    tasks,
    evaluations: byName(given.evaluations),
    taskDefinitions,
    evaluationDefinitions: byName(given.evaluationDefinitions),
    taskDefinitionVersions: versionsByName(given.taskDefinitions),
    evaluationDefinitionVersions: versionsByName(given.evaluationDefinitions),
    followUps: {
      tasks,
      definitions: answering((name) => ({
        name,
        namespaces: ['shop'],
        object: taskDefinitions.get(name),
        unread: [],
      })),
      ...asked,
    },
    ...asked,
  };
}

function versionsByName(objects: readonly KubernetesObject[] = []): ReadonlyMap<string, string> {
  return new Map(objects.map((object) => [object.metadata.name, versionOfObject(object)]));
}

function byName<T extends KubernetesObject>(objects: readonly T[] = []): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

/** The version of application `shop` with its own pre-deployment checks over. */
export function aPassedAppVersion(given: Parameters<typeof anAppVersion>[0] = {}) {
  return anAppVersion({
    ...given,
    metadata: { ownerReferences: [controllerReference(anApp())], ...given?.metadata },
    status: {
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Succeeded',
      currentPhase: 'AppDeploy',
      status: 'Progressing',
      ...given?.status,
    },
  });
}

/** The controller reference to an object. */
export function controllerReference({ apiVersion, kind, metadata }: KubernetesObject) {
  const { name, uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

export function workloadVersionSeen(
  given: Partial<Omit<WorkloadVersionSeen, keyof ChecksSeen>> & ChecksGiven = {},
): WorkloadVersionSeen {
  const {
    tasks,
    evaluations,
    taskDefinitions,
    evaluationDefinitions,
    live,
    refusals,
    made,
    ...own
  } = given;
  return {
    optIn: 'yes',
    version: aWorkloadVersion(),
    now,
    settings: defaultSettings,
    modes: checkModes(undefined, undefined, own.settings ?? defaultSettings),
    app: anApp(),
    appVersions: [aPassedAppVersion()],
    gatheredUntil: undefined,
    workload: aWorkload(),
    owners: [aDeploymentSeen()],
    requests: [],
    revisions: [],
    pods: undefined,
    ...own,
    ...checksSeen(
      defined({
        tasks,
        evaluations,
        taskDefinitions,
        evaluationDefinitions,
        live,
        refusals,
        made,
      }),
    ),
  };
}

/** The app as it is once it has this version on record. */
export function recording(
  { metadata: { uid = '' } }: KeptnAppVersion,
  given: Parameters<typeof anApp>[0] = {},
) {
  const { generation = 1 } = given.metadata ?? {};
  return anApp({
    ...given,
    status: { observedGeneration: generation, appVersionUID: uid, ...given.status },
  });
}

export function appVersionSeen(
  given: Partial<Omit<AppVersionSeen, keyof ChecksSeen>> & ChecksGiven = {},
): AppVersionSeen {
  const {
    tasks,
    evaluations,
    taskDefinitions,
    evaluationDefinitions,
    live,
    refusals,
    made,
    ...own
  } = given;
  const {
    version = anAppVersion({ metadata: { ownerReferences: [controllerReference(anApp())] } }),
  } = own;
  return {
    version,
    now,
    optIn: 'yes',
    settings: defaultSettings,
    modes: checkModes(undefined, undefined, own.settings ?? defaultSettings),
    app: recording(version),
    siblings: [version],
    workloadVersions: [aWorkloadVersion()],
    ...own,
    ...checksSeen(
      defined({
        tasks,
        evaluations,
        taskDefinitions,
        evaluationDefinitions,
        live,
        refusals,
        made,
      }),
    ),
  };
}

export function appSeen(given: Partial<Omit<AppSeen, keyof Answers>> & Asked = {}): AppSeen {
  const { live, refusals, made = given.versions, ...own } = given;
  return {
    app: anApp(),
    now,
    versions: [],
    context: undefined,
    isAnyReleased: false,
    contextWindowMs: 2_000,
    repeatFailedChecks: true,
    ...own,
    ...answers(defined({ live, refusals, made })),
  };
}

export function workloadSeen(
  given: Partial<Omit<WorkloadSeen, keyof Answers>> & Asked = {},
): WorkloadSeen {
  const { live, refusals, ...own } = given;
  return {
    namespace: 'shop',
    name: 'shop-cart',
    now,
    clockSteps: [],
    ofSameApp: [],
    appVersions: [],
    workloadVersions: [],
    promotionAfterSupersessions: 5,
    optIn: 'yes',
    workload: undefined,
    owners: [aDeploymentSeen()],
    missing: [],
    versions: [],
    app: undefined,
    request: undefined,
    ...own,
    ...answers(defined({ live, refusals })),
  };
}

/** An object with the status that a plan stores; the object itself if it stores none. */
export function stored<T extends KubernetesObject & { status?: unknown }>(
  object: T,
  { status }: Plan,
): T {
  if (status === undefined || isEqualJson(status.from, status.to)) return object;
  const resourceVersion = String(Number(object.metadata.resourceVersion ?? 0) + 1);
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion },
    status: structuredClone(status.to),
  };
}

/** Whether a plan asks for a write: a change of the cluster, or a status that differs from the stored one. */
export function asksForWrite({ effects = [], afterwards = [], status }: Plan): boolean {
  const changes = [...effects, ...afterwards].filter(({ type }) => type !== 'event');
  return changes.length > 0 || (status !== undefined && !isEqualJson(status.from, status.to));
}

/** The condition of this type in a status. */
export function conditionIn(
  status: { conditions?: readonly Condition[] },
  type: string,
): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** The reasons of the Events of a plan, in order. */
export function reasons(plan: Pick<Plan, 'events'>): readonly string[] {
  return (plan.events ?? []).map(({ reason }) => reason);
}

/** The names of what a plan creates, by kind. */
export function created({ effects = [] }: Plan): readonly string[] {
  return effects.flatMap((effect) =>
    effect.type === 'create' ? [`${effect.kind.kind} ${effect.object.metadata.name}`] : [],
  );
}

/** A subject of Events for tests that do not care. */
export const aSubject: PhaseSubject = {
  object: aWorkloadVersion(),
  version: '1.0.0',
  annotations: {},
  reportedBy: 'test',
};
