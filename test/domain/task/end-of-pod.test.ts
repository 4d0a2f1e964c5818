import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '../../../src/api/builtin.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import {
  endOfPod,
  endsByItself,
  jobUidLabel,
  trackingFinalizer,
} from '../../../src/domain/task/end-of-pod.ts';
import { decideTask } from '../../../src/domain/task/task.ts';
import { aJobOf, aPodOf, aTask } from '../../support/builders/task-builders.ts';
import { taskAfter, taskSeen } from '../../support/observed/task-seen.ts';

const running = aTask({
  status: {
    status: 'Progressing',
    jobName: 'pre-check-job',
    jobUID: 'uid-of-pre-check-job',
    startTime: '2026-01-01T11:59:00Z',
    attempt: 1,
  },
});
const created = '2026-01-01T11:59:00Z';

/** A Job as the caches have it, and what differs. */
function job(spec: Partial<Job['spec']> = {}): Job {
  const made = aJobOf(running, { creationTimestamp: created }).running();
  return {
    ...made,
    programs: { main: 'program' },
    spec: { ...made.spec, activeDeadlineSeconds: 60, ...spec },
    status: { active: 1, startTime: created },
  };
}

function ended(exitCode: number, finishedAt = '2026-01-01T11:59:30Z', of = job()): Pod {
  const pod = aPodOf(of, { state: { terminated: { exitCode, finishedAt } } });
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      creationTimestamp: created,
      generateName: 'pre-check-job-',
      labels: { [jobUidLabel]: 'uid-of-pre-check-job' },
      finalizers: [trackingFinalizer],
    },
    spec: { containers: [{ name: 'main', program: 'program' }], restartPolicy: 'Never' },
    status: { ...pod.status, phase: exitCode === 0 ? 'Succeeded' : 'Failed' },
  };
}

const good = ended(0);
const withMetadata = (metadata: Partial<Pod['metadata']>): Pod => ({
  ...good,
  metadata: { ...good.metadata, ...metadata },
});
const seen = (of: Job, ...pods: Pod[]) => taskSeen({ task: running, job: of, pods });
const after = (of: Job, ...pods: Pod[]): KeptnTask =>
  taskAfter(decideTask(seen(of, ...pods)), running);

