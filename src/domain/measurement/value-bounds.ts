import type { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { durationOr } from '../go/duration.ts';
import type { Settings } from '../settings/keptn-config.ts';

/** Which values an evaluation takes. */
export interface ValueBounds {
  /** How old a value may be, in milliseconds; undefined means two fetch intervals of its metric. */
  readonly maxAgeMs: number | undefined;
  /** Only for post-deployment evaluations: when the deployment began, and how much later a value must be measured. */
  readonly deployment?: { readonly startedAtMs: number; readonly minTimeMs: number };
}

/** The bounds that a definition and the KeptnConfig set; text that is no duration counts as not set. */
export function boundsFor(
  evaluation: KeptnEvaluation,
  definition: KeptnEvaluationDefinition | undefined,
  from: {
    readonly settings: Pick<Settings, 'maxValueAgeMs' | 'minTimeAfterDeploymentMs'>;
    readonly deploymentStartedAtMs: number;
  },
): ValueBounds {
  const { maxValueAgeMs, minTimeAfterDeploymentMs } = from.settings;
  const { maxValueAge, minTimeAfterDeployment } = definition?.spec ?? {};
  // NaN is no duration's value, so it stands for "not set".
  const stated = durationOr(maxValueAge, Number.NaN);
  const maxAgeMs = stated >= 0 ? stated : maxValueAgeMs;
  if (evaluation.spec.checkType !== 'post-eval') return { maxAgeMs };
  const minTimeMs = durationOr(minTimeAfterDeployment, minTimeAfterDeploymentMs);
  return { maxAgeMs, deployment: { startedAtMs: from.deploymentStartedAtMs, minTimeMs } };
}
