import { describe, expect, it } from 'vitest';

import { KeptnAppCreationRequest } from '../../src/api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'slow' };
const workload = (name: string, version = '1'): string =>
  aWorkload(name, { version, ...(version !== '1' && { annotations }) });

const context = (spec: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: shop }
spec: { ${spec} }
`;

const config = (promotionAfterSupersessions: number): string => `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: settings }
spec: { promotionAfterSupersessions: ${promotionAfterSupersessions} }
`;

const names = ['cart', 'pay', 'stock', 'mail', 'search'];

function ran({ store }: Simulation, definition: string): number {
  return store.list(KeptnTask).filter(({ spec }) => spec.taskDefinition === definition).length;
}

/** The application in its first version, deployed. */
async function deployed(simulation: Simulation, ...more: string[]): Promise<void> {
  simulation.apply(aShopNamespace, aTaskDefinition('slow', 'succeed', 100), ...more);
  simulation.apply(...names.map((name) => workload(name)));
  simulation.start();
  await simulation.until('the first version completes', () =>
    appVersions(simulation).some(({ status }) => status?.status === 'Succeeded'),
  );
}

const appVersions = ({ store }: Simulation): KeptnAppVersion[] => store.list(KeptnAppVersion);

/** Waits until so many versions of the application have begun. */
function begun(simulation: Simulation, count: number): Promise<void> {
  return simulation.until(`version ${count} has begun`, () => {
    const versions = appVersions(simulation);
    return versions.length === count && versions.at(-1)?.status?.currentPhase === 'AppDeploy';
  });
}

describe('the checks of an application whose workloads change one after the other', () => {
  const checks = [context('preDeploymentTasks: [check]'), aTaskDefinition('check')];

  it('are not repeated when only other workloads have changed since they passed, and are when one has changed again', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        await deployed(simulation, ...checks);
        expect(ran(simulation, 'check')).toBe(1);
        simulation.apply(workload('cart', '2'));
        await begun(simulation, 2);
        expect(ran(simulation, 'check')).toBe(2);
        simulation.apply(workload('pay', '2'));
        await begun(simulation, 3);
        expect(ran(simulation, 'check')).toBe(2);
        await simulation.until('an Event says so', () =>
          simulation.notes.some(
            ({ reason, message }) => reason === 'AppChecksCarriedOver' && message.includes('(pay)'),
          ),
        );
        simulation.apply(workload('pay', '3'));
        await begun(simulation, 4);
        expect(ran(simulation, 'check')).toBe(3);
        for (const version of ['shop-cart-2', 'shop-pay-3'])
          await versionBecomes(simulation, version, 'Succeeded');
        expectNoHarm(simulation);
      });
    }
  });

  it('are repeated for another context, and after a roll-out that was through', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await deployed(simulation, ...checks);
      simulation.apply(workload('cart', '2'));
      await begun(simulation, 2);
      simulation.apply(context('preDeploymentTasks: [check], metadata: { freeze: "no" }'));
      simulation.apply(workload('pay', '2'));
      await begun(simulation, 3);
      expect(ran(simulation, 'check')).toBe(3);
      await simulation.until('all is through', () =>
        appVersions(simulation).some(
          ({ status, spec }) =>
            status?.status === 'Succeeded' &&
            spec.workloads?.some(({ version }) => version === '2'),
        ),
      );
      simulation.apply(workload('stock', '2'));
      await begun(simulation, 4);
      expect(ran(simulation, 'check')).toBe(4);
    });
  });
});

describe('the promotion of an application whose versions are superseded again and again', () => {
  const promotion = [context('promotionTasks: [promote]'), aTaskDefinition('promote')];

  it('comes after the number of supersessions that is set, and says so on what waits', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        await deployed(simulation, config(2), ...promotion);
        expect(ran(simulation, 'promote')).toBe(1);
        for (const [index, name] of names.slice(0, 3).entries()) {
          simulation.apply(workload(name, '2'));
          await begun(simulation, index + 2);
        }
        simulation.apply(workload('mail', '2'));
        await simulation.pass(60_000);
        expect(appVersions(simulation)).toHaveLength(4);
        const [request] = store.list(KeptnAppCreationRequest);
        expect(conditionOf(request, 'Reconciling')?.reason).toBe('PromotionFirst');
        const held = store.get(KeptnWorkloadVersion, 'shop', 'shop-mail-2');
        expect(conditionOf(held, 'Succeeded')).toMatchObject({ reason: 'PromotionFirst' });
        await simulation.until('it is promoted', () => ran(simulation, 'promote') === 2);
        await versionBecomes(simulation, 'shop-mail-2', 'Succeeded');
        await simulation.until('all is promoted', () => ran(simulation, 'promote') === 3);
        expectNoHarm(simulation);
      });
    }
  });

  it('is not waited for where a workload of that version has another one by now', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      await deployed(simulation, config(1), ...promotion);
      simulation.apply(workload('cart', '2'));
      await begun(simulation, 2);
      simulation.apply(workload('pay', '2'));
      await begun(simulation, 3);
      simulation.apply(workload('pay', '3'));
      await begun(simulation, 4);
      await versionBecomes(simulation, 'shop-pay-3', 'Succeeded');
    });
  });
});
