import { describe, expect, it } from 'vitest';

import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { allRun, expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const cart = (version: string): string => aWorkload('cart', { version, annotations });

const usersApp = (version: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnApp
metadata: { namespace: shop, name: shop }
spec: { version: "${version}", workloads: [{ name: cart, version: "${version}" }] }
`;

function appVersion({ store }: Simulation, version: string): KeptnAppVersion | undefined {
  return store.list(KeptnAppVersion).find(({ spec }) => spec.version === version);
}

function appBecomes(simulation: Simulation, version: string, status: string): Promise<void> {
  return simulation.until(
    `application version ${version} is ${status}`,
    () => appVersion(simulation, version)?.status?.status === status,
  );
}

async function underAnyWeather(run: (simulation: Simulation) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 6; seed += 1) {
    const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
    await simulation.explained(() => run(simulation));
  }
}

describe('an application that its users list themselves', () => {
  it('fails when a workload was rolled back meanwhile, and completes when it comes again', () =>
    underAnyWeather(async (simulation) => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'), usersApp('1'), cart('1'));
      simulation.start();
      await appBecomes(simulation, '1', 'Succeeded');
      simulation.apply(aTaskDefinition('check', 'run'), usersApp('2'), cart('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Progressing');
      simulation.apply(cart('1'));
      await versionBecomes(simulation, 'shop-cart-2', 'Deprecated');
      expect(appVersion(simulation, '2')?.status?.status).toBe('Progressing');
      await appBecomes(simulation, '2', 'Failed');
      const why = conditionOf(appVersion(simulation, '2'), 'Succeeded');
      expect(why).toMatchObject({ reason: 'WorkloadSuperseded' });
      expect(why?.message).toContain('KeptnApp shop lists cart 2');
      expect(why?.message).toContain('version 1');
      simulation.apply(aTaskDefinition('check'));
      // A cache that lags would make the Job of the next attempt from the definition that never ends.
      await simulation.pass(60_000);
      simulation.apply(cart('2'));
      await appBecomes(simulation, '2', 'Succeeded');
      await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '2' }));
      expectNoHarm(simulation);
    }));
});

describe('an application version that failed with its workload', () => {
  it('goes on when the workload was checked again and has passed', () =>
    underAnyWeather(async (simulation) => {
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), usersApp('1'), cart('1'));
      simulation.start();
      await appBecomes(simulation, '1', 'Failed');
      simulation.apply(aTaskDefinition('check').replace('timeout: 5m', 'timeout: 6m'));
      await appBecomes(simulation, '1', 'Succeeded');
      expect(appVersion(simulation, '1')?.status).toMatchObject({
        attempt: 2,
        attempts: [{ attempt: 1, status: 'Failed', reason: 'WorkloadFailed' }],
      });
      await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      await simulation.pass(600_000);
      const before = simulation.writes.length;
      await simulation.pass(1_800_000);
      expect(simulation.writes.slice(before)).toEqual([]);
      expectNoHarm(simulation);
    }));

  it('stays failed when the workload moves on to another version', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), usersApp('1'), cart('1'));
      simulation.start();
      await appBecomes(simulation, '1', 'Failed');
      simulation.apply(aTaskDefinition('check', 'run'), cart('2'));
      await simulation.pass(1_200_000);
      expect(appVersion(simulation, '1')?.status?.status).toBe('Failed');
    });
  });
});
