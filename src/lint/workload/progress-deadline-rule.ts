import { DeploymentKind, RolloutKind } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { durationOr, formatDuration } from '../../domain/go/duration.ts';
import { type RuleContext, rule } from '../base/rule.ts';
import { identityOfManifest, workloadKinds, type WorkloadManifest } from './workload-manifest.ts';

/** What Kubernetes and Argo Rollouts take where nothing is set. */
const usualDeadlineSeconds = 600;

const withDeadline: readonly string[] = [DeploymentKind.kind, RolloutKind.kind];

export const deadlineIsTooShort = rule<WorkloadManifest>({
  id: 'progress-deadline-too-short',
  title: 'A progress deadline that the checks may outlast',
  why: 'Held Pods are no progress. When the deadline passes, the roll-out is reported as failed (ProgressDeadlineExceeded) although its checks still run.',
  fix: 'Raise spec.progressDeadlineSeconds above the time that the checks before the deployment may take, have it raised (annotation sluice.keptn.sh/progress-deadline: raise), or shorten their timeouts.',
  severity: 'risky',
  kinds: workloadKinds.filter(({ kind }) => withDeadline.includes(kind)),
  check(workload, context) {
    const checksMs = longestChecksMs(workload, context);
    const { progressDeadlineSeconds: deadline = usualDeadlineSeconds } = workload.spec;
    if (deadline * 1000 >= checksMs) return [];
    const seconds = Math.ceil(checksMs / 1000);
    const message = `${deadline} is shorter than the checks before the deployment may take (${formatDuration(checksMs)}), and the roll-out would be reported as failed; set it above ${seconds}, or annotate ${sluiceKeys.progressDeadline}=raise`;
    return [{ path: 'spec.progressDeadlineSeconds', message }];
  },
});

/** `progressDeadlineSeconds` is an int32. */
const longestDeadlineSeconds = 2 ** 31 - 1;

/** A progress deadline that leaves room for the checks. */
export interface RaisedDeadline {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** How long the checks may take, for people. */
  readonly checks: string;
}

/**
 * The progress deadline with the time that the checks may take added; undefined for a workload that has none, or whose
 * deadline is long enough. What was raised is long enough, so that nothing is raised twice.
 */
export function raisedDeadline(
  workload: WorkloadManifest,
  context: RuleContext,
): RaisedDeadline | undefined {
  const checksMs = longestChecksMs(workload, context);
  const { progressDeadlineSeconds: deadline = usualDeadlineSeconds } = workload.spec;
  if (!withDeadline.includes(workload.kind) || deadline * 1000 >= checksMs) return undefined;
  const toSeconds = Math.min(longestDeadlineSeconds, deadline + Math.ceil(checksMs / 1000));
  return { fromSeconds: deadline, toSeconds, checks: formatDuration(checksMs) };
}

/**
 * How long the Pods may be held: the phases before the deployment follow one another, what is in one runs at the same time.
 * What does not exist takes no time.
 */
function longestChecksMs(workload: WorkloadManifest, context: RuleContext): number {
  const identity = identityOfManifest(workload, context);
  if (identity?.type !== 'annotated') return 0;
  const { namespace = '' } = workload.metadata;
  const app = context.lookup.get(KeptnAppContext, namespace, identity.app)?.spec;
  const longest = <T extends KubernetesObject>(
    kind: Kind<T>,
    names: readonly string[],
    takesMs: (definition: T) => number,
  ): number =>
    names.reduce((most, name) => {
      const found = [namespace, context.definitionsNamespace]
        .map((place) => context.lookup.get(kind, place, name))
        .find((definition) => definition !== undefined);
      return found === undefined ? most : Math.max(most, takesMs(found));
    }, 0);
  const tasks = (names: readonly string[] = []) => longest(KeptnTaskDefinition, names, taskMs);
  const evaluations = (names: readonly string[] = []) =>
    longest(KeptnEvaluationDefinition, names, evaluationMs);
  return (
    tasks(app?.preDeploymentTasks) +
    evaluations(app?.preDeploymentEvaluations) +
    tasks(identity.preTasks) +
    evaluations(identity.preEvaluations)
  );
}

/** A task's timeout is for all its runs together. The defaults are those of the CRDs. */
function taskMs({ spec }: KeptnTaskDefinition): number {
  return durationOr(spec.timeout, 5 * 60_000);
}

function evaluationMs({ spec }: KeptnEvaluationDefinition): number {
  return (spec.retries ?? 10) * durationOr(spec.retryInterval, 5_000);
}
