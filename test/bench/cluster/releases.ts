import { keptnAnnotations } from '../../../src/api/keptn/annotations.ts';
import type { Write } from '../../support/observed/audit-log.ts';
import type { EnabledNamespace } from '../../support/cluster/enabled-namespace.ts';
import { sluiceWrites } from '../../support/observed/sluice-writes.ts';

/** How one workload with one pre-deployment task was released, by the audit log. */
export interface Release {
  readonly workload: string;
  /** When the API server had answered the write that made the Job Complete. */
  readonly passedAt: number;
  /** When the PATCH that lifted the gate arrived. */
  readonly liftedAt: number;
  readonly ms: number;
}

/** The releases in a namespace whose workloads have one Pod and one task each, all over. */
export async function releasesIn(shop: EnabledNamespace): Promise<Release[]> {
  const [tasks, pods] = await Promise.all([shop.tasks(), shop.pods()]);
  const all = shop.cluster.writes().filter(({ namespace }) => namespace === shop.name);
  const patches = sluiceWrites(shop).filter(isPatchOfPod);
  return pods.map(({ metadata }) => {
    const workload = metadata.annotations?.[keptnAnnotations.workload] ?? '';
    const task = tasks.find(({ spec }) => spec.context?.workloadName?.endsWith(`-${workload}`));
    const job = task?.status?.jobName;
    // The Job controller writes a Job's status for the last time when it has become Complete.
    const passed = all.findLast(
      ({ resource, name }) => resource === 'jobs.batch/status' && name === job,
    );
    const lifted = patches.find(({ name }) => name === metadata.name);
    if (passed === undefined || lifted === undefined) {
      throw new Error(`${shop.name}: no trace of how ${workload} was released`);
    }
    const [passedAt, liftedAt] = [passed.answeredMs, lifted.receivedMs];
    return { workload, passedAt, liftedAt, ms: liftedAt - passedAt };
  });
}

function isPatchOfPod({ verb, resource }: Write): boolean {
  return verb === 'patch' && resource === 'pods';
}
