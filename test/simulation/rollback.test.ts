import { describe, expect, it } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { allRun, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const cart = (version: string): string => aWorkload('cart', { app: 'cart', version, annotations });

const stopped = (definition: string): string => `${definition}  onSupersede: stop\n`;

describe('B11: a rollback to a version that was superseded while its task ran', () => {
  it('runs the task as the next attempt, stops the one of the first and deletes its Job, and completes', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, stopped(aTaskDefinition('check', 'run')), cart('1'));
        simulation.start();
        await simulation.until('the task runs', () => store.list(JobKind).length === 1);
        simulation.apply(stopped(aTaskDefinition('check')), cart('2'));
        await versionBecomes(simulation, 'cart-cart-2', 'Succeeded');
        await versionBecomes(simulation, 'cart-cart-1', 'Deprecated');
        simulation.apply(cart('1'));
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
        expect(store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1')?.status).toMatchObject({
          attempt: 2,
          attempts: [{ attempt: 1, status: 'Deprecated', reason: 'Superseded' }],
        });
        const ofFirst = store
          .list(KeptnTask)
          .filter(({ spec }) => spec.context?.workloadVersion === '1')
          .map(({ spec, status }) => [spec.attempt, status?.status])
          .toSorted(([one = 0], [other = 0]) => Number(one) - Number(other));
        expect(ofFirst).toEqual([
          [1, 'Deprecated'],
          [2, 'Succeeded'],
        ]);
        await simulation.pass(600_000);
        expect(store.list(JobKind)).toEqual([]);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(simulation.writes.slice(before)).toEqual([]);
      });
    }
  });

  it('is not outrun by a rollback that comes before its first attempt was put to an end', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const simulation = sluice({ seed, latencyMs: 30 });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'), cart('1'));
        simulation.start();
        await simulation.pass(40 * seed);
        simulation.apply(cart('2'));
        await simulation.pass(25 * seed);
        simulation.apply(cart('1'));
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
        expect(simulation.complaints).toEqual([]);
      });
    }
  });
});
