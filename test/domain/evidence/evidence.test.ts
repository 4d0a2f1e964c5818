import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerState, Pod } from '../../../src/api/builtin.ts';
import { evidenceOf, hindranceOf } from '../../../src/domain/evidence/evidence.ts';
import { aJobOf, aPodOf, aTask } from '../../support/builders/task-builders.ts';

const job = aJobOf(aTask()).running();
const pod = (main: Parameters<typeof aPodOf>[1], status: Partial<Pod['status']> = {}): Pod => {
  const made = aPodOf(job, main);
  return { ...made, status: { ...made.status, ...status } };
};
const ended = (exitCode: number, at = '2026-01-01T00:00:10Z', more = {}): ContainerState => ({
  terminated: { exitCode, finishedAt: at, ...more },
});

describe('the evidence of a Job', () => {
  test('is nothing while nothing has ended', () => {
    expect(evidenceOf([])).toBeUndefined();
    expect(evidenceOf([pod({ state: { running: {} } })])).toBeUndefined();
  });

  test('is exit code, reason and the last words of the run that failed', () => {
    const state = ended(3, undefined, { reason: 'Error', message: 'loading\nno route to host\n' });
    expect(evidenceOf([pod({ state, restartCount: 2 })])).toEqual({
      reason: 'Error',
      message: 'the container ended with exit code 3 (Error): no route to host',
      exitCode: 3,
      wasStopped: false,
      restarts: 2,
      output: 'loading\nno route to host',
    });
  });

  test("is what Sluice's runner told, where it was the program", () => {
    const told = {
      status: 'failed',
      message: 'attempt 2 of 2 ended with exit code 3: no route to host',
      timestamp: '2026-01-01T00:00:10Z',
      reason: 'FunctionFailed',
      exitCode: 3,
      final: true,
      attempts: [
        { number: 1, startedAt: '2026-01-01T00:00:01Z', durationMs: 900, signal: 'SIGKILL' },
        { number: 2, durationMs: 12, exitCode: 3, lastErrorLine: 'no route to host' },
      ],
    };
    const state = ended(3, undefined, { reason: 'Error', message: JSON.stringify(told) });
    expect(evidenceOf([pod({ state })])).toEqual({
      reason: 'FunctionFailed',
      message: told.message,
      exitCode: 3,
      wasStopped: false,
      restarts: 0,
      report: {
        succeeded: false,
        reason: 'FunctionFailed',
        message: told.message,
        final: true,
        result: undefined,
        runs: [
          { startTime: '2026-01-01T00:00:01Z', durationMilliseconds: 900, signal: 'SIGKILL' },
          { durationMilliseconds: 12, exitCode: 3, message: 'no route to host' },
        ],
      },
    });
  });

  test.each(['{', '{"status":"failed"}', 'null', '{"status":"lost","message":1}'])(
    'is the plain message where %s is no report of a runner',
    (message) => {
      const evidence = evidenceOf([pod({ state: ended(1, undefined, { message }) })]);
      expect(evidence).toMatchObject({ output: message, exitCode: 1 });
      expect(evidence).not.toHaveProperty('report');
    },
  );

  test('says what became of a result that could not be taken', () => {
    const told = {
      status: 'succeeded',
      message: 'completed',
      timestamp: '2026-01-01T00:00:10Z',
      reason: 'Completed',
      final: true,
      resultError: { reason: 'ResultTooLarge', message: 'it has 9,000 bytes of at most 2,048' },
    };
    const state = ended(0, undefined, { message: JSON.stringify(told) });
    expect(evidenceOf([pod({ state })])).toMatchObject({
      message: 'completed; its result was not taken: it has 9,000 bytes of at most 2,048',
      report: { succeeded: true, result: undefined },
    });
  });

  test('is found in the run before, while the container starts again', () => {
    const state = { waiting: { reason: 'CrashLoopBackOff' } };
    const lastState = ended(137, undefined, { reason: 'OOMKilled' });
    expect(evidenceOf([pod({ state, lastState, restartCount: 1 })])).toEqual({
      reason: 'OOMKilled',
      message: 'the container ended with exit code 137 (OOMKilled)',
      exitCode: 137,
      wasStopped: false,
      restarts: 1,
    });
  });

  test('is that of the latest run, over all Pods', () => {
    const first = pod({ state: ended(1, '2026-01-01T00:00:10Z') });
    const second = pod({ state: ended(0, '2026-01-01T00:00:20Z') });
    expect(evidenceOf([second, first])).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
      restarts: 1,
    });
  });

  test('is the failed one of two runs in the same second', () => {
    const state = ended(0);
    expect(evidenceOf([pod({ state, lastState: ended(2) })])?.exitCode).toBe(2);
    expect(evidenceOf([pod({ state: ended(2), lastState: ended(0) })])?.exitCode).toBe(2);
  });

  test('is not that of a sidecar', () => {
    const containerStatuses = [
      { name: 'istio-proxy', state: ended(143, '2026-01-01T00:00:30Z') },
      { name: 'main', state: ended(0) },
    ];
    expect(evidenceOf([pod({}, { containerStatuses })], 'main')?.exitCode).toBe(0);
    expect(evidenceOf([pod({}, { containerStatuses })], 'renamed')?.exitCode).toBe(143);
  });

  describe('of a Pod that is being deleted', () => {
    const going = (main: Parameters<typeof aPodOf>[1]): Pod => {
      const made = pod(main);
      return { ...made, metadata: { ...made.metadata, deletionTimestamp: '2026-01-01T00:01:00Z' } };
    };

    test('is the run before it was stopped', () => {
      const lastState = ended(2, '2026-01-01T00:00:10Z', { message: 'no route to host' });
      const state = ended(143, '2026-01-01T00:00:30Z', { reason: 'Error' });
      expect(evidenceOf([going({ state, lastState, restartCount: 1 })])).toMatchObject({
        exitCode: 2,
        wasStopped: false,
      });
    });

    test.each([
      [143, 'Error', true],
      [137, 'ContainerStatusUnknown', true],
      [137, 'OOMKilled', false],
      [1, 'Error', false],
    ])('with exit code %d (%s) is marked as stopped: %s', (exitCode, reason, wasStopped) => {
      const found = evidenceOf([going({ state: ended(exitCode, undefined, { reason }) })]);
      expect(found?.wasStopped).toBe(wasStopped);
      expect(found?.message.includes('was still running and was stopped')).toBe(wasStopped);
    });
  });

  test('is what the Pod says where no container ended', () => {
    const evicted = pod(
      {},
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' },
    );
    expect(evidenceOf([evicted])).toEqual({
      reason: 'Evicted',
      message: 'Pod pre-check-job-pod failed: The node was low on memory.',
      wasStopped: false,
      restarts: 0,
    });
  });

  test('is what took the Pod away where its node is gone, whose kubelet says nothing', () => {
    const status = 'True';
    const [reason, message] = ['DeletionByPodGC', 'PodGC: node no longer exists'];
    const gone = pod(
      { state: { running: {} } },
      { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status, reason, message }] },
    );
    expect(evidenceOf([gone])).toEqual({
      reason,
      message: `Pod pre-check-job-pod failed: ${message}`,
      wasStopped: false,
      restarts: 0,
    });
  });

  test('keeps the end of a long output, in whole characters', () => {
    const output = evidenceOf([
      pod({ state: ended(1, undefined, { message: `${'x'.repeat(9)}${'💥'.repeat(600)}!` }) }),
    ])?.output;
    expect(output?.length).toBeLessThanOrEqual(1024);
    expect(output).toMatch(/^💥+!$/u);
  });

  test('never holds more than its limit', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5000 }), (message) => {
        const found = evidenceOf([pod({ state: ended(1, undefined, { message }) })]);
        expect(found?.output?.length ?? 0).toBeLessThanOrEqual(1024);
        expect(found?.message.length).toBeLessThan(300);
      }),
    );
  });
});

