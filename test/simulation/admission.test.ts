import { describe, expect, it } from 'vitest';

import type { Pod } from '../../src/api/builtin.ts';
import { isHeld, ownersVersion, ownVersion } from './oracles.ts';
import { completed, expectNoHarm, podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';
import { fog } from './weather.ts';

function allReady(pods: readonly Pod[]): boolean {
  return pods.length === 2 && pods.every(({ status }) => status?.phase === 'Running');
}

describe('admission on a replica whose caches lag', () => {
  const check = { 'keptn.sh/pre-deployment-tasks': 'slow' };

  it('never lets a Pod of an unreleased version through that says itself what it is', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const simulation = sluice({ seed, weather: fog });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('slow', 'run'));
        simulation.start();
        simulation.apply(aWorkload('cart', { version: '1' }));
        await completed(simulation);
        simulation.apply(aWorkload('cart', { version: '2', annotations: check }));
        await simulation.pass(60_000);
        const held = podsOf(simulation, 'cart').filter((pod) => ownVersion(pod) === 'shop-cart 2');
        expect(held.map(isHeld)).toEqual([true, true]);
        expectNoHarm(simulation);
      });
    }
  });

  describe.each(['Deployment', 'StatefulSet'] as const)('of a %s', (kind) => {
    const versionTwo = { kind, version: '2', annotated: 'owner', annotations: check } as const;

    it.each([
      ['has only just been annotated', { kind, annotated: 'nowhere' } as const],
      ['has only just changed its version', { kind, version: '1', annotated: 'owner' } as const],
    ])('never lets one through whose owner %s', async (_, before) => {
      for (let seed = 1; seed <= 15; seed += 1) {
        const simulation = sluice({ seed, weather: fog });
        await simulation.explained(async () => {
          simulation.apply(aShopNamespace, aTaskDefinition('slow', 'run'));
          simulation.start();
          simulation.apply(aWorkload('cart', before));
          await simulation.until('its Pods run', () => allReady(podsOf(simulation, 'cart')));
          await simulation.pass(20_000);
          simulation.apply(aWorkload('cart', versionTwo));
          await simulation.pass(60_000);
          const versionOf = ownersVersion(simulation);
          const second = podsOf(simulation, 'cart').filter(
            (pod) => versionOf(pod) === 'shop-cart 2',
          );
          expect(second.length).toBeGreaterThan(0);
          expect(second.every(isHeld)).toBe(true);
          expectNoHarm(simulation, versionOf);
        });
      }
    });
  });

  it('lets Pods of a workload that nobody annotated through in the end', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({ seed, weather: fog });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aWorkload('plain', { annotated: 'nowhere' }));
        simulation.start();
        await simulation.until('its Pods run', () => allReady(podsOf(simulation, 'plain')), 60_000);
        expectNoHarm(simulation);
      });
    }
  });
});
