import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/builtin.ts';
import { DepartedPods } from '../../../src/controllers/gathering/departed-pods.ts';

const ended = { state: { terminated: { exitCode: 3, reason: 'Error', message: 'no' } } };
const running = { state: { running: {} } };

function aPod(name: string, container: object = ended, job = 'job-1'): Pod {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job, uid: job, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ownerReferences: [owner] },
    status: { phase: 'Running', containerStatuses: [{ name: 'main', ...container }] },
  };
}

describe('Pods of Jobs that are gone', () => {
  test('are still there as they were seen last, beside those in the cache', () => {
    const pods = new DepartedPods();
    pods.see(aPod('a', running));
    pods.see(aPod('a'));
    pods.see(aPod('b'));
    expect(pods.with([aPod('b', running)], 'job-1')).toEqual([aPod('b', running), aPod('a')]);
  });

  test('that never ended a container tell nothing and are not kept', () => {
    const pods = new DepartedPods();
    pods.see(aPod('a', running));
    expect(pods.with([], 'job-1')).toEqual([]);
  });

  test('are forgotten with their Job, and none is kept without bounds', () => {
    const pods = new DepartedPods();
    for (let count = 0; count < 25; count += 1) pods.see(aPod(`p${count}`));
    expect(pods.with([], 'job-1').map(({ metadata }) => metadata.name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `p${index + 15}`),
    );
    for (let count = 0; count < 1_000; count += 1) pods.see(aPod('x', ended, `other-${count}`));
    expect(pods.with([], 'job-1')).toEqual([]);
    pods.forget('other-5');
    expect(pods.with([], 'other-5')).toEqual([]);
  });
});
