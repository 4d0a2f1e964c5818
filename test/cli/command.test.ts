import { describe, expect, test } from 'vitest';
import { DeploymentKind } from '../../src/api/builtin.ts';
import { structured } from '../../src/cli/command/output-option.ts';
import { meantBy, targetOf } from '../../src/cli/command/target.ts';
import { workloadsWith } from '../../src/cli/command/selected-workloads.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { BadInput } from '../../src/process/terminal.ts';
import { aWorkload, aWorkloadVersion } from '../support/builders/builders.ts';
import { sluice } from '../support/cluster/command-line.ts';

const targeting = {
  kinds: [DeploymentKind],
  cannot: 'cannot be meant',
  example: 'write for example deployment/cart',
};
const cart: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop', uid: 'cart-uid' },
};
const clusterOf = (objects: readonly KubernetesObject[], asked: string[] = []) => ({
  list(kind: Kind, namespace: string, selector: string) {
    if (selector !== '') asked.push(`${kind.plural} in ${namespace}: ${selector}`);
    return Promise.resolve(
      objects.filter((one) => one.kind === kind.kind && (selector === '' || one === cart)),
    );
  },
});

describe('what a command is about', () => {
  test.each([[['deployment/cart']], [['deployments.apps', 'cart']], [['deploy', 'cart']]])(
    '%j is one and the same',
    (words) => {
      expect(targetOf(words, targeting)).toEqual({ kind: DeploymentKind, name: 'cart' });
    },
  );

  test('with a label selector, all that have these labels', async () => {
    const asked: string[] = [];
    const meant = meantBy(['deployment'], 'app=cart', targeting);
    expect(await meant.targets(clusterOf([cart], asked), 'shop')).toEqual([
      { kind: DeploymentKind, name: 'cart' },
    ]);
    expect(asked).toEqual(['deployments in shop: app=cart']);
    await expect(meant.targets(clusterOf([]), 'shop')).rejects.toThrow(
      'there is no Deployment with the labels app=cart in namespace shop',
    );
  });

  test('a name beside a selector is refused', () => {
    expect(() => meantBy(['deployment/cart'], 'app=cart', targeting)).toThrow(BadInput);
  });
});

test('a workload is selected by the labels of its Deployment', async () => {
  const owned = aWorkload({
    metadata: { ownerReferences: [{ ...cart, name: 'cart', uid: 'cart-uid' }] },
  });
  const isMeant = await workloadsWith('app=cart', clusterOf([cart, owned]), 'shop');
  expect(isMeant?.(aWorkloadVersion())).toBe(true);
  expect(isMeant?.(aWorkloadVersion({ spec: { workloadName: 'shop-log' } }))).toBe(false);
});

test('values for programs carry nothing that a terminal would obey', () => {
  const value = { says: 'red \u{1b}[31m', left: undefined };
  expect(JSON.parse(structured(value, 'json'))).toEqual({ says: value.says });
  expect(structured(value, 'yaml')).not.toContain('\u{1b}');
  expect(structured(value, 'yaml')).toBe('says: "red \\e[31m"\n');
});

const verbs = ['explain', 'history', 'report', 'logs', 'status', 'wait', 'retry', 'check'];

test.each(verbs)('%s takes the context and a bound for each request', async (verb) => {
  const { output } = await sluice([verb, '--help']);
  for (const option of ['--kubeconfig <file>', '--context <name>', '--request-timeout <duration>'])
    expect(output).toContain(option);
});

test.each([
  ['wait', 'deployment/cart', '--timeout', '90'],
  ['retry', 'deployment/cart', '--timeout', '90'],
  ['check', '--held-for', '90'],
  ['uninstall', '--wait', '90'],
])('%s refuses a time without a unit', async (...args) => {
  expect(await sluice(args)).toMatchObject({
    exitCode: 2,
    complaint: expect.stringContaining('a duration'),
  });
});