describe('why a Pod does not start', () => {
  const waiting = (reason: string, message?: string, phase = 'Pending') =>
    pod({ state: { waiting: { reason, ...(message !== undefined && { message }) } } }, { phase });

  test.each(['ContainerCreating', 'PodInitializing', 'CrashLoopBackOff'])('is not %s', (reason) => {
    expect(hindranceOf([waiting(reason)])).toBeUndefined();
  });

  test('is one reason for an image that cannot be pulled, whichever word the kubelet uses at the moment', () => {
    expect(hindranceOf([waiting('ErrImagePull', 'no such host')])).toEqual({
      reason: 'ImagePullBackOff',
      message: 'container main cannot start: no such host',
      persists: true,
    });
    expect(hindranceOf([waiting('ImagePullBackOff', 'Back-off')])?.reason).toBe('ImagePullBackOff');
  });

  test('is the missing Secret or ConfigMap that the kubelet names', () => {
    const found = hindranceOf([waiting('CreateContainerConfigError', 'secret "keys" not found')]);
    expect(found).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('secret "keys" not found'),
    });
  });

  test("is the scheduler's message while no node takes it", () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
    ];
    expect(hindranceOf([pod({}, { phase: 'Pending', containerStatuses: [], conditions })])).toEqual(
      {
        reason: 'Unschedulable',
        message: 'no node takes the Pod: 0/3 nodes',
        persists: false,
      },
    );
  });

  test('is of no interest once it runs or goes', () => {
    expect(hindranceOf([waiting('ErrImagePull', '', 'Running')])).toBeUndefined();
    const going = waiting('ErrImagePull');
    expect(
      hindranceOf([{ ...going, metadata: { ...going.metadata, deletionTimestamp: 'now' } }]),
    ).toBeUndefined();
  });
});
