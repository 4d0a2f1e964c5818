import { describe, expect, test } from 'vitest';
import type { ContainerState, Pod } from '../../../src/api/builtin.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { parserOfKind } from '../../../src/api/parse.ts';
import { decideTask } from '../../../src/domain/task/task.ts';
import type { TaskObservation } from '../../../src/domain/task/task-observation.ts';
import { aJobOf, aPodOf, aTask } from '../../support/builders/task-builders.ts';
import { noon, taskAfter, taskSeen } from '../../support/observed/task-seen.ts';

const running = aTask({
  status: {
    status: 'Progressing',
    jobName: 'pre-check-job',
    jobUID: 'uid-of-pre-check-job',
    startTime: '2026-01-01T11:59:00Z',
    attempt: 1,
  },
});
const jobs = aJobOf(running);
const once = { ...jobs.running().spec, podFailurePolicy: { rules: [] } };
const failedOnce = {
  ...jobs.failed(
    'PodFailurePolicy',
    'Container main failed with exit code 3 matching FailJob rule',
  ),
  spec: once,
};

const told = {
  status: 'failed',
  message: 'attempt 2 of 2 ended with exit code 3: no route to host',
  timestamp: '2026-01-01T11:59:50Z',
  reason: 'FunctionFailed',
  exitCode: 3,
  final: true,
  attempts: [
    { number: 1, startedAt: '2026-01-01T11:59:10Z', durationMs: 900, exitCode: 2 },
    { number: 2, durationMs: 12, exitCode: 3, reason: 'FunctionFailed', lastErrorLine: 'no route' },
  ],
};
const finishedAt = '2026-01-01T11:59:50Z';
const exit = (exitCode: number, message: string): ContainerState => ({
  terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message, finishedAt },
});
const podWith = (state: ContainerState, phase: string): Pod => ({
  ...aPodOf(jobs.running(), { state }),
  status: { phase, containerStatuses: [{ name: 'main', state }] },
});

/** The plan, and the task it leaves, which the API server would accept. */
function decided(given: Partial<TaskObservation>) {
  const observation = taskSeen({ task: running, ...given });
  const plan = decideTask(observation);
  const task = taskAfter(plan, observation.task);
  expect(parserOfKind(KeptnTask)(task)).toMatchObject({ ok: true });
  return { plan, task, status: task.status };
}

describe("a task whose function ran in Sluice's runner", () => {
  const failed = podWith(exit(3, JSON.stringify(told)), 'Failed');

  test('fails in the words of the runner, with every run', () => {
    const { status } = decided({ job: failedOnce, pods: [failed] });
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      // Exactly what Keptn wrote; what is known beyond it has a field of its own.
      message: 'Container main failed with exit code 3 matching FailJob rule',
      evidence: { message: told.message },
      exitCode: 3,
      runs: [
        { startTime: '2026-01-01T11:59:10Z', durationMilliseconds: 900, exitCode: 2 },
        { durationMilliseconds: 12, exitCode: 3, reason: 'FunctionFailed', message: 'no route' },
      ],
    });
    expect(status?.attempts).toMatchObject([{ attempt: 1, runs: [{}, {}] }]);
  });

  test('keeps these words though its Pods are gone before the Job has failed', () => {
    const saved = decided({ job: { ...jobs.running(), spec: once }, pods: [failed] });
    expect(saved.status).toMatchObject({ status: 'Progressing', exitCode: 3, runs: [{}, {}] });
    const { status } = decided({ task: saved.task, job: failedOnce, pods: [], podsListed: true });
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      evidence: { message: told.message },
      runs: [{}, {}],
    });
  });

  test('hands over the result of a success, with one Event', () => {
    const success = {
      ...told,
      status: 'succeeded',
      message: 'completed in attempt 2',
      reason: 'Completed',
      exitCode: 0,
      result: { url: 'https://a/1', count: 2 },
    };
    const pod = podWith(exit(0, JSON.stringify(success)), 'Succeeded');
    const { plan, status } = decided({ job: jobs.complete(), pods: [pod] });
    expect(status).toMatchObject({
      status: 'Succeeded',
      result: { url: 'https://a/1', count: 2 },
      runs: [{}, {}],
    });
    expect(plan.events).toMatchObject([
      {
        type: 'Normal',
        reason: 'ReconcileTaskResultReturned',
        message: expect.stringContaining('task has returned {"url":"https://a/1","count":2}'),
      },
    ]);
  });

  test('is ended by Kubernetes in the words of both where the runner had not come to an end', () => {
    const ending = { ...told, final: false, message: 'attempt 1 of 2 ended with exit code 2' };
    const pod = podWith(exit(143, JSON.stringify(ending)), 'Failed');
    const job = jobs.failed('DeadlineExceeded', 'Job was active longer than specified deadline');
    expect(decided({ job, pods: [pod] }).status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
      evidence: {
        message:
          'attempt 1 of 2 ended with exit code 2 (Job was active longer than specified deadline)',
      },
    });
  });

  test('fails in the words of its runner when somebody deletes its Pod', () => {
    const terminated = { ...told, reason: 'Terminated', message: 'ended by SIGTERM' };
    const pod = podWith(exit(143, JSON.stringify(terminated)), 'Failed');
    const going = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: finishedAt } };
    expect(decided({ job: failedOnce, pods: [going] }).status).toMatchObject({
      reason: 'Terminated',
      evidence: { message: 'ended by SIGTERM' },
      exitCode: 143,
    });
  });

  test('fails, without a result, if its runner was killed after it had told of a success', () => {
    const success = { ...told, status: 'succeeded', reason: 'Completed', result: { a: 1 } };
    const pod = podWith(exit(137, JSON.stringify(success)), 'Failed');
    const { status } = decided({ job: failedOnce, pods: [pod] });
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      evidence: { message: 'the container ended with exit code 137 (Error)' },
    });
    expect(status).not.toHaveProperty('result');
  });

  test.each([
    ['Error', 'FunctionFailed'],
    ['OOMKilled', 'OOMKilled'],
  ])('that left nothing but exit reason %s fails with reason %s', (word, reason) => {
    const state = { terminated: { exitCode: 137, reason: word, finishedAt } };
    expect(decided({ job: failedOnce, pods: [podWith(state, 'Failed')] }).status).toMatchObject({
      reason,
      evidence: { message: `the container ended with exit code 137 (${word})` },
    });
  });
});

