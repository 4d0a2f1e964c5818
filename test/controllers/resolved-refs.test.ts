import { expect, test } from 'vitest';
import { ServiceAccountMetadataKind } from '../../src/api/builtin.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { referenceControllers } from '../../src/controllers/resolved-refs.ts';
import type { World } from '../../src/domain/lookup.ts';
import { aTaskDefinition } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

/** What one controller says of an object when some kinds cannot be listed. */

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };

function worldOf(objects: readonly KubernetesObject[], isListed: boolean): World {
  return {
    ...fixedLookup(objects),
    now: 0,
    clockSteps: [],
    live: () => 'absent',
    listed: () => false,
    eventsAbout: () => 'unread',
    refusal: () => undefined,
    answers: () => ({ live: new Map(), refusals: new Map(), made: new Set() }),
    isSynced: (...kinds) => isListed || !kinds.includes(ServiceAccountMetadataKind),
  };
}

const definition = aTaskDefinition({
  spec: { container: { name: 'c', image: 'c:1' }, serviceAccount: { name: 'runner' } },
});

const said = (isListed: boolean) => {
  const [controller] = referenceControllers(places);
  const { name, namespace = '' } = definition.metadata;
  return controller?.gather({ name, namespace }, worldOf([definition], isListed));
};

test('a ServiceAccount that is not there is a flaw', () => {
  expect(said(true)?.flaws).toMatchObject([{ path: 'spec.serviceAccount.name' }]);
});

test('of ServiceAccounts that cannot be listed nothing is claimed, neither that one is missing nor that all is there', () => {
  expect(said(false)).toMatchObject({ flaws: [], saysResolved: false });
});
