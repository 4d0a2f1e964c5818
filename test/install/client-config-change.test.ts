import { expect, test } from 'vitest';
import { clientConfigChange } from '../../src/install/client-config-change.ts';

const service = { service: { name: 'x', namespace: 'y' }, caBundle: 'AA==' };
const url = { url: 'https://127.0.0.1:9/convert' };
const metadata = { name: 'x', resourceVersion: '7' };
const crd = (clientConfig: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata,
  spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig } } },
});
const hooks = (clientConfig: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata,
  webhooks: [
    { name: 'other', clientConfig: service },
    { name: 'ours', clientConfig },
  ],
});
const guard = { op: 'test', path: '/metadata/resourceVersion', value: '7' };

test('a CRD that leads to a Service is made to lead to an address, and the other way round', () => {
  const path = '/spec/conversion/webhook/clientConfig';
  expect(clientConfigChange(crd(service), crd(url))).toEqual([
    guard,
    { op: 'replace', path, value: url },
  ]);
  expect(clientConfigChange(crd(url), crd(service))).toEqual([
    guard,
    { op: 'replace', path, value: service },
  ]);
});

test('of a webhook configuration only the webhook of the same name is changed', () => {
  const wanted = { ...hooks(url), webhooks: [{ name: 'ours', clientConfig: url }] };
  expect(clientConfigChange(hooks(service), wanted)).toEqual([
    guard,
    { op: 'replace', path: '/webhooks/1/clientConfig', value: url },
  ]);
});

test('nothing is done where both are of one sort, or there is no conversion', () => {
  expect(clientConfigChange(crd(service), crd(service))).toEqual([]);
  const { apiVersion, kind } = crd(url);
  expect(clientConfigChange({ apiVersion, kind, metadata }, crd(service))).toEqual([]);
});

test('a CRD that is converted by itself from now on names no converter any more', () => {
  const unconverted = { ...crd(service), spec: { conversion: { strategy: 'None' } } };
  expect(clientConfigChange(crd(service), unconverted)).toEqual([
    guard,
    { op: 'replace', path: '/spec/conversion', value: { strategy: 'None' } },
  ]);
  expect(clientConfigChange(unconverted, unconverted)).toEqual([]);
});
