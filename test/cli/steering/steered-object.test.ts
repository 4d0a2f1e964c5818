import { describe, expect, test } from 'vitest';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { targetOf } from '../../../src/cli/command/target.ts';
import { type Level, steeredObject, steeringBy } from '../../../src/cli/steering/steered-object.ts';
import {
  anApp,
  anAppVersion,
  aTask,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { sluice } from '../../support/cluster/command-line.ts';
import { controllerReference } from '../../support/observed/lifecycle-seen.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop', uid: 'deployment-uid' },
};
const version = aWorkloadVersion();
const appVersion = anAppVersion();
const lookup = lookupOver([
  deployment,
  version,
  aWorkloadVersion({ metadata: { name: 'shop-cart-0.9.0' }, spec: { version: '0.9.0' } }),
  aWorkload({ metadata: { ownerReferences: [controllerReference(deployment)] } }),
  appVersion,
  anApp({ status: { appVersionUID: appVersion.metadata.uid ?? '' } }),
  aTask({
    metadata: { name: 'pre-smoke-1', ownerReferences: [controllerReference(version)] },
    spec: { taskDefinition: 'smoke' },
  }),
  aTask({ metadata: { name: 'by-hand' } }),
]);

const named = (...words: readonly (string | undefined)[]) =>
  targetOf(
    words.flatMap((word) => word ?? []),
    steeringBy('retry', true),
  );

function steeredBy(target: string, level: Level, separate?: string) {
  const { kind, object, check } = steeredObject(named(target, separate), level, {
    lookup,
    namespace: 'shop',
  });
  return [`${kind.kind} ${object.metadata.name}`, ...(check === undefined ? [] : [check])];
}

describe('what is steered', () => {
  test.each([
    ['deployment/cart', 'KeptnWorkloadVersion shop-cart-1.0.0', 'KeptnWorkload shop-cart'],
    ['deployments.apps/cart', 'KeptnWorkloadVersion shop-cart-1.0.0', 'KeptnWorkload shop-cart'],
    ['kw/shop-cart', 'KeptnWorkloadVersion shop-cart-1.0.0', 'KeptnWorkload shop-cart'],
    ['kwv/shop-cart-0.9.0', 'KeptnWorkloadVersion shop-cart-0.9.0', 'KeptnWorkload shop-cart'],
    ['keptnapp/shop', `KeptnAppVersion ${appVersion.metadata.name}`, 'KeptnApp shop'],
    [
      `kav/${appVersion.metadata.name}`,
      `KeptnAppVersion ${appVersion.metadata.name}`,
      'KeptnApp shop',
    ],
  ])('%s is %s, and what is paused by it %s', (target, ofVersion, lasting) => {
    expect(steeredBy(target, 'version')).toEqual([ofVersion]);
    expect(steeredBy(target, 'lasting')).toEqual([lasting]);
  });

  test('may be named in two words', () => {
    expect(steeredBy('deployment', 'version', 'cart')).toEqual([
      'KeptnWorkloadVersion shop-cart-1.0.0',
    ]);
  });

  test('a task is its check in the version it belongs to', () => {
    expect(steeredBy('kt/pre-smoke-1', 'version')).toEqual([
      'KeptnWorkloadVersion shop-cart-1.0.0',
      'smoke',
    ]);
  });

  test('what is not there, or has no version, is said', () => {
    expect(() => steeredBy('deployment/web', 'version')).toThrow(
      'there is no Deployment web in namespace shop; name another namespace with --namespace',
    );
    expect(() => steeredBy('kt/by-hand', 'version')).toThrow('KeptnTask by-hand has no version');
    expect(() => steeredBy('kt/by-hand', 'lasting')).toThrow('belongs to no KeptnWorkload');
  });
});

describe('bad input ends with 2 and says how to correct it, before any cluster is asked', () => {
  test.each([
    [['retry', 'cart'], 'is no KIND/NAME; write for example deployment/cart'],
    [['retry', 'pod/cart-x'], 'a Pod is not steered'],
    [['retry', 'deploymnt/cart'], 'Did you mean deployment/cart?'],
    [['abort', 'keptntask/load-test-x'], 'sluice retry keptntask/load-test-x'],
    [['release', 'deployment/cart'], "required option '--reason <text>' not specified"],
    [
      ['abort', 'deployment/cart', '--timeout', 'soon'],
      "option '--timeout <duration>' argument 'soon' is invalid. Expected a duration",
    ],
  ])('%j', async (args, complaint) => {
    expect(await sluice(args)).toMatchObject({
      exitCode: 2,
      complaint: expect.stringContaining(complaint),
    });
  });
});

test.each(['retry', 'restart', 'abort', 'release', 'pause', 'resume'])(
  'the help of %s has an example and names every option',
  async (command) => {
    const { exitCode, output } = await sluice([command, '--help']);
    expect(exitCode).toBe(0);
    for (const shown of [`  sluice ${command} `, '--dry-run', '-o, --output', 'Exit codes:']) {
      expect(output).toContain(shown);
    }
  },
);

test.each([
  ['retry', '--what', 'load-test'],
  ['abort', '--reason', 'why'],
  ['release', '--reason', 'why', '--for', '5m'],
  ['pause', '--reason', 'why'],
])('no option of %s is taken for a setting of the process', async (command, ...options) => {
  const args = [command, 'deployment/cart', ...options, '--kubeconfig', '/no/such/file'];
  expect(await sluice(args)).toMatchObject({
    exitCode: 1,
    complaint: expect.stringContaining('/no/such/file'),
  });
});
