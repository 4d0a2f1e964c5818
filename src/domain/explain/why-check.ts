import { type Job, JobKind } from '../../api/builtin.ts';
import { defined } from '../../api/json.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { FollowUpStatus } from '../../api/keptn/follow-up.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { conditionOf, conditionTypes, isTrue } from '../conditions.ts';
import { parseDuration } from '../go/duration.ts';
import type { Facts } from './facts.ts';
import { type Finding, findingAbout, markOf } from './finding.ts';
import type { Lookup } from '../lookup.ts';
import { isPassed, type Phase } from '../phase/phases.ts';
import { fullMessageOf } from '../task/task-status.ts';
import { standingDefinition } from '../standing/check-item.ts';
import { parseTime, rfc3339 } from '../time.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/** A version with its checks and follow-ups. */
type Version = KubernetesObject & { status?: VersionStatus };

/** The checks of a phase that are not through, each with what happened last and when it is tried again. */
export function checkFindings(version: Version, phase: Phase, lookup: Lookup): Finding[] {
  return itemsOf(version, phase)
    .filter(({ status }) => !isPassed(status))
    .map((item) => whyItem(item, { version, phase, lookup }));
}

/**
 * The follow-ups (KEP 93): the version's own, and under their checks those of checks that have passed. Those of other checks
 * are found under `checkFindings`.
 */
export function followUpFindings(
  version: Version,
  phases: readonly Phase[],
  lookup: Lookup,
): Finding[] {
  const ofChecks = phases.flatMap((phase) =>
    itemsOf(version, phase)
      .filter(
        ({ status, followUps }) =>
          isPassed(status) && followUps !== undefined && followUps.length > 0,
      )
      .map((item) => whyItem(item, { version, phase, lookup })),
  );
  return [...ofChecks, ...whyFollowUps(version, lookup)];
}

function itemsOf({ status }: Version, phase: Phase): readonly ItemStatus[] {
  return phase.type === 'deploy' ? [] : (status?.[phase.items] ?? []);
}

function whyItem(
  item: ItemStatus,
  { version, phase, lookup }: { version: Version; phase: Phase; lookup: Lookup },
): Finding {
  const { name = '' } = item;
  const { namespace } = version.metadata;
  const standing = standingDefinition(item.definitionName);
  if (standing !== undefined) return whyStanding(item, standing, { namespace, lookup });
  if (phase.type === 'tasks') {
    const task = lookup.get(KeptnTask, namespace, name);
    return task === undefined ? absent(item, 'KeptnTask', namespace) : whyTask(task, lookup);
  }
  const evaluation = lookup.get(KeptnEvaluation, namespace, name);
  return evaluation === undefined
    ? absent(item, 'KeptnEvaluation', namespace)
    : whyEvaluation(evaluation, lookup);
}

/** A check without a Job: what it says, and where its definition is. */
function whyStanding(
  item: ItemStatus,
  name: string,
  { namespace, lookup }: { readonly namespace: string | undefined; readonly lookup: Lookup },
): Finding {
  const { status = 'Pending', reason, message, startTime, endTime } = item;
  const own = lookup.get(CheckDefinition, namespace, name);
  return {
    kind: CheckDefinition.kind,
    name,
    namespace: own?.metadata.namespace ?? namespace,
    mark: markOf(status),
    says: sentence(`${name} ${status}`, reason, message),
    facts: defined({ state: status, reason, message, startTime, endTime }),
    because: [],
  };
}

/** What a status says of its follow-ups is somebody's word; a chain of them that is no chain must end, too. */
const longestChain = 12;

/** The follow-ups of something that has ended. */
function whyFollowUps(
  { metadata, status }: KubernetesObject & { status?: { followUps?: FollowUpStatus[] } },
  lookup: Lookup,
  depth = 0,
): Finding[] {
  if (depth >= longestChain) return [];
  const { namespace } = metadata;
  return (status?.followUps ?? []).map((item) => {
    const task = lookup.get(KeptnTask, namespace, item.name ?? '');
    const found =
      task === undefined ? absent(item, 'KeptnTask', namespace) : whyTask(task, lookup, depth + 1);
    return { ...found, says: `${item.trigger ?? 'follow-up'}: ${found.says}` };
  });
}