describe('a function whose container is killed', () => {
  const between = {
    ...told,
    final: false,
    exitCode: 1,
    message: 'attempt 1 of 11: exit code 1: connection refused',
  };
  const killed = (exitCode: number, reason: string, message = ''): Pod => {
    const pod = podWith({ terminated: { exitCode, reason, message, finishedAt } }, 'Failed');
    return { ...pod, metadata: { ...pod.metadata, name: 'one' } };
  };
  const job = { ...jobs.running(), spec: { ...once, backoffLimit: 3 } };

  test.each([
    [137, 'OOMKilled', 'the container ended with exit code 137 (OOMKilled)'],
    [255, 'Unknown', 'the container ended with exit code 255 (Unknown)'],
  ])('with exit code %d says so, and how often it may still happen', (exitCode, word, ended) => {
    const pod = killed(exitCode, word);
    const { status, task } = decided({ job, pods: [pod] });
    expect(status).toMatchObject({
      status: 'Progressing',
      reason: 'PodLost',
      message: `Pod one is lost: ${ended}; Kubernetes replaces it (1 of at most 3)`,
    });
    const next = { ...aPodOf(job), status: { phase: 'Running' } };
    expect(decided({ task, job, pods: [pod, next] }).status).not.toHaveProperty('reason');
  });

  test("after a failed attempt fails for the kubelet's reason, not for that attempt's", () => {
    const pods = [killed(137, 'OOMKilled', JSON.stringify(between))];
    const message =
      'the container ended with exit code 137 (OOMKilled); before that: attempt 1 of 11: exit code 1: connection refused';
    expect(decided({ job, pods }).status).toMatchObject({
      reason: 'PodLost',
      message: `Pod one is lost: ${message}; Kubernetes replaces it (1 of at most 3)`,
      exitCode: 137,
    });
    const failed = { ...jobs.failed(), spec: job.spec };
    const lost = { ...failed, status: { ...failed.status, failed: 4 } };
    expect(decided({ job: lost, pods }).status).toMatchObject({
      status: 'Failed',
      reason: 'OOMKilled',
      evidence: { message: `${message}; 4 Pods were lost, Kubernetes replaces no more` },
      runs: [{}, {}],
    });
  });

  test('keeps that reason though its Pods are gone before the Job has failed', () => {
    const pods = [killed(137, 'OOMKilled', JSON.stringify(between))];
    const { task } = decided({ job, pods });
    const failed = { ...jobs.failed(), spec: job.spec };
    const { status } = decided({ task, job: failed, pods: [], podsListed: true });
    expect(status?.evidence?.message).toMatch(
      /^the container ended with exit code 137 \(OOMKilled\); before that: attempt 1 of 11/,
    );
  });

  test('is told in the words of its runner where that was still ending it', () => {
    const pods = [killed(143, 'Error', JSON.stringify({ ...between, exitCode: 143 }))];
    const failed = jobs.failed('DeadlineExceeded', 'Job was active longer than specified deadline');
    expect(decided({ job: failed, pods }).status?.evidence?.message).toBe(
      'attempt 1 of 11: exit code 1: connection refused (Job was active longer than specified deadline)',
    );
  });

  test('has failed at once where a runner of an earlier release told the code of its script', () => {
    const last = { ...told, exitCode: 255 };
    const pods = [killed(255, 'Error', JSON.stringify(last))];
    expect(decided({ job, pods }).status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      message: told.message,
    });
  });
});

