import { expect, test } from 'vitest';
import { webhookServiceName } from '../../src/admission/manifests.ts';
import { everyDeployment, everyObject, objectsOfPart } from '../../src/install/installation.ts';
import { uninstallRights } from '../../src/install/uninstall-rights.ts';

const namespace = 'keptn-system';
const settings = { namespace, target: { service: { name: webhookServiceName, namespace } } };

test('the account that uninstalls may remove whatever an installation may have, whatever its settings', () => {
  const granted = new Set(
    uninstallRights(namespace).flatMap((object) => {
      const rules = 'rules' in object ? (object.rules as readonly Granted[]) : [];
      return rules.flatMap(({ resources, resourceNames = [], verbs }) =>
        verbs.includes('delete') && verbs.includes('get')
          ? resources.flatMap((plural) => resourceNames.map((name) => `${plural} ${name}`))
          : [],
      );
    }),
  );
  const all = { ...settings, ...everyObject };
  const removed = [
    ...(['webhooks', 'policy', 'rights', 'conversion'] as const).flatMap((part) =>
      objectsOfPart(part, all),
    ),
    ...everyDeployment(all),
  ].filter(({ kind }) => kind.kind !== 'Namespace');
  expect(removed.length).toBeGreaterThan(40);
  const missing = removed
    .map(({ kind, object }) => `${kind.plural} ${object.metadata.name}`)
    .filter((one) => !granted.has(one));
  expect(missing).toEqual([]);
});

interface Granted {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
