import { expect, test } from 'vitest';
import { metricNamespaces } from '../../../src/domain/measurement/metric-namespaces.ts';

const places = { own: 'shop', operatorNamespace: 'keptn-system' };

test.each([
  ['none', undefined, ['shop', 'keptn-system']],
  ['an empty one', '', ['shop', 'keptn-system']],
  ['its own', 'shop', ['shop']],
  ['the operator’s', 'keptn-system', ['keptn-system']],
  ['another tenant’s', 'bank', []],
])('an objective that states %s finds metrics there: %s', (_what, stated, found) => {
  expect(metricNamespaces(stated, places)).toEqual(found);
});
