import { beforeAll, describe, expect, it } from 'vitest';
import type { KeptnTaskStatus } from '../../src/api/keptn/task.ts';
import { failing, passing, troubled } from '../support/real/checks.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { isOver, startChecks, taskStatus } from '../support/real/tasks.ts';

/** What KeptnTask.status says of checks that a kubelet really ran, or could not run. All run at once; each is asked about by itself. */

describe.runIf(whyNoRealSluice() === undefined)('a check on a real node', () => {
  let sluice: RealSluice;
  let namespace: string;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
    ({ name: namespace } = await sluice.cluster.namespace());
    await startChecks(sluice.cluster, namespace, [...passing, ...failing, ...troubled]);
  });

  const ended = (name: string, is?: (status: KeptnTaskStatus) => boolean) =>
    taskStatus(sluice.cluster, { namespace, name }, is);

  describe('that passes', () => {
    it.each([
      ['deno-passes', { sum: 3, by: '2.9.5' }],
      ['python-passes', { sum: 3 }],
      ['bash-passes', { sum: 3 }],
    ])('%s: its result is in the status', async (name, result) => {
      const status = await ended(name);
      expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0, restarts: 0, result });
      expect(status.runs).toEqual([expect.objectContaining({ exitCode: 0, reason: 'Completed' })]);
    });

    it('a container needs to say nothing', async () => {
      expect(await ended('container-passes')).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    });

    it('a function at its third attempt: each run is told, in one container that was started once', async () => {
      const status = await ended('passes-at-the-third-attempt');
      expect(status).toMatchObject({
        status: 'Succeeded',
        restarts: 0,
        output: 'attempt 3 of 4: succeeded',
      });
      expect(status.runs?.map(({ exitCode, message }) => [exitCode, message])).toEqual([
        [1, 'attempt 1'],
        [1, 'attempt 2'],
        [0, undefined],
      ]);
    });

    it('a container at its second start', async () => {
      const status = await ended('container-passes-at-the-second-start');
      expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0, restarts: 1 });
    });
  });

  describe('that fails', () => {
    it.each([
      ['deno-fails', 1, 'exit code 1: error: Uncaught (in promise) Error: no stock left'],
      ['python-fails', 3, 'exit code 3: no stock left'],
      ['bash-fails', 3, 'exit code 3: no stock left'],
    ])('%s: its exit code and its last line of errors', async (name, exitCode, message) => {
      expect(await ended(name)).toMatchObject({
        status: 'Failed',
        reason: 'FunctionFailed',
        exitCode,
        restarts: 0,
        evidence: { message },
      });
    });

    it('a container: exit code, word and last line of its log; with retries 0 it was started once', async () => {
      expect(await ended('container-fails')).toMatchObject({
        status: 'Failed',
        reason: 'BackoffLimitExceeded',
        exitCode: 3,
        restarts: 0,
        output: 'no stock left',
        evidence: {
          message:
            'the container ended with exit code 3 (Error): no stock left (Job has reached the specified backoff limit)',
        },
      });
    });

    it('a container with one retry: its second start is counted as the failure, and ended', async () => {
      expect(await ended('container-with-one-retry')).toMatchObject({
        status: 'Failed',
        reason: 'BackoffLimitExceeded',
        exitCode: 4,
      });
    });

    it('an attempt that takes too long', async () => {
      expect(await ended('attempt-too-long')).toMatchObject({
        status: 'Failed',
        reason: 'AttemptTimeout',
        exitCode: 124,
        evidence: { message: 'not done within 2s (attemptTimeout, --attempt-timeout)' },
      });
    });

    it('a function that takes too long over all', async () => {
      expect(await ended('function-too-long')).toMatchObject({
        status: 'Failed',
        reason: 'DeadlineExceeded',
        exitCode: 124,
        evidence: { message: 'the overall limit (5s) is over' },
      });
    });

    it('a container that takes too long', async () => {
      const status = await ended('container-too-long');
      expect(status).toMatchObject({
        status: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Job was active longer than specified deadline',
      });
      expect(status.evidence?.message).toMatch(
        /^the container was still running and was stopped \(exit code (137|143)\) \(Job was active/u,
      );
    });

    it('a command that is not in the image', async () => {
      const status = await ended('command-missing');
      expect(status).toMatchObject({ status: 'Failed', exitCode: 128 });
      expect(status.evidence?.message).toMatch(
        /^the container ended with exit code 128 \(StartError\): .*"\/no\/such\/program".*no such file or directory/u,
      );
    });
  });

  describe('that needs too much memory', () => {
    it('a container says OOMKilled', async () => {
      expect(await ended('container-out-of-memory')).toMatchObject({
        status: 'Failed',
        exitCode: 137,
        restarts: 0,
        evidence: {
          message:
            'the container ended with exit code 137 (OOMKilled) (Job has reached the specified backoff limit)',
        },
      });
    });

    it('a function whose process is killed says OutOfMemory, because its runner lives on', async () => {
      const status = await ended('function-out-of-memory');
      expect(status).toMatchObject({ status: 'Failed', reason: 'OutOfMemory', exitCode: 1 });
      expect(status.runs).toEqual([expect.objectContaining({ reason: 'OutOfMemory' })]);
    });
  });

  describe('that cannot start', () => {
    const waitsFor = (reason: string) => (status: KeptnTaskStatus) => status.reason === reason;

    it('waits for an image that cannot be pulled, and quotes the registry', async () => {
      const status = await ended('image-missing', waitsFor('ImagePullBackOff'));
      expect(status.status).toBe('Progressing');
      expect(status.message).toMatch(
        /^container check cannot start: .*failed to resolve reference "sluice\.test\/absent:1"/u,
      );
    });

    it('fails at once where the image has to be there already', async () => {
      expect(await ended('image-never-pulled')).toMatchObject({
        status: 'Failed',
        reason: 'ErrImageNeverPull',
        message:
          'container check cannot start: Container image "sluice.test/absent:2" is not present with pull policy of Never; correct the image and start the task anew',
      });
    });

    it('fails at once where the name of the image is none', async () => {
      const status = await ended('image-name-invalid');
      expect(status).toMatchObject({ status: 'Failed', reason: 'InvalidImageName' });
      expect(status.message).toContain('must be lowercase; correct the image and start the task');
    });

    it('waits for a Secret and names it, and runs once it is there', async () => {
      const waiting = await ended('secret-missing', waitsFor('CreateContainerConfigError'));
      expect(waiting).toMatchObject({
        status: 'Progressing',
        message: 'container keptn-function-runner cannot start: secret "absent" not found',
      });
      await sluice.cluster.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'absent', namespace },
        stringData: { SECURE_DATA: 'hush' },
      });
      expect(await ended('secret-missing')).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    });

    it('waits for a node that has room, in the words of the scheduler', async () => {
      const status = await ended('unschedulable', waitsFor('Unschedulable'));
      expect(status.message).toMatch(
        /^no node takes the Pod: 0\/4 nodes are available: 1 Insufficient cpu, 3 node\(s\) had untolerated taint/u,
      );
      expect(isOver(status)).toBe(false);
    });
  });
});
