import { expect, it } from 'vitest';
import type { ObjectRef } from '../../../src/api/object.ts';
import { placeOf, trustRefs } from '../../../src/controllers/certificates/trust-places.ts';
import { keptnCrd } from '../../support/builders/keptn-ages.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';

const reader = {
  authoritiesIn: () => [],
  authority: () => undefined,
  leaf: () => undefined,
};
const [configuration] = trustRefs;
const service = (name: string) => ({ clientConfig: { service: { name, namespace: 'keptn' } } });
const keptns = { name: 'mpod.keptn.sh', ...service('lifecycle-webhook-service') };

function place(ref: ObjectRef | undefined, fields: object) {
  if (ref === undefined) throw new Error('no such place');
  const { apiVersion, kind } = ref.kind;
  return placeOf(ref, { apiVersion, kind, metadata: { name: ref.name }, ...fields }, reader);
}

it('what a running Keptn answers is no place of trust in Sluice, although it has the same name', () => {
  expect(place(configuration, { webhooks: [keptns] })).toBeUndefined();
  const crd = keptnCrd('v1', KeptnApp);
  const conversion = {
    strategy: 'Webhook',
    webhook: service('lifecycle-webhook-service'),
  };
  const ref = trustRefs.find(({ name }) => name === crd?.metadata.name);
  expect(place(ref, { spec: { conversion } })).toBeUndefined();
});

it('the same webhook among those of Sluice is one', () => {
  const own = { name: 'mnamespace.sluice.keptn.sh', ...service('lifecycle-webhook-service') };
  expect(place(configuration, { webhooks: [keptns, own] })?.bundles).toHaveLength(2);
  const conversion = { strategy: 'Webhook', webhook: service('sluice-conversion') };
  const ref = trustRefs.at(-1);
  expect(place(ref, { spec: { conversion } })?.bundles).toHaveLength(1);
});
