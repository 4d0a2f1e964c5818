import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import type { ItemStatus } from '../api/keptn/item-status.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import type { KubernetesObject } from '../api/object.ts';
import { conditionTypes, isTrue } from './conditions.ts';
import { type Finding, findingAbout, markOf } from './finding.ts';
import type { Lookup } from './lookup.ts';
import { isPassed, type Phase } from './phases.ts';
import type { VersionStatus } from './version-status.ts';

/** The checks of a phase that are not through, each with what happened last and when it is tried again. */
export function checkFindings(
  version: KubernetesObject & { status?: VersionStatus },
  phase: Phase,
  lookup: Lookup,
): Finding[] {
  if (phase.type === 'deploy') return [];
  const items = version.status?.[phase.items] ?? [];
  const { namespace } = version.metadata;
  return items
    .filter(({ status }) => !isPassed(status))
    .map((item) => {
      const { name = '' } = item;
      if (phase.type === 'tasks') {
        const task = lookup.get(KeptnTask, namespace, name);
        return task === undefined ? absent(item, 'KeptnTask', namespace) : whyTask(task);
      }
      const evaluation = lookup.get(KeptnEvaluation, namespace, name);
      return evaluation === undefined
        ? absent(item, 'KeptnEvaluation', namespace)
        : whyEvaluation(evaluation);
    });
}

/** How a task stands and what its Job said last. */
function whyTask(task: KeptnTask): Finding {
  const { status = {}, spec } = task;
  const { reason, message, jobName, exitCode, restarts, output } = status;
  const state = status.status ?? 'Pending';
  const facts = [
    jobName === undefined || jobName === '' ? undefined : `Job ${jobName}`,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    restarts === undefined || restarts === 0 ? undefined : `started again ${restarts} times`,
    status.startTime === undefined ? undefined : `since ${status.startTime}`,
    status.endTime === undefined ? undefined : `until ${status.endTime}`,
  ];
  const mark = markOf(state);
  const isStalled = isTrue(task, conditionTypes.stalled);
  return findingAbout(task, {
    // What waits for somebody counts as failed, as with versions.
    mark: mark === 'waiting' && isStalled ? 'failed' : mark,
    says: sentence(`${spec.taskDefinition} ${state}`, reason, message),
    facts: [joined(facts), ...saidLast(output, message)].filter((fact) => fact !== ''),
  });
}

/** How an evaluation stands: each objective's last measurement, and when it is measured again. */
function whyEvaluation(evaluation: KeptnEvaluation): Finding {
  const { spec, status } = evaluation;
  const state = status?.overallStatus ?? 'Pending';
  const objectives = Object.entries(status?.evaluationStatus ?? {}).map(
    ([metric, { status: met, message }]) => `${metric} ${met}: ${message ?? 'no measurement yet'}`,
  );
  const tries = `measured ${status?.retryCount ?? 0} of ${spec.retries ?? 10} times`;
  const next = status?.nextAttemptTime;
  return findingAbout(evaluation, {
    mark: markOf(state),
    says: `${spec.evaluationDefinition} ${state}`,
    facts: [...objectives, next === undefined ? tries : `${tries}, next at ${next}`],
  });
}

function absent(item: ItemStatus, kind: string, namespace: string | undefined): Finding {
  const { definitionName = '', name, status = 'Pending', reason, message } = item;
  return {
    kind,
    name: name ?? definitionName,
    namespace,
    // A check that cannot even be created waits for somebody.
    mark: reason !== undefined && markOf(status) === 'waiting' ? 'failed' : markOf(status),
    says: sentence(`${definitionName} ${status}`, reason, message),
    facts: [],
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

function saidLast(output: string | undefined, message: string | undefined): string[] {
  if (output === undefined || output.trim() === '' || message?.includes(output.trim()) === true)
    return [];
  return [`said last: ${output.trim()}`];
}

function joined(facts: readonly (string | undefined)[]): string {
  return facts.filter((fact) => fact !== undefined).join(', ');
}
