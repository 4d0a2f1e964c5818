import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { conditionOf, conditionTypes } from '../../src/domain/conditions.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted, isHeld } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { killedAtRandom } from '../support/cluster/killed-at-random.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** What a restart must not lose and must not repeat (B2, B3, T12). */

let sluice: RunningSluice;
let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await prometheus.close();
});

describe('killing Sluice in the middle of a roll-out', () => {
  it('changes nothing about its end, and no task has more than one Job', async () => {
    await killedAtRandom(sluice, { prometheus, times: 3, seed: 20_240_607 });
  });
});

describe('a task that is over', () => {
  it('is not run again when its Job is gone and Sluice starts anew (B2)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { spec: { ttlSecondsAfterFinished: 0 } }),
      aDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilVersion({}, isCompleted);
    await eventually('the Job is gone', async () => (await shop.jobs()).length === 0);
    const since = Date.now();
    await sluice.kill();
    await sluice.start();
    // Once it leads again it has looked at everything: a change that comes after is dealt with.
    await shop.apply(aDeployment({ workload: 'later', app: 'later' }));
    await shop.untilVersion({ app: 'later', workload: 'later' }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
    expect(await shop.jobs()).toEqual([]);
    const [version] = (await shop.workloadVersions()).filter(isCompleted);
    expect(version).toBeDefined();
    const again = sluice.cluster
      .writes({ since, userAgent: sluice.userAgent })
      .filter(({ namespace, name }) => namespace === shop.name && name?.includes('migrate'));
    expect(again).toEqual([]);
  });
});

describe.concurrent('a check that vanishes while it runs', () => {
  it('fails with JobLost when it was the Job, and is not run again (B2)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { outcome: 'run' }),
      aDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    const running = await shop.untilTask('migrate', ({ status }) => status?.jobName !== undefined);
    const name = running.status?.jobName ?? '';
    await sluice.cluster.delete(JobKind, { namespace: shop.name, name });
    const task = await shop.untilTask('migrate', ({ status }) => status?.status === 'Failed');
    expect(conditionOf(task, conditionTypes.succeeded)?.reason).toBe('JobLost');
    const version = await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    expect(version.status?.preDeploymentTaskStatus?.[0]).toMatchObject({ status: 'Failed' });
    await shop.untilPods(1, isHeld, 1_000);
    expect(shop.created('jobs.batch')).toEqual([name]);
  });

  it('fails with TaskLost when it was the KeptnTask, and is not run again (B2)', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { outcome: 'run' }),
      aDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    const { metadata } = await shop.untilTask(
      'migrate',
      ({ status }) => status?.status === 'Progressing',
    );
    await shop.untilVersion(
      {},
      ({ status }) => status?.preDeploymentTaskStatus?.[0]?.name === metadata.name,
    );
    await sluice.cluster.delete(KeptnTask, { namespace: shop.name, name: metadata.name });
    const version = await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    expect(version.status?.preDeploymentTaskStatus?.[0]).toMatchObject({
      status: 'Failed',
      reason: 'TaskLost',
    });
    await shop.untilPods(1, isHeld, 1_000);
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toEqual([metadata.name]);
  });
});
