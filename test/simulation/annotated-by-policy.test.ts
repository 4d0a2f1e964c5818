import { describe, expect, it } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { refOf } from '../../src/api/object.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isHeld } from './oracles.ts';
import { allRun, completed, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Admission } from './simulation.ts';
import { sluice } from './sluice.ts';
import { fog } from './weather.ts';

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

/** Annotates Pods of workload cart, as Kyverno or a MutatingAdmissionPolicy would; the version is the tag of the image. */
const policy: Admission = {
  kind: PodKind,
  isAsked: () => true,
  admit(object) {
    const { labels, annotations } = object.metadata;
    if (labels?.['app'] !== 'cart') return object;
    const version = /shop\/cart:(\d+)/u.exec(JSON.stringify(object))?.[1] ?? '0';
    const added = {
      'keptn.sh/app': 'shop',
      'keptn.sh/workload': 'cart',
      'keptn.sh/version': version,
      'keptn.sh/pre-deployment-tasks': 'check',
    };
    return {
      ...object,
      metadata: { ...object.metadata, annotations: { ...annotations, ...added } },
    };
  },
};

describe('Pods that a policy annotates, whose owner carries nothing', () => {
  it.each(seedsTo(10))('are checked by what they carry (seed %i)', async (seed) => {
    const simulation = sluice({ seed, weather: fog, policies: [policy] });
    await simulation.explained(async () => {
      const kind = kinds[seed % 3] ?? 'Deployment';
      const cart = (version: string): string =>
        aWorkload('cart', { kind, version, annotated: 'nowhere' });
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      await simulation.pass(20_000);
      simulation.apply(cart('1'));
      await completed(simulation);
      await simulation.until('version 1 runs', () => allRun(simulation, 'cart', { version: '1' }));
      expect(simulation.store.list(KeptnTask)).toHaveLength(1);
      await simulation.pass(120_000);
      const before = simulation.writes.length;
      await simulation.pass(600_000);
      expect(simulation.writes.slice(before)).toEqual([]);

      simulation.apply(aTaskDefinition('check', 'fail'), cart('2'));
      await versionBecomes(simulation, 'shop-cart-2', 'Failed');
      await simulation.pass(60_000);
      expect(podsOf(simulation, 'cart').filter(isHeld)).not.toEqual([]);
      const running = podsOf(simulation, 'cart').find((pod) => !isHeld(pod));
      if (kind === 'Deployment' && running !== undefined) {
        simulation.store.delete(refOf(PodKind, running));
        const isBack = (): boolean =>
          podsOf(simulation, 'cart').filter(({ status }) => status?.phase === 'Running').length ===
          2;
        await simulation.until('a lost Pod of version 1 is back', isBack, 30_000);
      }
      simulation.apply(aTaskDefinition('check'), cart('3'));
      await versionBecomes(simulation, 'shop-cart-3', 'Succeeded');
      await simulation.until('version 3 runs', () => allRun(simulation, 'cart', { version: '3' }));
      expect(simulation.store.get(KeptnWorkload, 'shop', 'shop-cart')?.spec.version).toBe('3');
      expectNoHarm(simulation);
    });
  });
});
