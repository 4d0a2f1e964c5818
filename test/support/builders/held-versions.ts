import { conditionTypes, isTrue } from '../../../src/domain/conditions.ts';
import { aDeployment, aTaskDefinition } from './apps.ts';
import { type EnabledNamespace, isHeld } from '../cluster/enabled-namespace.ts';
import { eventually } from '../clock-and-chance/eventually.ts';

/**
 * Brings so many single-service versions into a state that lasts: of one half the task runs on and on, of the other its
 * definition is missing.
 */
export async function holdVersions(shop: EnabledNamespace, count: number): Promise<void> {
  await shop.apply(aTaskDefinition('endless', { outcome: 'run', spec: { timeout: '1h' } }));
  const names = Array.from({ length: count }, (_, at) => `held-${at}`);
  await Promise.all(
    names.map((workload, at) =>
      shop.apply(
        aDeployment({
          workload,
          app: 'none',
          preDeploymentTasks: [at % 2 === 0 ? 'endless' : 'missing'],
        }),
      ),
    ),
  );
  await eventually(
    `${count} versions in ${shop.name} are held`,
    async () => {
      const [versions, tasks] = await Promise.all([shop.workloadVersions(), shop.tasks()]);
      const stalled = versions.filter((version) => isTrue(version, conditionTypes.stalled));
      const running = tasks.filter(({ status }) => status?.status === 'Progressing');
      return versions.length === count && stalled.length + running.length === count;
    },
    90_000,
  );
  await shop.untilPods(count, isHeld);
}
