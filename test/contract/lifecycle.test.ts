import { beforeAll, describe, expect, it } from 'vitest';
import { keptnAnnotations, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import { aDeployment, aTaskDefinition } from '../support/apps.ts';
import { isHeld, isReady } from '../support/enabled-namespace.ts';
import { RunningSluice } from '../support/running-sluice.ts';

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

describe('a Deployment', () => {
  it('is held until its pre-deployment task has passed, is released, and completes', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('migrate', { delay: '3s' }),
      aDeployment({ replicas: 2, preDeploymentTasks: ['migrate'] }),
    );
    const held = await shop.untilPods(2, isHeld);
    expect(held.map(({ metadata }) => metadata.labels?.[sluiceKeys.watched])).not.toContain(
      undefined,
    );
    await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing');
    expect((await shop.pods()).every(isHeld)).toBe(true);
    const version = await shop.untilVersion(
      {},
      ({ status }) => status?.currentPhase === 'Completed',
    );
    expect(version.status?.status).toBe('Succeeded');
    expect(isTrue(version, conditionTypes.released)).toBe(true);
    const pods = await shop.untilPods(2, isReady);
    for (const { metadata } of pods) {
      expect(metadata.annotations?.[keptnAnnotations.gateRemoved]).toBe('true');
      expect(metadata.labels?.[sluiceKeys.watched]).toBeUndefined();
    }
  });
});
