import { describe, expect, test } from 'vitest';
import type { Job, Pod } from '../../../src/api/builtin.ts';
import { decideTask } from '../../../src/domain/task/task.ts';
import type { TaskObservation } from '../../../src/domain/task/task-observation.ts';
import { aJobOf, aPodOf, aTask } from '../../support/builders/task-builders.ts';
import { noon, taskAfter, taskSeen } from '../../support/observed/task-seen.ts';

/** The Job began at noon and may run five minutes. */
const running = aTask({
  status: {
    status: 'Progressing',
    jobName: 'pre-check-job',
    jobUID: 'uid-of-pre-check-job',
    startTime: '2026-01-01T12:00:00Z',
    attempt: 1,
  },
});
const made = aJobOf(running).running();
const job: Job = {
  ...made,
  spec: { ...made.spec, activeDeadlineSeconds: 300 },
  status: { startTime: '2026-01-01T12:00:00Z' },
};
const event = (message: string, reason = 'FailedCreate', lastMs = noon + 1_000) => ({
  message,
  reason,
  lastMs,
});
const overQuota = (pod: string, used = 4) =>
  event(
    `Error creating: pods "pre-check-job-${pod}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=${used}, limited: pods=4`,
  );
const podAt = (creationTimestamp: string): Pod => {
  const pod = aPodOf(job, { state: { running: {} } });
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp } };
};

function decided(given: Partial<TaskObservation>) {
  const observation = taskSeen({ task: running, job, now: noon + 3_000, ...given });
  const plan = decideTask(observation);
  return { plan, task: taskAfter(plan, observation.task) };
}
const deadlineIn = ({ effects = [] }: ReturnType<typeof decideTask>) =>
  effects.flatMap((effect) =>
    effect.type === 'patch'
      ? effect.operations.flatMap((one) =>
          one.op === 'add' && one.path === '/spec/activeDeadlineSeconds' ? [one.value] : [],
        )
      : [],
  );

describe('the Events of a Job without a Pod', () => {
  test('are read three seconds after its start, again every minute, and not while a Pod is there', () => {
    const unread = { jobEvents: 'unread' as const };
    expect(decided({ ...unread, now: noon + 1_000 }).plan.wakeAfterMs).toBe(2_000);
    expect(decided(unread).plan.look).toEqual([
      { eventsAbout: { namespace: 'shop', uid: 'uid-of-pre-check-job' } },
    ]);
    const refused = decided({ jobEvents: [overQuota('aaaaa')] });
    expect(refused.plan.wakeAfterMs).toBe(60_000);
    const pods = [podAt('2026-01-01T12:00:01Z')];
    expect(decided({ ...unread, pods }).plan.look).toBeUndefined();
  });

  test('are not read of a Job that is suspended, ending or not taken up', () => {
    const others: readonly Job[] = [
      { ...job, spec: { ...job.spec, suspend: true } },
      { ...job, status: {} },
      { ...job, status: { ...job.status, active: 1 } },
      {
        ...job,
        status: { ...job.status, conditions: [{ type: 'FailureTarget', status: 'True' }] },
      },
    ];
    for (const other of others) {
      expect(decided({ job: other, jobEvents: 'unread' }).plan.look).toBeUndefined();
    }
  });

  test('say nothing of now where a Pod was made since, or the Job was resumed since', () => {
    const later = event('Created pod: pre-check-job-bbbbb', 'SuccessfulCreate', noon + 2_000);
    const one = decided({ jobEvents: [overQuota('aaaaa'), later] });
    expect(one.task.status).not.toHaveProperty('reason');
    const before = event('Error creating: no', 'FailedCreate', noon - 60_000);
    expect(decided({ jobEvents: [before] }).task.status).not.toHaveProperty('reason');
  });
});

