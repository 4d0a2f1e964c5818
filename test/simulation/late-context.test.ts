import { describe, expect, it } from 'vitest';

import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { completed, expectNoHarm, podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

const context = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: cart }
spec: { preDeploymentTasks: [check] }
`;
/** A workload that names no application: it is one of its own, and made at once. */
const cart = (version: string, annotations: Record<string, string> = {}): string =>
  aWorkload('cart', { version, replicas: 1, annotations: { 'keptn.sh/app': '', ...annotations } });

const checksOfApp = ({ store }: Simulation): number =>
  store.list(KeptnTask).filter(({ spec }) => spec.taskDefinition === 'check').length;

const isRunning = (simulation: Simulation): boolean =>
  podsOf(simulation, 'cart').every(({ status }) => status?.phase === 'Running');

describe('kubectl apply -f of a folder in which the context comes last', () => {
  it('checks the first version: the context arrives within the window', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const simulation = sluice({ seed, latencyMs: 5 * seed });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'));
        simulation.start();
        await simulation.pass(1_000);
        simulation.apply(cart('1'));
        await simulation.pass(90 * seed);
        simulation.apply(context);
        await completed(simulation);
        expect(checksOfApp(simulation)).toBe(1);
        expect(simulation.store.list(KeptnAppVersion)).toHaveLength(1);
        await simulation.until('its Pod runs', () => isRunning(simulation));
        expectNoHarm(simulation);
      });
    }
  });

  it('checks a version that is held by its own task when the context comes later still', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({ seed, latencyMs: 5 * seed });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'), aTaskDefinition('wait', 'run'));
        simulation.start();
        simulation.apply(cart('1', { 'keptn.sh/pre-deployment-tasks': 'wait' }));
        await simulation.pass(20_000);
        simulation.apply(context);
        await simulation.until('the app is checked', () => checksOfApp(simulation) === 1);
        expect(simulation.notes.map(({ reason }) => reason)).toContain('AppVersionMadeAgain');
        expectNoHarm(simulation);
      });
    }
  });

  it('says that the context counts from the next version on when Pods have started', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'), cart('1'));
      simulation.start();
      await completed(simulation);
      simulation.apply(context);
      await simulation.until('it is said', () =>
        simulation.notes.some(({ reason }) => reason === 'AppContextTooLate'),
      );
      await simulation.pass(60_000);
      expect(checksOfApp(simulation)).toBe(0);
      simulation.apply(cart('2'));
      await simulation.until('version 2 is checked', () => checksOfApp(simulation) === 1);
    });
  });
});
