import { ruleContextOf } from '../lint/base/rule-context.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Places } from '../domain/settings/places.ts';
import { raisedDeadline } from '../lint/workload/progress-deadline-rule.ts';
import type { WorkloadManifest } from '../lint/workload/workload-manifest.ts';
import { manifestOf } from './review-workload.ts';
import { allow, type Verdict } from './verdict.ts';

/**
 * Raises the progress deadline of a Deployment or Rollout that its checks may outlast, where the object asks for it, or the
 * KeptnConfig and the object does not refuse: held Pods are no progress, and the roll-out would be reported as failed.
 */
export function raiseProgressDeadline(
  request: AdmissionRequest,
  lookup: Lookup,
  places: Places,
): Verdict {
  const workload = manifestOf(request.object, request);
  if (workload === undefined || workload.metadata.deletionTimestamp !== undefined) return allow();
  const context = ruleContextOf(lookup, places);
  if (!isAskedFor(workload, context.settings.raiseProgressDeadline)) return allow();
  const raised = raisedDeadline(workload, context);
  if (raised === undefined) return allow();
  const { fromSeconds, toSeconds, checks } = raised;
  const warning = `spec.progressDeadlineSeconds was raised from ${fromSeconds} to ${toSeconds}: the checks before the deployment may take ${checks}`;
  const path = '/spec/progressDeadlineSeconds';
  return {
    type: 'allowed',
    patch: [{ op: 'add', path, value: toSeconds }],
    warnings: [warning],
  };
}

function isAskedFor({ metadata }: WorkloadManifest, byDefault: boolean): boolean {
  const word = metadata.annotations?.[sluiceKeys.progressDeadline];
  return word === 'raise' || (byDefault && word !== 'keep');
}