describe('a task whose Pods are refused', () => {
  test('says what the API server said, without the name that is another one at each try', () => {
    const { task } = decided({ jobEvents: [overQuota('aaaaa')] });
    expect(task.status).toMatchObject({
      status: 'Progressing',
      reason: 'QuotaExceeded',
      message:
        'Job pre-check-job gets no Pod: Pod is forbidden: exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4; it starts by itself when the quota has room',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Stalled', status: 'True' }),
      ]),
    });
    const again = decided({ task, jobEvents: [overQuota('zzzzz', 3)] });
    expect(again.task).toEqual(task);
  });

  test('names the held Pods that use up the quota of their own check', () => {
    const { task } = decided({ jobEvents: [overQuota('aaaaa')], heldPods: 4 });
    expect(task.status?.message).toMatch(
      /; 4 Pods are held in namespace shop until checks have passed and counted by its quotas, .*: raise the quota, or scale the held workload down/,
    );
  });

  test('names what sets the fields that a Pod Security level asks for', () => {
    const said =
      'Error creating: pods "pre-check-job-x1x1x" is forbidden: violates PodSecurity "restricted:latest": seccompProfile (pod or container "istio-proxy" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    const { task } = decided({ jobEvents: [event(said)] });
    expect(task.status).toMatchObject({
      reason: 'PodSecurityViolated',
      message: expect.stringMatching(
        /container "istio-proxy" must set .*; job\.securityContext and job\.podSecurityContext/,
      ),
    });
  });

  test('quotes any other refusal as it is', () => {
    const said = 'Error creating: admission webhook "policy" denied the request: no';
    const { task } = decided({ jobEvents: [event(said)] });
    expect(task.status).toMatchObject({
      reason: 'PodRefused',
      message: 'Job pre-check-job gets no Pod: admission webhook "policy" denied the request: no',
    });
  });

  test('says so too where a lost Pod cannot be replaced', () => {
    const lost = { ...aPodOf(job), status: { phase: 'Failed' } };
    const { task } = decided({ jobEvents: [overQuota('bbbbb')], pods: [lost] });
    expect(task.status).toMatchObject({ reason: 'QuotaExceeded' });
  });
});

describe('the deadline of a Job whose Pods are refused', () => {
  const jobEvents = [overQuota('aaaaa')];
  const at = (seconds: number, given: Partial<TaskObservation> = {}) =>
    deadlineIn(decided({ jobEvents, now: noon + seconds * 1000, ...given }).plan);
  const withDeadline = (seconds: number): Job => ({
    ...job,
    spec: { ...job.spec, activeDeadlineSeconds: seconds },
  });

  test('is put off by the whole time-out when half of it is over, for as long as that lasts', () => {
    expect(at(3)).toEqual([]);
    expect(at(151)).toEqual([451]);
    expect(at(200, { job: withDeadline(451) })).toEqual([]);
    expect(at(302, { job: withDeadline(451) })).toEqual([602]);
  });

  test('of a few seconds is put off by three minutes, so that a new leader finds the Job alive', () => {
    const task = aTask({ spec: { timeout: '10s' }, status: running.status ?? {} });
    expect(at(3, { task, job: withDeadline(10) })).toEqual([183]);
    expect(at(63, { task, job: withDeadline(183) })).toEqual([]);
    expect(at(123, { task, job: withDeadline(183) })).toEqual([303]);
  });

  test('is the whole time-out from the first Pod on', () => {
    const { task } = decided({ jobEvents });
    const pods = [podAt('2026-01-01T12:10:00Z')];
    const seen = { task, pods, jobEvents: 'unread' as const, now: noon + 601_000 };
    const started = decided({ ...seen, job: withDeadline(902) });
    expect(deadlineIn(started.plan)).toEqual([900]);
    const then = decided({ ...seen, job: withDeadline(900) });
    expect(deadlineIn(then.plan)).toEqual([]);
    expect(then.task.status).not.toHaveProperty('reason');
  });

  test('stays as it is where nothing was refused', () => {
    const pods = [podAt('2026-01-01T12:00:30Z')];
    expect(at(31, { pods, jobEvents: 'unread' })).toEqual([]);
  });
});
