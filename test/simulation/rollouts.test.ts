import { describe, expect, it } from 'vitest';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = {
  'keptn.sh/pre-deployment-tasks': 'check',
  'keptn.sh/post-deployment-tasks': 'smoke',
};
const rollout = (version: string, spec: string): string =>
  aWorkload('cart', { kind: 'Rollout', version, annotations, spec });
const definitions = [aTaskDefinition('check'), aTaskDefinition('smoke')];

const strategies = {
  'blue-green, whose old ReplicaSet stays for an hour':
    'strategy: { blueGreen: { activeService: cart, scaleDownDelaySeconds: 3600 } }',
  'a canary with traffic routing':
    'strategy: { canary: { trafficRouting: { nginx: {} }, steps: [{ setWeight: 20 }] } }',
  'a basic canary': 'strategy: { canary: { steps: [{ setWeight: 20 }] } }',
};

describe('an Argo Rollout', () => {
  it.each(Object.entries(strategies))(
    'under %s is deployed when Argo calls it healthy',
    async (_, spec) => {
      for (let seed = 1; seed <= 4; seed += 1) {
        const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
        await simulation.explained(async () => {
          simulation.apply(aShopNamespace, ...definitions, rollout('1', spec));
          simulation.start();
          await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
          simulation.apply(rollout('2', spec));
          await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
          expectNoHarm(simulation);
        });
      }
    },
  );

  it('that is paused is waited for without a time-out, and its checks come after it is resumed', async () => {
    const spec = strategies['a canary with traffic routing'];
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...definitions, rollout('1', spec));
      simulation.start();
      await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
      simulation.apply(rollout('2', `paused: true\n  ${spec}`));
      await simulation.until('its Pods run', () =>
        podsOf(simulation, 'cart').some(
          (pod) =>
            pod.metadata.annotations?.['keptn.sh/version'] === '2' &&
            pod.status?.phase === 'Running',
        ),
      );
      await simulation.pass(3_600_000);
      const second = simulation.store
        .list(KeptnWorkloadVersion)
        .find(({ spec: { version } }) => version === '2');
      expect(second?.status).toMatchObject({
        status: 'Progressing',
        deploymentStatus: 'Progressing',
      });
      const smoke = simulation.store
        .list(KeptnTask)
        .filter(
          ({ spec: { taskDefinition, context } }) =>
            taskDefinition === 'smoke' && context?.workloadVersion === '2',
        );
      expect(smoke).toEqual([]);
      simulation.apply(rollout('2', spec));
      await versionBecomes(simulation, 'shop-cart-2', 'Succeeded');
      expectNoHarm(simulation);
    });
  });
});
