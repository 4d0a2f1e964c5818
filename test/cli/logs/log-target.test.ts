import { describe, expect, test } from 'vitest';
import type { KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { targetOf } from '../../../src/cli/command/target.ts';
import { evidenceOf, logging, taskOf as taskOfTarget } from '../../../src/cli/logs/log-target.ts';
import type { Lookup } from '../../../src/domain/lookup.ts';
import { aTask, aWorkloadVersion } from '../../support/builders/builders.ts';

const version = aWorkloadVersion({ metadata: { uid: 'kwv' } });
const owner = {
  apiVersion: version.apiVersion,
  kind: version.kind,
  name: version.metadata.name,
  uid: 'kwv',
};
const task = (name: string, at: number, status: KeptnTaskStatus) =>
  aTask({
    metadata: {
      name,
      uid: name,
      creationTimestamp: `2026-11-28T1${at}:00:00Z`,
      ownerReferences: [owner],
    },
    status,
  });
const [passed, failed, running] = [
  task('passed', 3, { status: 'Succeeded' }),
  task('failed', 1, { status: 'Failed' }),
  task('running', 2, { status: 'Progressing' }),
] as const;
const target = `kwv/${version.metadata.name}`;
const taskOf = (text: string, namespace: string, lookup: Lookup) =>
  taskOfTarget(targetOf([text], logging), namespace, lookup);

describe('whose log is printed', () => {
  test('of a version, that of the task that has failed, or else runs, or else is newest', () => {
    const named = (...tasks: readonly (typeof passed)[]) =>
      taskOf(target, 'shop', lookupOver([version, ...tasks])).metadata.name;
    expect(named(passed, failed, running)).toBe('failed');
    expect(named(passed, running)).toBe('running');
    expect(named(passed)).toBe('passed');
  });

  test('a task is the one that is named', () => {
    const seen = lookupOver([version, passed, failed]);
    expect(taskOf('keptntask/passed', 'shop', seen).metadata.name).toBe('passed');
  });

  test.each([
    ['pod/x', /"pod" has no log/u],
    ['kwv/', /is no KIND\/NAME/u],
    ['keptntask/gone', /there is no KeptnTask gone in namespace shop/u],
    [target, /has no task/u],
  ])('%s is refused by name', (text, words) => {
    expect(() => taskOf(text, 'shop', lookupOver([version]))).toThrow(words);
  });
});

test('of a task whose Pod is gone, its end, its runs and its last lines are on record', () => {
  const gone = task('failed', 1, {
    status: 'Failed',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
    evidence: { message: 'the container ended with exit code 1' },
    exitCode: 1,
    runs: [{ reason: 'Error', exitCode: 1, message: 'p95 is 2.3 s' }],
    output: 'p95 is 2.3 s\nallowed is 0.8 s',
  });
  expect(evidenceOf(gone).split('\n')).toEqual([
    'KeptnTask failed (smoke): Failed (BackoffLimitExceeded)',
    'Job has reached the specified backoff limit',
    'the container ended with exit code 1',
    'exit code 1',
    'run 1: Error, exit code 1: p95 is 2.3 s',
    'p95 is 2.3 s',
    'allowed is 0.8 s',
  ]);
});