describe('a task whose Job cannot start', () => {
  const waits = (reason: string): Pod => podWith({ waiting: { reason, message: 'no' } }, 'Pending');

  test.each(['InvalidImageName', 'ErrImageNeverPull'])('fails at once for %s', (reason) => {
    expect(decided({ job: jobs.running(), pods: [waits(reason)] }).status).toMatchObject({
      status: 'Failed',
      reason,
      message: 'container main cannot start: no; correct the image and start the task anew',
    });
  });

  test.each(['ImagePullBackOff', 'CreateContainerConfigError'])(
    'waits and says why for %s, because that may pass',
    (reason) => {
      const { status } = decided({ job: jobs.running(), pods: [waits(reason)] });
      expect(status).toMatchObject({ status: 'Progressing', reason });
    },
  );

  test('has it stopped after its end, and deleted when a finished one would have been', () => {
    const job = jobs.running();
    const { task } = decided({ job, pods: [waits('InvalidImageName')] });
    expect(decided({ task, job }).plan.effects).toMatchObject([
      {
        type: 'patch',
        ref: { name: 'pre-check-job' },
        operations: [{ op: 'test' }, { op: 'add', path: '/spec/suspend', value: true }],
      },
    ]);
    const suspended = { ...job, spec: { ...job.spec, suspend: true } };
    expect(decided({ task, job: suspended }).plan).toEqual({ wakeAfterMs: 60_000 });
    expect(decided({ task, job: suspended, now: noon + 60_000 }).plan.effects).toMatchObject([
      { type: 'delete', ref: { name: 'pre-check-job' }, uid: 'uid-of-pre-check-job' },
    ]);
  });
});

describe('a function whose Pod is evicted', () => {
  const lost: Pod = {
    ...aPodOf(jobs.running()),
    status: {
      phase: 'Failed',
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'EvictionByEvictionAPI',
          message: 'evicted by the Eviction API',
        },
      ],
    },
  };
  const job = { ...jobs.running(), spec: once };

  test('says so until another Pod is there', () => {
    const { task, status } = decided({ job, pods: [lost] });
    const said = {
      status: 'Progressing',
      reason: 'PodDisrupted',
      message: `Pod ${lost.metadata.name} is lost (EvictionByEvictionAPI: evicted by the Eviction API); Kubernetes replaces it`,
    };
    expect(status).toMatchObject(said);
    expect(decided({ task, job, pods: [] }).status).toMatchObject(said);
    const next = { ...aPodOf(job), status: { phase: 'Running' } };
    const after = decided({ task, job, pods: [lost, next] }).status;
    expect(after?.status).toBe('Progressing');
    expect(after).not.toHaveProperty('reason');
  });
});

describe('a sidecar that never ends', () => {
  const meshed = (main: ContainerState, restartPolicy = 'OnFailure'): Pod => ({
    ...aPodOf(jobs.running()),
    spec: { restartPolicy },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'main', state: main },
        { name: 'proxy', state: { running: {} } },
      ],
    },
  });
  const done = Date.parse(finishedAt);

  test('gets ten seconds, then the task has succeeded without it', () => {
    const pods = [meshed(exit(0, 'all is well'))];
    const before = decided({ job: jobs.running(), pods, now: done + 9_000 });
    expect(before.status?.status).toBe('Progressing');
    expect(before.plan.wakeAfterMs).toBe(1_000);
    const { status } = decided({ job: jobs.running(), pods, now: done + 10_000 });
    expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Succeeded', status: 'True', reason: 'Succeeded' }),
    );
  });

  test('gets them also when the clock is set meanwhile, forward or back', () => {
    const pods = [meshed(exit(0, 'all is well'))];
    for (const byMs of [3_600_000, -3_600_000]) {
      const clockSteps = [{ fromMs: done + 4_000, toMs: done + 4_000 + byMs }];
      const at = (passedMs: number) =>
        decided({ job: jobs.running(), pods, now: done + passedMs + byMs, clockSteps });
      expect(at(9_000).plan.wakeAfterMs).toBe(1_000);
      expect(at(10_000).status).toMatchObject({ status: 'Succeeded' });
    }
  });

  test('does not hide a failure that is the end', () => {
    const pods = [meshed(exit(3, JSON.stringify(told)), 'Never')];
    expect(decided({ job: jobs.running(), pods, now: done + 10_000 }).status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      message: told.message,
    });
  });

  test('changes nothing while Kubernetes starts the container again, or when only it has ended', () => {
    const after: readonly Pod[] = [meshed(exit(3, 'no')), meshed({ running: {} })];
    for (const pod of after) {
      const { status } = decided({ job: jobs.running(), pods: [pod], now: done + 60_000 });
      expect(status?.status).toBe('Progressing');
    }
  });
});
