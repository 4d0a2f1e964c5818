import type { Pod } from '../../api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { Metadata } from '../identity/metadata-value.ts';
import type { EventNote } from '../plan.ts';

/** What is said of an annotated Pod that nothing owns: as a warning at apply, and in an Event. */
export const nothingChecked =
  'nothing is checked for a Pod that no Deployment, StatefulSet, DaemonSet or Rollout owns: its annotations keptn.sh/… have no effect; let one of these make it';

const asking: readonly string[] = [
  keptnAnnotations.workload,
  keptnAnnotations.version,
  keptnAnnotations.app,
  keptnAnnotations.preDeploymentTasks,
  keptnAnnotations.preDeploymentEvaluations,
  keptnAnnotations.postDeploymentTasks,
  keptnAnnotations.postDeploymentEvaluations,
  sluiceKeys.preDeploymentChecks,
  sluiceKeys.postDeploymentChecks,
];

/** Whether the Pod was meant to be checked. Only keys of Keptn and Sluice tell: `app.kubernetes.io/name` is on everything. */
export function asksForChecks({ labels, annotations }: Metadata): boolean {
  return asking.some((key) => labels?.[key] !== undefined || annotations?.[key] !== undefined);
}

/** The Event on such a Pod: one that was made by hand, or restored from a backup without its owners. */
export function bareNote(pod: Pod): EventNote {
  return { about: pod, type: 'Warning', reason: 'NothingChecked', message: nothingChecked };
}
