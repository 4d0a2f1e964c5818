import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { stateOf, type KeptnState } from '../../api/keptn/states.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf } from '../../api/object.ts';
import type { SpanEvent, SpanRecord } from '../../api/span.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import type { Lookup } from '../lookup.ts';
import { fullMessageOf } from '../task/task-status.ts';
import { parseTime } from '../time.ts';
import {
  type Attributes,
  errorType,
  evaluationAttributes,
  type Result,
  resultOf,
  taskAttributes,
} from './trace-attributes.ts';
import {
  checkSpan,
  isTask,
  type OwningVersion,
  placeOf,
  type TracedCheck,
  versionOf,
} from './trace-context.ts';
import { ending, endWords, outcomeOf, versionScopes } from './trace-version.ts';

/** What a span needs of a task or evaluation beside its place and its version. */
interface CheckSeen {
  readonly ownScope: string;
  readonly state: KeptnState;
  readonly reason: string | undefined;
  /** What Keptn says of a failure, and when it is known. */
  readonly failures: readonly string[];
  readonly attributes: (owning: OwningVersion | undefined, result: Result) => Attributes;
}

/**
 * The span of a task or evaluation that has ended; undefined while what it belongs to is not in the caches, without which it
 * would be another span.
 */
export function checkSpanRecord(check: TracedCheck, lookup: Lookup): SpanRecord | undefined {
  const place = placeOf(check, lookup);
  const owning = versionOf(check, lookup);
  if (place === undefined || (owning === undefined && isOfVersion(check))) return undefined;
  const { ownScope, state, reason, failures, attributes } = isTask(check)
    ? taskSeen(check)
    : evaluationSeen(check);
  const { metadata, status } = check;
  const startMs = parseTime(status?.startTime) ?? parseTime(metadata.creationTimestamp) ?? 0;
  const endMs = Math.max(startMs, parseTime(status?.endTime) ?? startMs);
  const result = resultOf(state, reason);
  const said = [`${metadata.name} ${endWords[outcomeOf(state)]}`, ...failures];
  return {
    ...checkSpan(check, place),
    ...place,
    scope: owning === undefined ? ownScope : versionScopes[owning.type],
    name: metadata.name,
    startMs,
    endMs,
    attributes: { ...attributes(owning, result), ...errorType(result, reason) },
    events: said.map((name): SpanEvent => ({ name, atMs: endMs })),
    links: [],
    ...ending(state),
  };
}

function taskSeen(task: KeptnTask): CheckSeen {
  const { status: word, reason } = task.status ?? {};
  const message = fullMessageOf(task.status) ?? '';
  const state = stateOf(word);
  const name = task.metadata.name;
  return {
    ownScope: 'keptn/lifecycle-operator/task',
    state,
    reason,
    failures: state === 'Failed' ? [`task '${name}' failed with reason: '${message}'`] : [],
    attributes: (owning, result) => taskAttributes(task, owning, result),
  };
}

function evaluationSeen(evaluation: KeptnEvaluation): CheckSeen {
  const { overallStatus, evaluationStatus = {} } = evaluation.status ?? {};
  const state = stateOf(overallStatus);
  const unmet = Object.entries(evaluationStatus)
    .filter(([, { status }]) => status === 'Failed')
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    ownScope: 'keptn/lifecycle-operator/evaluation',
    state,
    reason: conditionOf(evaluation, conditionTypes.succeeded)?.reason,
    failures:
      state === 'Failed'
        ? unmet.map(
            ([metric, { value, message = '' }]) =>
              `evaluation of '${metric}' failed with value: '${value}' and reason: '${message}'`,
          )
        : [],
    attributes: (owning, result) => evaluationAttributes(evaluation, owning, result),
  };
}

function isOfVersion(check: TracedCheck): boolean {
  const kind = controllerOf(check)?.kind;
  return kind === KeptnAppVersion.kind || kind === KeptnWorkloadVersion.kind;
}
