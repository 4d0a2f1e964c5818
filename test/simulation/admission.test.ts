import { describe, expect, it } from 'vitest';

import { isHeld, ownersVersion, ownVersion } from './oracles.ts';
import { completed, expectNoHarm, podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';
import { fog } from './weather.ts';

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

  it('never lets one through that carries nothing while its owner has just been annotated or changed', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const simulation = sluice({ seed, weather: fog });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('slow', 'run'));
        simulation.start();
        simulation.apply(aWorkload('cart', { version: '1', annotated: 'owner' }));
        await completed(simulation);
        // The caches may still hold the owner as it was, and with it a Released version.
        simulation.apply(
          aWorkload('cart', { version: '2', annotated: 'owner', annotations: check }),
        );
        await simulation.pass(60_000);
        const versionOf = ownersVersion(simulation);
        const held = podsOf(simulation, 'cart').filter((pod) => versionOf(pod) === 'shop-cart 2');
        expect(held.map(isHeld)).toEqual([true, true]);
        expectNoHarm(simulation, versionOf);
      });
    }
  });

  it('lets Pods of a workload that nobody annotated through in the end', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const simulation = sluice({ seed, weather: fog });
      await simulation.explained(async () => {
        const plain = aWorkload('plain').replaceAll(/"keptn\.sh[^,}]*[,]?/gu, '');
        simulation.apply(aShopNamespace, plain);
        simulation.start();
        await simulation.until(
          'its Pods run',
          () =>
            podsOf(simulation, 'plain').filter(({ status }) => status?.phase === 'Running')
              .length === 2,
          60_000,
        );
        expectNoHarm(simulation);
      });
    }
  });
});
