import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionOf, conditionTypes } from '../../src/domain/conditions.ts';
import { aDeployment, anAppContext, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** KeptnConfig rules the whole cluster: these tests change it, one after the other. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await sluice.configure();
});

describe('with blockDeployment: false', () => {
  beforeAll(async () => {
    await sluice.configure({ blockDeployment: false });
  });

  it('failed checks hold nothing: Pods are held until they are over, then released with a warning', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('broken', { outcome: 'fail', delay: '1s' }),
      anAppContext({ preDeploymentTasks: ['broken'], promotionTasks: ['broken'] }),
      aDeployment({ preDeploymentTasks: ['broken'], postDeploymentTasks: ['broken'] }),
    );
    await shop.untilPods(1, isHeld);
    const version = await shop.untilVersion({}, isCompleted);
    expect(version.status).toMatchObject({
      preDeploymentStatus: 'Warning',
      deploymentStatus: 'Succeeded',
      postDeploymentStatus: 'Warning',
    });
    expect(conditionOf(version, conditionTypes.released)?.reason).toBe('Warning');
    await shop.untilPods(1, isReady);
    const [app] = await eventually('the app version completes', async () => {
      const versions = await shop.appVersions();
      return versions.length > 0 && versions.every(isCompleted) && versions;
    });
    expect(app?.status).toMatchObject({
      preDeploymentStatus: 'Warning',
      promotionStatus: 'Warning',
    });
  });
});

describe('with a short observabilityTimeout', () => {
  beforeAll(async () => {
    await sluice.configure({ observabilityTimeout: '3s' });
  });

  it('a deployment that never becomes ready fails, and its Pods stay released', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aDeployment({ annotations: { 'sluice.test/outcome': 'not-ready' } }));
    const version = await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    expect(version.status).toMatchObject({
      currentPhase: 'WorkloadDeploy',
      deploymentStatus: 'Failed',
    });
    expect(conditionOf(version, conditionTypes.succeeded)?.reason).toBe('DeploymentTimedOut');
    const [pod] = await shop.pods();
    expect(pod !== undefined && isHeld(pod)).toBe(false);
  });
});
