import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { checkBeforeRollOut, oldPodsEndFirst } from '../../domain/owner/update-order.ts';
import { type RuleContext, rule } from '../base/rule.ts';
import { identityOfManifest, workloadKinds, type WorkloadManifest } from './workload-manifest.ts';

export const gateComesLate = rule<WorkloadManifest>({
  id: 'gate-after-old-pods',
  title: 'Checks that begin when the old Pod is gone',
  why: 'The gate holds new Pods. A StatefulSet, a DaemonSet without maxSurge, the strategy Recreate and maxUnavailable: 100% end old Pods first, so that they are missing while the checks run, and stay missing if the checks fail.',
  fix: 'Run the checks before the roll-out: in a canary workload of its own that is rolled out first, or by a KeptnTask in the pipeline. Or let new Pods come first (RollingUpdate, maxSurge of a DaemonSet).',
  severity: 'advice',
  kinds: workloadKinds,
  check(workload, context) {
    const why = oldPodsEndFirst(workload.kind, workload.spec);
    if (why === undefined || !isChecked(workload, context)) return [];
    const path = workload.kind === 'Deployment' ? 'spec.strategy' : 'spec.updateStrategy';
    const message = `${why}, so they are missing while the checks run and if the checks fail; ${checkBeforeRollOut}`;
    return [{ path, message }];
  },
});

/** How many tasks run at a time before the Pods of a workload start: its own, or those of its application. */
export function preTasksOf(workload: WorkloadManifest, context: RuleContext): number {
  const identity = identityOfManifest(workload, context);
  if (identity?.type !== 'annotated') return 0;
  const { namespace = '' } = workload.metadata;
  const app = context.lookup.get(KeptnAppContext, namespace, identity.app)?.spec;
  return Math.max(identity.preTasks.length, app?.preDeploymentTasks?.length ?? 0);
}

/** Whether anything holds the Pods: checks of the workload, or of its application. */
export function isChecked(workload: WorkloadManifest, context: RuleContext): boolean {
  const identity = identityOfManifest(workload, context);
  if (identity?.type !== 'annotated') return false;
  const { namespace = '' } = workload.metadata;
  const app = context.lookup.get(KeptnAppContext, namespace, identity.app)?.spec;
  return [
    identity.preTasks,
    identity.preEvaluations,
    identity.preChecks,
    app?.preDeploymentTasks ?? [],
    app?.preDeploymentEvaluations ?? [],
    app?.preDeploymentChecks ?? [],
  ].some((checks) => checks.length > 0);
}