describe('a Job whose one Pod has ended well', () => {
  it('has succeeded: the task does not wait for the word of the Job controller', () => {
    expect(after(job(), good).status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
  });

  it('gets its time to live when it has ended, and is not stopped before', () => {
    const plan = decideTask(seen(job(), good));
    expect(plan.effects).toEqual([]);
    expect(plan.afterwards).toBeUndefined();
    const task = after(job(), good);
    const waits = decideTask({ ...seen(job(), good), task });
    expect(waits.effects).toBeUndefined();
    expect(waits.wakeAfterMs).toBe(60_000);
    const complete = { ...job(), status: { conditions: [{ type: 'Complete', status: 'True' }] } };
    const counted = withMetadata({ finalizers: [] });
    const last = decideTask({ ...seen(complete, counted), task });
    expect(last.effects).toMatchObject([
      { operations: [{}, { path: '/spec/ttlSecondsAfterFinished', value: 60 }] },
    ]);
  });

  it('is not stopped either when its Pod has been counted and its condition has not been seen', () => {
    const task = after(job(), good);
    const counted = withMetadata({ finalizers: [] });
    expect(decideTask({ ...seen(job(), counted), task }).effects).toBeUndefined();
  });

  it('is stopped when another Pod of it would run on', () => {
    const task = after(job(), good);
    const next: Pod = { ...good, status: { phase: 'Running' } };
    expect(decideTask({ ...seen(job(), next), task }).effects).toMatchObject([
      { operations: [{}, { path: '/spec/suspend', value: true }] },
    ]);
  });
});

describe('the word of a Pod is not taken', () => {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'pre-check-job' };
  const forged: Readonly<Record<string, Pod>> = {
    'another Job owns it': withMetadata({
      ownerReferences: [{ ...owner, uid: 'other', controller: true }],
    }),
    'the Job is its owner and not its controller': withMetadata({
      ownerReferences: [{ ...owner, uid: 'uid-of-pre-check-job' }],
    }),
    'its owner is of another API': withMetadata({
      ownerReferences: [
        { ...owner, apiVersion: 'example.com/v1', uid: 'uid-of-pre-check-job', controller: true },
      ],
    }),
    'the Job does not select it': withMetadata({ labels: {} }),
    'the Job controller does not count it, or has done so': withMetadata({ finalizers: [] }),
    'its name was chosen': withMetadata({ generateName: '' }),
    'it is older than the Job': withMetadata({ creationTimestamp: '2026-01-01T11:58:59Z' }),
    'it is being deleted': withMetadata({ deletionTimestamp: created }),
    'it runs another program': {
      ...good,
      spec: { ...good.spec, containers: [{ name: 'main', program: 'true' }] },
    },
    'it runs the program under another name': {
      ...good,
      spec: { ...good.spec, containers: [{ name: 'other', program: 'program' }] },
    },
    'its container has not ended well, whatever its phase': {
      ...good,
      status: { ...good.status, containerStatuses: [{ name: 'main' }] },
    },
    'its container ended after the deadline': ended(0, '2026-01-01T12:00:01Z'),
  };
  it.each(Object.entries(forged))('because %s', (_why, pod) => {
    expect(endOfPod(job(), [good], 'main')).toMatchObject({ succeeded: true });
    expect(endOfPod(job(), [pod], 'main')).toBeUndefined();
    expect(after(job(), pod).status?.status).toBe('Progressing');
  });

  it('because there are two: one of them may be forged', () => {
    const second = withMetadata({ uid: 'second', name: 'second' });
    expect(endOfPod(job(), [good, second], 'main')).toBeUndefined();
  });

  it.each([
    ['is suspended', job({ suspend: true })],
    ['wants several completions', job({ completions: 2 })],
    ['runs several Pods', job({ parallelism: 2 })],
    ['is indexed', job({ completionMode: 'Indexed' })],
    ['has a selector of its own', job({ manualSelector: true })],
    ['is another controller’s', job({ managedBy: 'kueue.x-k8s.io/multikueue' })],
    ['was not read whole', { ...job(), programs: {} }],
    [
      'is about to fail',
      { ...job(), status: { conditions: [{ type: 'FailureTarget', status: 'True' }] } },
    ],
    ['is being deleted', { ...job(), metadata: { ...job().metadata, deletionTimestamp: created } }],
  ])('because the Job %s', (_why, of) => {
    expect(endOfPod(of, [good], 'main')).toBeUndefined();
  });
});

describe('a Job whose one Pod has failed', () => {
  const once = job({ backoffLimit: 0 });
  const byRunner = job({ podFailurePolicy: { rules: [] } });

  it('has failed where it may not be repeated, in the words that the Job will have', () => {
    expect(after(once, ended(3)).status).toMatchObject({
      status: 'Failed',
      message: 'Job has reached the specified backoff limit',
      exitCode: 3,
    });
  });

  it('has failed where its runner has done the repeating', () => {
    expect(after(byRunner, ended(3)).status).toMatchObject({
      status: 'Failed',
      message:
        'Container main for pod shop/pre-check-job-pod failed with exit code 3 matching FailJob rule at index 1',
      reason: 'FunctionFailed',
    });
  });

  it('goes on where Kubernetes makes another Pod', () => {
    expect(endsByItself(job(), [ended(3)], 'main')).toBe(false);
    expect(endsByItself(byRunner, [ended(137)], 'main')).toBe(false);
    const conditions = [{ type: 'DisruptionTarget', status: 'True' }];
    const evicted = { ...ended(3), status: { ...ended(3).status, conditions } };
    expect(endsByItself(byRunner, [evicted], 'main')).toBe(false);
    const restarted = { ...ended(3), spec: { ...good.spec, restartPolicy: 'OnFailure' } };
    expect(endsByItself(once, [restarted], 'main')).toBe(false);
  });
});