/** How a task stands, what its Job said last, and what follows it. */
export function whyTask(task: KeptnTask, lookup: Lookup, depth = 0): Finding {
  const { status = {}, spec } = task;
  const { reason } = status;
  const message = fullMessageOf(status);
  const state = status.status ?? 'Pending';
  const mark = markOf(state);
  const isStalled = isTrue(task, conditionTypes.stalled);
  return findingAbout(task, {
    // What waits for somebody counts as failed, as with versions.
    mark: mark === 'waiting' && isStalled ? 'failed' : mark,
    says: sentence(`${spec.taskDefinition} ${state}`, reason, message),
    facts: taskFacts(task, { state, job: jobOf(task, lookup) }),
    because: whyFollowUps(task, lookup, depth),
  });
}

function jobOf({ metadata, status }: KeptnTask, lookup: Lookup): Job | undefined {
  const name = status?.jobName ?? '';
  return name === '' ? undefined : lookup.get(JobKind, metadata.namespace, name);
}

function taskFacts(
  task: KeptnTask,
  { state, job }: { readonly state: string; readonly job: Job | undefined },
): Facts {
  const { spec, status = {} } = task;
  const { reason, jobName, exitCode, restarts, output, runs, startTime, endTime } = status;
  const message = fullMessageOf(status);
  // While somebody has to help it on, as where its Pods are refused, no time-out runs against it.
  const isOpen = endTime === undefined && !isTrue(task, conditionTypes.stalled);
  const deadline = isOpen ? (deadlineOfJob(job) ?? deadlineOf(startTime, spec.timeout)) : undefined;
  return defined({
    state,
    reason,
    message,
    job: jobName,
    exitCode,
    restarts,
    runs: runs?.length,
    startTime,
    endTime,
    deadline,
    output,
    result: status.result,
  });
}

/** When Kubernetes ends a Job that runs; of one whose Pods were refused the time-out counts from when it could run. */
function deadlineOfJob(job: Job | undefined): string | undefined {
  const startMs = parseTime(job?.status?.startTime);
  const seconds = job?.spec.activeDeadlineSeconds;
  if (startMs === undefined || seconds === undefined) return undefined;
  return rfc3339(startMs + seconds * 1000);
}

/** When a task that runs is given up. A time-out that cannot be read is none. */
function deadlineOf(
  startTime: string | undefined,
  timeout: string | undefined,
): string | undefined {
  const startMs = parseTime(startTime);
  if (startMs === undefined || timeout === undefined) return undefined;
  try {
    return rfc3339(startMs + parseDuration(timeout));
  } catch {
    return undefined;
  }
}

/** How an evaluation stands: each objective's last measurement, when it is measured again, and what follows it. */
export function whyEvaluation(evaluation: KeptnEvaluation, lookup: Lookup): Finding {
  const { spec, status } = evaluation;
  const state = status?.overallStatus ?? 'Pending';
  const objectives = Object.entries(status?.evaluationStatus ?? {}).map(
    ([metric, { status: met, value, message }]) => ({
      metric,
      state: met,
      ...(value !== '' && { value }),
      ...defined({ message }),
    }),
  );
  const condition = conditionOf(evaluation, conditionTypes.succeeded);
  return findingAbout(evaluation, {
    mark: markOf(state),
    says: `${spec.evaluationDefinition} ${state}`,
    facts: defined({
      state,
      reason: condition?.reason,
      message: condition?.message,
      startTime: status?.startTime,
      endTime: status?.endTime,
      objectives: objectives.length > 0 ? objectives : undefined,
      measurements: { done: status?.retryCount ?? 0, atMost: spec.retries ?? 10 },
      nextAttemptTime: status?.nextAttemptTime,
    }),
    because: whyFollowUps(evaluation, lookup),
  });
}

/** An item without its object: one that could not be created goes by its definition. */
function absent(
  item: ItemStatus,
  kind: 'KeptnTask' | 'KeptnEvaluation',
  namespace: string | undefined,
): Finding {
  const { definitionName = '', name = '', status = 'Pending', reason, message } = item;
  return {
    kind: name === '' ? `${kind}Definition` : kind,
    name: name === '' ? definitionName : name,
    namespace,
    // A check that cannot even be created waits for somebody.
    mark: reason !== undefined && markOf(status) === 'waiting' ? 'failed' : markOf(status),
    says: sentence(`${definitionName} ${status}`, reason, message),
    facts: defined({ state: status, reason, message }),
    because: [],
  };
}

function sentence(
  subject: string,
  reason: string | undefined,
  message: string | undefined,
): string {
  const why = [reason, message].filter((part) => part !== undefined && part !== '').join(': ');
  return why === '' ? subject : `${subject} (${why})`;
}
