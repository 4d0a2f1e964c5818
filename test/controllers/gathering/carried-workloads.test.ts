import { describe, expect, test } from 'vitest';

import { DeploymentKind } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import {
  ownerlessNamedBy,
  ownersByCarried,
  ownersNaming,
} from '../../../src/controllers/gathering/carried-workloads.ts';
import { workloadController } from '../../../src/controllers/workload.ts';
import { namesOf } from '../../../src/domain/identity/carried-identity.ts';
import type { Lookup } from '../../../src/domain/lookup.ts';
import { aWorkload } from '../../support/builders/builders.ts';
import { inShop } from '../../support/builders/owner-builders.ts';
import {
  aDeployment,
  aReplicaSet,
  aStatefulSet,
  ownedBy,
} from '../../support/builders/workloads.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };

/** Caches of which nothing may be gone through. */
function caches(objects: readonly KubernetesObject[]): Lookup {
  return {
    ...fixedLookup(objects, ownersByCarried),
    list: ({ kind }) => {
      throw new Error(`all of ${kind} was gone through`);
    },
  };
}

const says = (workload: string, app = 'shop') => ({
  annotations: { 'keptn.sh/workload': workload, 'keptn.sh/app': app },
});
const ownerless = (name: string) => aWorkload({ metadata: { name, ownerReferences: [] } });
const deployment = (workload: string) =>
  inShop(aDeployment({ name: workload, template: says(workload) }));
const namesIn = (objects: readonly KubernetesObject[]) => objects.map((one) => one.metadata.name);

describe('a workload without an owner', () => {
  const [, second = ''] = namesOf({ app: 'shop', workload: 'cart' });

  test('is woken by the owners that name it alone, however many there are', () => {
    const many = Array.from({ length: 300 }, (_, at) => ownerless(`shop-w${at}`));
    const changed = deployment('w7');
    const lookup = caches([...many, changed, deployment('w8')]);
    const ofDeployments = workloadController(places).watches.filter(
      ({ kind }) => kind.kind === DeploymentKind.kind,
    );
    const woken = ofDeployments.flatMap((one) => one.keys(changed, lookup));
    expect(woken.map(({ name }) => name)).toEqual(['shop-w7']);
  });

  test('is woken by a name of its own, the second name and the bare one, but not of another application', () => {
    const all = ['shop-cart', second, 'cart', 'shop-pay'].map(ownerless);
    const woken = (owner: KubernetesObject) => namesIn(ownerlessNamedBy(owner, caches(all)));
    expect(woken(deployment('cart'))).toEqual(['shop-cart', second, 'cart']);
    expect(woken(inShop(aDeployment({ template: says('cart', 'orders') })))).toEqual([]);
  });

  test('is woken by what is above and below the changed object', () => {
    const owner = inShop(aDeployment(says('cart')));
    const old = inShop(
      aReplicaSet({ name: 'old', owners: [ownedBy(owner)], template: says('pay') }),
    );
    const set = inShop(aReplicaSet({ owners: [ownedBy(owner)] }));
    const lookup = caches([owner, old, set, ownerless('shop-cart'), ownerless('shop-pay')]);
    for (const changed of [owner, set, old])
      expect(namesIn(ownerlessNamedBy(changed, lookup)).toSorted()).toEqual([
        'shop-cart',
        'shop-pay',
      ]);
  });

  test('finds its owner by the template, the metadata or a ReplicaSet, under each of its names', () => {
    const byTemplate = deployment('cart');
    const annotated = inShop(
      aStatefulSet({
        annotations: { 'keptn.sh/workload': 'cart' },
        template: { labels: { 'keptn.sh/app': 'shop' } },
      }),
    );
    const silent = inShop(aDeployment({ name: 'silent' }));
    const set = inShop(aReplicaSet({ owners: [ownedBy(silent)], template: says('cart') }));
    const lookup = caches([byTemplate, annotated, silent, set, deployment('pay')]);
    for (const name of ['shop-cart', second, 'cart'])
      expect(
        ownersNaming(ownerless(name), lookup)
          .map(({ object }) => object.metadata.name)
          .toSorted(),
      ).toEqual(['cart', 'db', 'silent']);
  });
});
