import { expect, test } from 'vitest';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { comparedChecks, diffText } from '../../../src/cli/diff/diff.ts';
import { twoVersions } from '../../../src/cli/diff/two-versions.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 12, 0, second)).toISOString();
const item = (definitionName: string, definitionVersion: string, seconds: number) =>
  ({
    definitionName,
    definitionVersion,
    name: `pre-${definitionName}`,
    status: 'Succeeded',
    startTime: at(0),
    endTime: at(seconds),
  }) as const;

const version = (number: string, made: number, given: Parameters<typeof aWorkloadVersion>[0]) =>
  aWorkloadVersion({
    ...given,
    metadata: { name: `shop-cart-${number}`, uid: number, creationTimestamp: at(made) },
    spec: { version: number, ...given?.spec },
  });

const first = version('1.0.0', 1, {
  status: {
    preDeploymentTaskStatus: [
      item('smoke', 'a/1', 10),
      item('load', 'b/1+x', 60),
      item('lint', 'c/1', 1),
    ],
    deploymentStatus: 'Succeeded',
    phaseRecords: { WorkloadDeploy: { startTime: at(0), endTime: at(5), status: 'Succeeded' } },
  },
});
const second = version('2.0.0', 2, {
  spec: { preDeploymentTasks: ['smoke', 'load', 'scan'] },
  status: {
    preDeploymentTaskStatus: [
      { ...item('smoke', 'a/3', 12), status: 'Failed', message: 'no answer' },
      item('load', 'b/1+y', 60),
    ],
  },
});

test('two versions are compared check by check: added, removed, definition, outcome, duration', () => {
  const paper = { before: 'shop-cart-1.0.0', after: 'shop-cart-2.0.0', now: 0, wide: false };
  expect(diffText(comparedChecks(first, second), paper).split('\n')).toEqual([
    '    PHASE                    CHECK          shop-cart-1.0.0   shop-cart-2.0.0   CHANGED',
    '~   WorkloadPreDeployTasks   smoke          Succeeded 10s     Failed 12s        definition (generation 1 → 3), outcome, 2s slower',
    '~   WorkloadPreDeployTasks   load           Succeeded 1m0s    Succeeded 1m0s    definition (what it leads to)',
    '+   WorkloadPreDeployTasks   scan                             Pending           added',
    '-   WorkloadPreDeployTasks   lint           Succeeded 1s                        removed',
    '~   WorkloadDeploy           (deployment)   Succeeded 5s      Pending           outcome',
    '1 added, 1 removed, 2 with another definition, 2 with another outcome',
  ]);
});

test('a version is no different from itself', () => {
  expect(comparedChecks(first, first).flatMap(({ changes }) => changes)).toEqual([]);
});

const third = version('3.0.0', 3, {});
const objects: readonly KubernetesObject[] = [
  third,
  first,
  second,
  aWorkload({ spec: { version: '3.0.0' } }),
];
const asked = { lookup: lookupOver(objects) };
const target = { kind: KeptnWorkload, name: 'shop-cart' };

test('without numbers it is the current version and the one before it', () => {
  expect(twoVersions(target, 'shop', asked)).toEqual({ before: second, after: third });
});

test('each can be named by its number', () => {
  expect(twoVersions(target, 'shop', { ...asked, from: '1.0.0' })).toMatchObject({ before: first });
  expect(twoVersions(target, 'shop', { ...asked, to: '2.0.0' })).toEqual({
    before: first,
    after: second,
  });
});

test('what is not there is answered with the versions that are', () => {
  expect(() => twoVersions(target, 'shop', { ...asked, from: '9' })).toThrow(
    'keptnworkload/shop-cart has no version 9; there are 1.0.0, 2.0.0, 3.0.0',
  );
  expect(() => twoVersions(target, 'shop', { ...asked, to: '1.0.0' })).toThrow(
    'has no version before 1.0.0 any more; name another with --from, of: 1.0.0, 2.0.0, 3.0.0',
  );
  expect(() => twoVersions({ kind: KeptnWorkload, name: 'none' }, 'shop', asked)).toThrow(
    'keptnworkload/none has no version in namespace shop (yet)',
  );
});
