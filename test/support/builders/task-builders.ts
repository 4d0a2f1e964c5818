import {
  JobKind,
  PodKind,
  type ContainerState,
  type Job,
  type JobCondition,
  type Pod,
} from '../../../src/api/builtin.ts';
import { sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import {
  KeptnTaskDefinition,
  type KeptnTaskDefinitionSpec,
} from '../../../src/api/keptn/task-definition.ts';
import {
  KeptnTask,
  type KeptnTaskSpec,
  type KeptnTaskStatus,
} from '../../../src/api/keptn/task.ts';
import { type ObjectMeta, ownedBy } from '../../../src/api/object.ts';

const metadataOf = (name: string, more: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  namespace: 'shop',
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  generation: 1,
  ...more,
});

/** A KeptnTaskDefinition in namespace `shop`: `aTaskDefinition('check').with({ deno: … })`. */
export function aTaskDefinition(name: string, metadata: Partial<ObjectMeta> = {}) {
  return {
    with: (spec: KeptnTaskDefinitionSpec): KeptnTaskDefinition => ({
      apiVersion: KeptnTaskDefinition.apiVersion,
      kind: KeptnTaskDefinition.kind,
      metadata: metadataOf(name, metadata),
      spec,
    }),
  };
}

/** A KeptnTask `pre-check` of definition `check` in namespace `shop`, with Keptn's defaults. */
export function aTask(
  given: {
    metadata?: Partial<ObjectMeta>;
    spec?: Partial<KeptnTaskSpec>;
    status?: KeptnTaskStatus;
  } = {},
): KeptnTask {
  return {
    apiVersion: KeptnTask.apiVersion,
    kind: KeptnTask.kind,
    metadata: metadataOf('pre-check', given.metadata),
    spec: { taskDefinition: 'check', checkType: 'pre', retries: 10, timeout: '5m', ...given.spec },
    ...(given.status && { status: given.status }),
  };
}

/** The Job `pre-check-job` of a task, running; `with` adds conditions. */
export function aJobOf(task: KeptnTask, metadata: Partial<ObjectMeta> = {}) {
  const job: Job = {
    apiVersion: JobKind.apiVersion,
    kind: JobKind.kind,
    metadata: metadataOf('pre-check-job', {
      ownerReferences: [ownedBy(KeptnTask, task)],
      labels: { [sluiceKeys.task]: task.metadata.name },
      ...metadata,
    }),
    spec: { backoffLimit: 10, template: { spec: { containers: [{ name: 'main' }] } } },
    status: { active: 1 },
  };
  const withConditions = (...conditions: readonly JobCondition[]): Job => ({
    ...job,
    status: { conditions: [...conditions] },
  });
  return {
    running: (): Job => job,
    with: withConditions,
    complete: (): Job =>
      withConditions(
        { type: 'SuccessCriteriaMet', status: 'True' },
        { type: 'Complete', status: 'True' },
      ),
    failed: (
      reason = 'BackoffLimitExceeded',
      message = 'Job has reached the specified backoff limit',
    ): Job =>
      withConditions(
        { type: 'FailureTarget', status: 'True', reason, message },
        { type: 'Failed', status: 'True', reason, message },
      ),
  };
}

/** A Pod of a Job, with one container `main` in this state. */
export function aPodOf(
  job: Job,
  main: { state?: ContainerState; lastState?: ContainerState; restartCount?: number } = {},
): Pod {
  return {
    apiVersion: PodKind.apiVersion,
    kind: PodKind.kind,
    metadata: metadataOf(`${job.metadata.name}-pod`, {
      ownerReferences: [ownedBy(JobKind, job)],
      creationTimestamp: '2026-01-01T00:00:00Z',
    }),
    status: { phase: 'Running', containerStatuses: [{ name: 'main', ...main }] },
  };
}
