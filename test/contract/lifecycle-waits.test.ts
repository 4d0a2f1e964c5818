import { beforeAll, describe, expect, it } from 'vitest';
import { JobKind } from '../../src/api/builtin.ts';
import type { Kind } from '../../src/api/object.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { conditionOf, conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import { aDeployment, anApp, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted, isHeld } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { patchesOfPods, sluiceWrites } from '../support/observed/sluice-writes.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** Whatever waits says why at once, and goes on as soon as it can (B9). */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const ResourceQuotaKind: Kind = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};

const aQuota = (name: string, hard: Readonly<Record<string, string>>): Manifest => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name },
  spec: { hard },
});
const quotaOf = (jobs: number): Manifest => aQuota('no-jobs', { 'count/jobs.batch': String(jobs) });

describe.concurrent('a version waits', () => {
  it('for a definition that is missing, says so on itself and its Pod, and goes on when it comes', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ replicas: 12, preDeploymentTasks: ['migrate'] }));
    const waiting = await shop.untilVersion({}, (version) =>
      isTrue(version, conditionTypes.stalled),
    );
    const stalled = conditionOf(waiting, conditionTypes.stalled);
    expect(stalled?.reason).toBe('DefinitionNotFound');
    expect(stalled?.message).toContain('KeptnTaskDefinition migrate does not exist');
    // More than ten would only say more of the same (T6).
    await eventually('ten of the twelve Pods say why', async () => {
      const pods = await shop.pods();
      const told = pods.filter(({ metadata }) =>
        metadata.annotations?.[sluiceKeys.explanation]?.includes('migrate'),
      );
      return pods.length === 12 && pods.every(isHeld) && told.length === 10;
    });
    for (const kind of ['KeptnWorkloadVersion', 'Pod', 'Deployment']) {
      await eventually(`an Event about the ${kind} names the definition`, async () =>
        (await shop.events(kind)).some(
          ({ type, note }) => type === 'Warning' && note?.includes('migrate'),
        ),
      );
    }
    const explained = [...patchesOfPods(sluiceWrites(shop)).values()];
    expect(explained).toEqual(Array.from({ length: 10 }, () => 1));
    await shop.apply(aTaskDefinition('migrate'));
    await shop.untilVersion({}, isCompleted);
  });

  it('for an app of somebody’s own that does not list it, and goes on when it does', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(anApp('shop', []), aDeployment());
    const waiting = await shop.untilVersion(
      {},
      (version) => conditionOf(version, conditionTypes.succeeded) !== undefined,
    );
    expect(conditionOf(waiting, conditionTypes.succeeded)?.reason).toBe('AppVersionNotFound');
    await eventually('an Event about the version says so', async () =>
      (await shop.events('KeptnWorkloadVersion')).some(
        ({ reason }) => reason === 'AppPreDeployEvaluationsAppVersionNotFound',
      ),
    );
    await shop.apply(anApp('shop', [{ name: 'cart', version: '1.0.0' }]));
    await shop.untilVersion({}, isCompleted);
  });

  it('while a quota refuses its Job, says it in the API server’s words, and tries again', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(quotaOf(0), aTaskDefinition('migrate'));
    await eventually('the quota is in force', async () =>
      JSON.stringify(
        await sluice.cluster.get(ResourceQuotaKind, { namespace: shop.name, name: 'no-jobs' }),
      ).includes('"used"'),
    );
    await shop.apply(aDeployment({ preDeploymentTasks: ['migrate'] }));
    const task = await shop.untilTask(
      'migrate',
      (waiting) => conditionOf(waiting, conditionTypes.succeeded)?.reason === 'JobForbidden',
    );
    expect(conditionOf(task, conditionTypes.succeeded)?.message).toContain(
      'exceeded quota: no-jobs',
    );
    await shop.untilVersion({}, (version) =>
      Boolean(conditionOf(version, conditionTypes.stalled)?.message.includes('exceeded quota')),
    );
    await shop.apply(quotaOf(5));
    await shop.untilVersion({}, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
  });

  it('while its held Pods use up the quota of their own check, names that dead-lock, outlasts its time-out, and goes on', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aQuota('four-pods', { pods: '4' }),
      aTaskDefinition('migrate', { spec: { timeout: '8s' } }),
    );
    await shop.apply(aDeployment({ replicas: 4, preDeploymentTasks: ['migrate'] }));
    const task = await shop.untilTask(
      'migrate',
      (waiting) => conditionOf(waiting, conditionTypes.succeeded)?.reason === 'QuotaExceeded',
    );
    expect(conditionOf(task, conditionTypes.succeeded)?.message).toMatch(
      /gets no Pod: Pod is forbidden: exceeded quota: four-pods, requested: pods=1, used: pods=4, limited: pods=4; 4 Pods are held in namespace \S+ .*: raise the quota/,
    );
    await eventually('version and Pods quote the API server', async () => {
      const version = await shop.untilVersion({}, (one) => isTrue(one, conditionTypes.stalled));
      const pods = await shop.pods();
      return [
        conditionOf(version, conditionTypes.stalled)?.message,
        ...pods
          .filter(isHeld)
          .map(({ metadata }) => metadata.annotations?.[sluiceKeys.explanation]),
      ].every((said) => said?.includes('exceeded quota: four-pods'));
    });
    await eventually('the time of the Job is put off', async () => {
      const jobs = await sluice.cluster.list(JobKind, { namespace: shop.name });
      // Three minutes more than had gone by; Kubernetes would have ended it after eight seconds.
      return (jobs[0]?.spec.activeDeadlineSeconds ?? 0) >= 183;
    });
    await shop.apply(aQuota('four-pods', { pods: '6' }));
    await shop.untilVersion({}, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
  });

  it('while the image of its task cannot be pulled, and says so', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { outcome: 'image-pull' }),
      aDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    const task = await shop.untilTask('migrate', (waiting) =>
      Boolean(conditionOf(waiting, conditionTypes.succeeded)?.message.includes('busybox:1.37.0')),
    );
    expect(conditionOf(task, conditionTypes.succeeded)?.reason).toBe('ImagePullBackOff');
  });
});
