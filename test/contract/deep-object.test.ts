import { beforeAll, describe, expect, it } from 'vitest';
import { deepestLevel } from '../../src/api/depth.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { aTaskDefinition } from '../support/builders/apps.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { inVersion } from '../support/observed/in-version.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** A definition with 6,000 levels under a field the schema leaves open, on a real API server, which takes it. */

const oldVersions = KeptnTaskDefinition.versions.slice(1).map(({ name }) => name);

/** The object with so many levels. Written as text: JSON.stringify has no stack for so many. */
function deepText(levels: number, name: string): string {
  // The object, spec and container are three of them.
  const inner = levels - 3;
  const value = `${'{"x":'.repeat(inner)}"end"${'}'.repeat(inner)}`;
  const spec = { container: { name: 'x', image: 'busybox:1.37.0', x: 'VALUE' } };
  return JSON.stringify(aTaskDefinition(name, { spec })).replace('"VALUE"', value);
}

/** Creates it; rejects with what the API server says. */
async function create(
  { name: namespace }: EnabledNamespace,
  { levels = 6_000, name = 'deep' } = {},
): Promise<string> {
  const { apiVersion, plural } = KeptnTaskDefinition;
  const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}`;
  return sluice.cluster.kubectl(['create', '--raw', path, '-f', '-'], deepText(levels, name));
}

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

it('is denied, and the denial names the field and how deep it may be', async () => {
  await using shop = await sluice.namespace();
  const denial = `spec.container.x: is nested deeper than ${deepestLevel} levels; make it flatter`;
  await expect(create(shop)).rejects.toThrow(denial);
  // The API server repeats the levels in managedFields, further down: those do not count.
  await expect(create(shop, { levels: deepestLevel + 1 })).rejects.toThrow(denial);
  await create(shop, { levels: deepestLevel, name: 'as-deep-as-may-be' });
  const old = inVersion(KeptnTaskDefinition, 'v1alpha2');
  const [listed] = await sluice.cluster.list(old, { namespace: shop.name });
  expect(listed && problemOf(listed.metadata)).toBeUndefined();
});

describe('one that got in unseen', () => {
  it.each(oldVersions)('leaves the list of %s whole but for itself', async (version) => {
    await using shop = await sluice.namespace();
    await storeUnseen(shop);
    const old = inVersion(KeptnTaskDefinition, version);
    const listed = await sluice.cluster.list(old, { namespace: shop.name });
    expect(listed.map(({ metadata }) => [metadata.name, problemOf(metadata)])).toEqual([
      ['before', undefined],
      ['deep', `is nested deeper than ${deepestLevel} levels`],
      ['later', undefined],
    ]);
    const before = await sluice.cluster.get(old, { namespace: shop.name, name: 'before' });
    const { spec } = listed.find(({ metadata }) => metadata.name === 'before') ?? {};
    expect(spec).toEqual(before?.spec);
    // Written as it was read, it would lose what it was cut by.
    const place = { namespace: shop.name, name: 'deep' };
    const labels = { team: 'shop' };
    await expect(sluice.cluster.patch(old, place, { metadata: { labels } })).rejects.toThrow(
      'was not read as a whole',
    );
  });

  it('is told by an Event and left out alone: Sluice works for the others, and it can be deleted', async () => {
    await using shop = await sluice.namespace();
    await storeUnseen(shop);
    const [event] = await eventually('the Event on the deep definition', async () => {
      const events = await shop.events(KeptnTaskDefinition.kind);
      const told = events.filter(({ reason }) => reason === 'LeftOut');
      return told.length > 0 && told;
    });
    expect(event).toMatchObject({
      type: 'Warning',
      regarding: { name: 'deep' },
      note: expect.stringContaining(
        `KeptnTaskDefinition deep is nested deeper than ${deepestLevel} levels`,
      ),
    });

    const task = (name: string, taskDefinition: string): Manifest => ({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      metadata: { name },
      spec: { taskDefinition },
    });
    await shop.apply(task('of-the-other', 'later'), task('of-the-deep', 'deep'));
    await shop.untilTask('later', ({ status }) => status?.status === 'Succeeded', 30_000);
    // What names it waits as if there were no such definition.
    const [waiting] = (await shop.tasks()).filter(({ spec }) => spec.taskDefinition === 'deep');
    expect(waiting?.status?.status).not.toBe('Succeeded');

    // What leaves its spec alone is let through, and so is its deletion, in two steps because of the finalizer.
    const place = { namespace: shop.name, name: 'deep' };
    await edit(shop, { labels: { team: 'shop' }, finalizers: ['sluice.test/wait'] });
    await sluice.cluster.delete(KeptnTaskDefinition, place);
    await edit(shop, { finalizers: null });
    await eventually('it is gone', async () => {
      return (await sluice.cluster.get(KeptnTaskDefinition, place)) === undefined;
    });
    // A definition of that name that is flat is worked with at once.
    await shop.apply(aTaskDefinition('deep'));
    await shop.untilTask('deep', ({ status }) => status?.status === 'Succeeded', 30_000);
  });
});

/** Changes the metadata of the deep definition; the answer, which has all its levels, is not looked at. */
async function edit({ name }: EnabledNamespace, metadata: object): Promise<void> {
  const { group, plural } = KeptnTaskDefinition;
  const patch = JSON.stringify({ metadata });
  const of = [`${plural}.${group}`, 'deep', '-n', name];
  await sluice.cluster.kubectl(['patch', ...of, '--type=merge', '-p', patch, '-o', 'name']);
}

interface Metadata {
  readonly annotations?: Readonly<Record<string, string>>;
}

const problemOf = ({ annotations }: Metadata): string | undefined =>
  annotations?.[sluiceKeys.conversionProblem];

/** The deep definition between two others, stored without a review, as if Sluice had been down. */
async function storeUnseen(shop: EnabledNamespace): Promise<void> {
  await shop.apply(aTaskDefinition('before'));
  await unreviewed(shop.name, async () => {
    // The API server takes up a changed configuration a moment later.
    await eventually('the deep definition is stored', () => create(shop).catch(() => undefined));
  });
  await shop.apply(aTaskDefinition('later'));
}

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

interface Rule {
  readonly resources: readonly string[];
}

const configurationKind: Kind<WebhookConfiguration> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};

/** While `run` lasts, task definitions of this namespace, and of no other, are not reviewed. */
async function unreviewed(namespace: string, run: () => Promise<void>): Promise<void> {
  const name = 'lifecycle-validating-webhook-configuration';
  const place = { name, type: 'json' as const };
  const configuration = await sluice.cluster.get(configurationKind, { name });
  const index = configuration?.webhooks.findIndex(({ rules }) =>
    rules.some(({ resources }) => resources.includes(KeptnTaskDefinition.plural)),
  );
  const entry = configuration?.webhooks[index ?? -1];
  if (index === undefined || entry === undefined) throw new Error('no webhook for definitions');
  const path = `/webhooks/${index}`;
  const isTheOne = { op: 'test', path: `${path}/name`, value: entry.name };
  const others = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] };
  const select = (matchExpressions: readonly object[]) => [
    isTheOne,
    { op: 'replace', path: `${path}/namespaceSelector`, value: { matchExpressions } },
  ];
  await sluice.cluster.patch(configurationKind, place, select([others]));
  try {
    await run();
  } finally {
    await sluice.cluster.patch(configurationKind, place, select([]));
  }
}
