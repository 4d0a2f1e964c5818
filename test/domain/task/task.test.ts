import { definitionsNamed } from '../../support/observed/task-seen.ts';
import { answering } from '../../support/observed/answering.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigMap, Job, Pod } from '../../../src/api/builtin.ts';
import { ConfigMapKind, JobKind } from '../../../src/api/builtin.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KeptnTask, KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import { conditionOf } from '../../../src/domain/conditions.ts';
import { jobName } from '../../../src/domain/names.ts';
import type { Refusal } from '../../../src/domain/plan.ts';
import { decideTask } from '../../../src/domain/task/task.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import { jobOf } from '../../../src/domain/task/task-observation.ts';
import { aJobOf, aPodOf, aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';
import { configMapRead } from '../../support/observed/config-map-read.ts';
import { noon, observedDefinition, taskAfter, taskSeen } from '../../support/observed/task-seen.ts';

const now = noon;
const seen = taskSeen;
const after = taskAfter;
const definition = observedDefinition;
const jobNamed = (collisionCount: number) =>
  jobName({ taskName: 'pre-check', taskUid: 'uid-of-pre-check', attempt: 1, collisionCount });

const refused = (reason: Refusal['reason'], message = 'no'): Refusal => ({
  effect: { type: 'create', kind: JobKind, object: aJobOf(aTask()).running() },
  reason,
  message,
});

const recorded: KeptnTaskStatus = {
  status: 'Progressing',
  jobName: 'pre-check-job',
  jobUID: 'uid-of-pre-check-job',
  startTime: '2026-01-01T11:59:00Z',
  attempt: 1,
};
const running = aTask({ status: recorded });
const job = aJobOf(running);
const crashed = aPodOf(job.running(), {
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: {
    terminated: {
      exitCode: 2,
      reason: 'Error',
      message: 'no route to host',
      finishedAt: '2026-01-01T11:59:30Z',
    },
  },
  restartCount: 1,
});
const conditionsOf = ({ status }: KeptnTask): string[] =>
  (status?.conditions ?? []).map(
    (condition) => `${condition.type}=${condition.status} ${condition.reason}`,
  );

describe('a task without a Job', () => {
  test('has it created under a name that follows from the task, and only while the live task is this one', () => {
    const plan = decideTask(seen());
    expect(plan.effects).toMatchObject([
      {
        type: 'create',
        object: { kind: 'Job', metadata: { name: jobNamed(0), namespace: 'shop' } },
      },
    ]);
    expect(plan.onlyIfCurrent).toMatchObject({ name: 'pre-check', resourceVersion: '1' });
    expect(plan.status).toBeUndefined();
  });

  test('asks for the very same Job whenever it is decided', () => {
    const image = runnerImage('sluice-functions:1');
    const python = aTaskDefinition('check').with({ python: { inline: { code: 'x' } } });
    const { settings } = seen();
    const images = { deno: image, python: image, bash: image };
    const at = (time: number) =>
      decideTask(
        seen({
          now: time,
          definitions: definitionsNamed(python),
          settings: { ...settings, images },
        }),
      );
    expect(at(now).effects).toMatchObject([{ object: { kind: 'Job' } }]);
    expect(at(now + 3_600_000).effects).toEqual(at(now).effects);
  });

  test('has the copy of its code made first where the code is in another namespace (W19)', () => {
    const shared = aTaskDefinition('check', { namespace: 'sluice-system' }).with({
      deno: { inline: { code: 'x' } },
    });
    const before = decideTask(seen({ definitions: definitionsNamed(shared) }));
    expect(before.effects).toMatchObject([{ object: { kind: 'ConfigMap', data: { code: 'x' } } }]);
    expect(before.onlyIfCurrent).toBeDefined();
    const [creation] = before.effects ?? [];
    const copy = creation?.type === 'create' ? creation.object : undefined;
    const then = (content: object) => {
      const configMap: ConfigMap = {
        ...ConfigMapKind,
        metadata: { name: '' },
        ...copy,
        ...content,
      };
      const configMaps = new Map([[configMap.metadata.name, configMapRead(configMap)]]);
      return decideTask(seen({ definitions: definitionsNamed(shared), configMaps }));
    };
    expect(then({}).effects).toMatchObject([{ object: { kind: 'Job' } }]);
    // Under its name and owner, but not what was asked for.
    expect(then({ data: { code: 'other' } }).effects).toMatchObject([
      { type: 'delete', ref: { kind: ConfigMapKind, name: copy?.metadata.name } },
    ]);
    expect(then({ data: { code: 'x', more: 'y' } }).effects).toMatchObject([{ type: 'delete' }]);
    expect(then({ data: undefined }).effects).toMatchObject([{ type: 'delete' }]);
  });

  test('says which definition is missing, with one Event, and waits (B9)', () => {
    const observation = seen({ definitions: definitionsNamed() });
    const plan = decideTask(observation);
    expect(plan.effects).toBeUndefined();
    expect(plan.events).toMatchObject([
      {
        type: 'Warning',
        reason: 'CreateTaskNotFound',
        message:
          'Create Task: could not find KeptnTaskDefinition: check / Namespace: shop, Name: pre-check',
        reportedBy: 'keptntask-controller',
        annotations: { phase: 'CreateTask', taskName: 'pre-check', taskDefinitionName: 'check' },
      },
    ]);
    const task = after(plan, observation.task);
    expect(task.status?.status).toBe('Pending');
    expect(conditionsOf(task)).toEqual([
      'Succeeded=Unknown DefinitionNotFound',
      'Reconciling=False DefinitionNotFound',
      'Stalled=True DefinitionNotFound',
      'Waiting=True DefinitionAwaited',
    ]);
    // Once the definition is there, it starts.
    expect(decideTask(seen({ task })).effects).toHaveLength(1);
  });

  test('looks where its definition would be found first before it goes by what a cache did not have', () => {
    const unread = [{ kind: KeptnTaskDefinition, namespace: 'shop', name: 'check' }];
    expect(decideTask(seen({ unread }))).toEqual({ look: unread });
  });

  test('shows a chain that cannot be resolved', () => {
    const cyclic = aTaskDefinition('check').with({ deno: { functionRef: { name: 'check' } } });
    const plan = decideTask(seen({ definitions: definitionsNamed(cyclic) }));
    expect(plan.events).toMatchObject([
      { reason: 'CreateTaskFailed', message: expect.stringContaining('check → check') },
    ]);
    expect(after(plan, aTask()).status?.reason).toBe('ChainHasCycle');
  });

  test('does not start a function in an image that would leave its digest unchecked', () => {
    const httpRef = { url: 'https://code/check.ts', sha256: 'a'.repeat(64) };
    const relying = aTaskDefinition('check').with({ deno: { httpRef } });
    const plan = decideTask(seen({ definitions: definitionsNamed(relying) }));
    expect(plan.effects).toBeUndefined();
    expect(after(plan, aTask()).status?.reason).toBe('RunnerImageForeign');
  });

  test('does not start a function whose code would come from a host that is not allowed', () => {
    const httpRef = { url: 'https://code.example.org/check.ts' };
    const elsewhere = aTaskDefinition('check').with({ deno: { httpRef } });
    const at = (allowedHosts: readonly string[]) => {
      const known = seen({ definitions: definitionsNamed(elsewhere) });
      return decideTask({ ...known, settings: { ...known.settings, allowedHosts } });
    };
    const plan = at(['*.example.com']);
    expect(plan.effects).toBeUndefined();
    expect(after(plan, aTask()).status).toMatchObject({
      reason: 'HostNotAllowed',
      message: expect.stringContaining('host code.example.org is not among allowedHosts'),
    });
    expect(at(['code.example.org']).effects).toMatchObject([{ type: 'create' }]);
  });

  test.each([
    ['Forbidden', 'exceeded quota: jobs', 'JobForbidden', 'Stalled'],
    ['Invalid', 'spec.backoffLimit: Invalid value', 'JobInvalid', 'Stalled'],
    ['Unavailable', 'connection refused', 'JobNotCreated', 'Reconciling'],
    ['Terminating', 'is being deleted', 'NameTerminating', 'Reconciling'],
  ] as const)(
    'that is refused as %s says so in the words of the API server, while it is tried again',
    (...row) => {
      const [reason, message, want, condition] = row;
      const plan = decideTask(seen({ refusals: answering(() => refused(reason, message)) }));
      const task = after(plan, aTask());
      expect(plan.effects).toHaveLength(1);
      expect(task.status).toMatchObject({
        status: 'Pending',
        reason: want,
        message: expect.stringContaining(message),
      });
      expect(conditionOf(task, condition)?.status).toBe('True');
      expect(plan.events).toMatchObject([
        {
          reason: 'CreateTaskFailed',
          message: expect.stringContaining(`could not create Job: pre-check: ${message}`),
        },
      ]);
    },
  );

  test('takes the next name if something else has the first, and says so (B3)', () => {
    const refusals = new Map([[`Job shop/${jobNamed(0)}`, refused('NameTaken')]]);
    expect(decideTask(seen({ refusals })).effects).toMatchObject([
      { object: { metadata: { name: jobNamed(1) } } },
    ]);
    const made = aJobOf(aTask(), { name: jobNamed(1) }).running();
    const task = after(decideTask(seen({ refusals, job: made })), aTask());
    expect(task.status).toMatchObject({ jobName: jobNamed(1), collisionCount: 1 });
    expect(conditionOf(task, 'NameTaken')?.message).toContain(jobNamed(1));
  });

  test('waits for a slot where the Jobs of a namespace are limited', () => {
    const settings = { ...seen().settings, maxJobsPerNamespace: 3 };
    const full = decideTask(seen({ settings, runningJobs: 3 }));
    expect(full.effects).toBeUndefined();
    expect(after(full, aTask()).status?.reason).toBe('WaitingForSlot');
    expect(decideTask(seen({ settings, runningJobs: 2 })).effects).toHaveLength(1);
  });

  test('that is being deleted is left alone', () => {
    expect(decideTask(seen({ task: aTask({ metadata: { deletionTimestamp: 'now' } }) }))).toEqual(
      {},
    );
  });
});

describe('the Job of a task', () => {
  const owned = job.running();
  const foreign: Job = {
    ...owned,
    metadata: { ...owned.metadata, uid: 'other', ownerReferences: [] },
  };

  test('is found by its owner until it is recorded, also under a name of its own', () => {
    expect(jobOf(aTask(), { named: undefined, owned: [owned] })).toBe(owned);
  });

  test('is the oldest of several, and none of an attempt that is over', () => {
    const at = (name: string, creationTimestamp: string) =>
      aJobOf(running, { name, uid: name, creationTimestamp }).running();
    const [older, newer] = [at('b', '2026-01-01T00:00:00Z'), at('a', '2026-01-02T00:00:00Z')];
    expect(jobOf(aTask(), { named: undefined, owned: [newer, older] })).toBe(older);
    const retried = aTask({ status: { attempt: 2, attempts: [{ attempt: 1, jobUID: 'b' }] } });
    expect(jobOf(retried, { named: undefined, owned: [newer, older] })).toBe(newer);
  });

  test('is one by uid once it is recorded', () => {
    expect(jobOf(running, { named: owned, owned: [] })).toBe(owned);
    expect(jobOf(running, { named: foreign, owned: [owned] })).toBeUndefined();
  });

  test('of a task that Keptn has begun is the one of that name that belongs to the task', () => {
    const task = aTask({ status: { status: 'Progressing', jobName: 'pre-check-job' } });
    expect(jobOf(task, { named: owned, owned: [] })).toBe(owned);
    expect(jobOf(task, { named: foreign, owned: [] })).toBeUndefined();
  });

  test.each([{ apiVersion: 'v1' }, { kind: 'ConfigMap' }])(
    'is none whose owner has the uid of the task and is called %o',
    (other) => {
      const ownerReferences = (owned.metadata.ownerReferences ?? []).map((one) => ({
        ...one,
        ...other,
      }));
      const forged = { ...owned, metadata: { ...owned.metadata, ownerReferences } };
      expect(jobOf(aTask(), { named: undefined, owned: [forged] })).toBeUndefined();
    },
  );

  test('is taken down in one write as soon as it is seen', () => {
    const plan = decideTask(seen({ job: owned }));
    expect(plan.effects).toEqual([]);
    expect(after(plan, aTask()).status).toMatchObject({
      status: 'Progressing',
      jobName: 'pre-check-job',
      jobUID: 'uid-of-pre-check-job',
      startTime: '2026-01-01T12:00:00Z',
      attempt: 1,
    });
    expect(conditionsOf(after(plan, aTask()))).toEqual([
      'Succeeded=Unknown JobRunning',
      'Reconciling=True JobRunning',
      'Stalled=False JobRunning',
    ]);
  });

  test('that is recorded and not in the cache is read live before anything is concluded (B2)', () => {
    expect(decideTask(seen({ task: running }))).toEqual({
      look: [{ kind: JobKind, namespace: 'shop', name: 'pre-check-job' }],
    });
  });

  test.each(['absent', 'present'] as const)(
    'that is gone without an outcome fails the task as JobLost and is not made again (B2; read live: %s)',
    (jobLive) => {
      const plan = decideTask(seen({ task: running, jobLive }));
      expect(plan.effects).toBeUndefined();
      expect(after(plan, running).status).toMatchObject({
        status: 'Failed',
        reason: 'JobLost',
        endTime: '2026-01-01T12:00:00Z',
        attempts: [
          { attempt: 1, jobUID: 'uid-of-pre-check-job', status: 'Failed', reason: 'JobLost' },
        ],
      });
    },
  );
});

describe('a task whose Job runs', () => {
  test('labels a Job that Keptn made, so that it is watched', () => {
    const keptns = aJobOf(running, { labels: { team: 'shop' } });
    expect(decideTask(seen({ task: running, job: keptns.running() })).effects).toEqual([
      {
        type: 'patch',
        ref: { kind: JobKind, namespace: 'shop', name: 'pre-check-job' },
        operations: [
          { op: 'test', path: '/metadata/uid', value: 'uid-of-pre-check-job' },
          { op: 'add', path: '/metadata/labels/sluice.keptn.sh~1task', value: 'pre-check' },
        ],
        goneIsDone: true,
      },
    ]);
    expect(decideTask(seen({ task: running, job: keptns.complete() })).effects).toBeUndefined();
  });

  test.each([
    ['FailureTarget is set', job.with({ type: 'FailureTarget', status: 'True' })],
    ['SuccessCriteriaMet is set', job.with({ type: 'SuccessCriteriaMet', status: 'True' })],
    ['Complete is False', job.with({ type: 'Complete', status: 'False' })],
    ['Failed is Unknown', job.with({ type: 'Failed', status: 'Unknown' })],
  ])('has not ended when %s (W17)', (_, given) => {
    expect(after(decideTask(seen({ task: running, job: given })), running).status?.status).toBe(
      'Progressing',
    );
  });

  test('saves what a run that failed has left, before Kubernetes deletes the Pod', () => {
    const task = after(
      decideTask(seen({ task: running, job: job.running(), pods: [crashed] })),
      running,
    );
    expect(task.status).toMatchObject({
      status: 'Progressing',
      exitCode: 2,
      restarts: 1,
      output: 'no route to host',
      reason: 'Retrying',
      message: expect.stringContaining('exit code 2 (Error): no route to host; restarted 1 times'),
    });
    const gone = decideTask(seen({ task, job: job.failed() }));
    expect(after(gone, task).status).toMatchObject({
      status: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
      evidence: {
        message:
          'the container ended with exit code 2: no route to host (Job has reached the specified backoff limit)',
      },
      exitCode: 2,
      restarts: 1,
    });
  });

  test('costs a bounded number of writes however often it restarts', () => {
    let task = running;
    let writes = 0;
    for (let restartCount = 1; restartCount <= 200; restartCount += 1) {
      const [main] = crashed.status?.containerStatuses ?? [];
      const pod: Pod = {
        ...crashed,
        status: { ...crashed.status, containerStatuses: [{ name: 'main', ...main, restartCount }] },
      };
      const next = after(
        decideTask(seen({ task, job: job.running(), pods: [pod], now: now + restartCount * 1000 })),
        task,
      );
      if (JSON.stringify(next) !== JSON.stringify(task)) writes += 1;
      task = next;
    }
    expect(writes).toBe(10);
  });

  test('says why it cannot start, once, though the kubelet changes its words', () => {
    const pulling = (reason: string, message: string): Pod => ({
      ...aPodOf(job.running(), { state: { waiting: { reason, message } } }),
      status: {
        phase: 'Pending',
        containerStatuses: [{ name: 'main', state: { waiting: { reason, message } } }],
      },
    });
    const first = decideTask(
      seen({ task: running, job: job.running(), pods: [pulling('ErrImagePull', 'no such host')] }),
    );
    const task = after(first, running);
    expect(task.status).toMatchObject({
      reason: 'ImagePullBackOff',
      message: 'container main cannot start: no such host',
    });
    expect(conditionOf(task, 'Stalled')?.status).toBe('True');
    const again = decideTask(
      seen({ task, job: job.running(), pods: [pulling('ImagePullBackOff', 'Back-off')] }),
    );
    expect(after(again, task)).toEqual(task);
    // What it was told while it waited explains the end.
    const late = decideTask(
      seen({
        task,
        job: job.failed('DeadlineExceeded', 'Job was active longer than specified deadline'),
      }),
    );
    expect(after(late, task).status?.evidence?.message).toBe(
      'container main cannot start: no such host (Job was active longer than specified deadline)',
    );
  });

  test('says so when no Pod comes, after a while', () => {
    const silent = {
      ...aJobOf(running, { creationTimestamp: '2026-01-01T11:59:50Z' }).with(),
      status: {},
    };
    const early = decideTask(seen({ task: running, job: silent }));
    expect(early.wakeAfterMs).toBe(10_000);
    expect(after(early, running).status?.reason).toBeUndefined();
    const late = decideTask(seen({ task: running, job: silent, now: now + 10_000 }));
    expect(after(late, running).status).toMatchObject({
      reason: 'NoPod',
      message: expect.stringContaining('kubectl describe job'),
    });
    expect(conditionOf(after(late, running), 'Stalled')?.status).toBe('True');
  });

  test('says so neither early nor late when the clock is set meanwhile', () => {
    const silent = {
      ...aJobOf(running, { creationTimestamp: '2026-01-01T11:59:50Z' }).with(),
      status: {},
    };
    for (const byMs of [3_600_000, -3_600_000]) {
      const clockSteps = [{ fromMs: now, toMs: now + byMs }];
      const at = (passedMs: number) =>
        decideTask(seen({ task: running, job: silent, now: now + passedMs + byMs, clockSteps }));
      expect(at(0).wakeAfterMs).toBe(10_000);
      expect(after(at(10_000), running).status?.reason).toBe('NoPod');
    }
  });

  test('explains its failure by the Pod that never came, and not by one nobody saw end', () => {
    const made = aJobOf(running, { creationTimestamp: '2026-01-01T11:00:00Z' });
    const silent = { ...made.with(), status: {} };
    const told = after(decideTask(seen({ task: running, job: silent })), running);
    const ending = made.with({ type: 'FailureTarget', status: 'True', reason: 'DeadlineExceeded' });
    const later = after(decideTask(seen({ task: told, job: ending })), told);
    const failed = made.failed('DeadlineExceeded', 'too late');
    const end = after(decideTask(seen({ task: later, job: failed })), later);
    expect(end.status?.evidence?.message).toMatch(/^Job .* has no Pod yet.* \(too late\)$/u);
  });

  test('keeps saying what hindered its Pods while they go, up to the end', () => {
    const waits = { state: { waiting: { reason: 'ErrImagePull', message: 'no such host' } } };
    const made = aPodOf(job.running(), waits);
    const pod: Pod = { ...made, status: { ...made.status, phase: 'Pending' } };
    const task = after(
      decideTask(seen({ task: running, job: job.running(), pods: [pod] })),
      running,
    );
    const old = aJobOf(running, { creationTimestamp: '2026-01-01T11:00:00Z' });
    const ending = old.with({ type: 'FailureTarget', status: 'True', reason: 'DeadlineExceeded' });
    const going = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now' } };
    for (const pods of [[going], []]) {
      expect(after(decideTask(seen({ task, job: ending, pods })), task)).toEqual(task);
    }
    // Before that nothing was wrong: then nothing is.
    expect(
      after(decideTask(seen({ task: running, job: ending })), running).status?.reason,
    ).toBeUndefined();
  });

  test('names the ConfigMap that has to be in its own namespace (W19)', () => {
    const shared = aTaskDefinition('check', { namespace: 'sluice-system' }).with({
      deno: { configMapRef: { name: 'my-code' } },
    });
    const pod: Pod = { ...aPodOf(job.running()), status: { phase: 'Pending' } };
    const plan = decideTask(
      seen({
        task: running,
        job: job.running(),
        pods: [pod],
        definitions: definitionsNamed(shared),
      }),
    );
    expect(after(plan, running).status).toMatchObject({
      reason: 'PodNotStarted',
      message: expect.stringContaining(
        'ConfigMap my-code with its code must exist in namespace shop',
      ),
    });
  });

  test.each([
    [
      'suspended',
      { ...job.running(), spec: { ...job.running().spec, suspend: true } },
      'JobSuspended',
    ],
    ['being deleted', aJobOf(running, { deletionTimestamp: 'now' }).running(), 'JobTerminating'],
  ])('says when it is %s', (_, given, reason) => {
    expect(after(decideTask(seen({ task: running, job: given })), running).status?.reason).toBe(
      reason,
    );
  });
});

describe('the end of a task', () => {
  const done = aPodOf(job.running(), {
    state: {
      terminated: { exitCode: 0, message: '{"ok":true}', finishedAt: '2026-01-01T11:59:59Z' },
    },
  });

  test('is copied into the status first; then the Job gets the TTL of the definition, if it is still this Job', () => {
    const plan = decideTask(seen({ task: running, job: job.complete(), pods: [done] }));
    expect(plan.effects).toBeUndefined();
    expect(after(plan, running).status).toMatchObject({
      status: 'Succeeded',
      exitCode: 0,
      restarts: 0,
      output: '{"ok":true}',
      endTime: '2026-01-01T12:00:00Z',
    });
    expect(plan.afterwards).toEqual([
      {
        type: 'patch',
        ref: { kind: JobKind, namespace: 'shop', name: 'pre-check-job' },
        operations: [
          { op: 'test', path: '/metadata/uid', value: 'uid-of-pre-check-job' },
          { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 60 },
        ],
        goneIsDone: true,
      },
    ]);
  });

  test('is one write together with the Job, if the Job has ended before it was seen', () => {
    expect(after(decideTask(seen({ job: job.complete() })), aTask()).status).toMatchObject({
      status: 'Succeeded',
      jobUID: 'uid-of-pre-check-job',
      startTime: '2026-01-01T12:00:00Z',
    });
  });

  test('shows no evidence of an earlier run when the last one succeeded', () => {
    const retried = aTask({
      status: {
        ...recorded,
        exitCode: 2,
        output: 'no route',
        restarts: 1,
        reason: 'Retrying',
        message: 'x',
      },
    });
    const { status } = after(decideTask(seen({ task: retried, job: job.complete() })), retried);
    expect(status).toMatchObject({ status: 'Succeeded', restarts: 1 });
    expect(status).not.toHaveProperty('exitCode');
    expect(status).not.toHaveProperty('output');
    expect(status).not.toHaveProperty('reason');
  });

  test('in failure looks for the Pods before it says that nothing is known of them', () => {
    const unseen = decideTask(seen({ task: running, job: job.failed() }));
    expect(unseen.look).toMatchObject([
      { namespace: 'shop', labelSelector: 'sluice.keptn.sh/task=pre-check' },
    ]);
    expect(unseen.status).toBeUndefined();
    const plan = decideTask(seen({ task: running, job: job.failed(), podsListed: true }));
    expect(after(plan, running).status?.evidence?.message).toBe(
      'Job has reached the specified backoff limit; its Pods were gone before their end was seen',
    );
    expect(plan.events).toMatchObject([{ reason: 'ReconcileTaskFailed', type: 'Warning' }]);
  });

  test('at a deadline does not suggest that an end of its Pods was missed', () => {
    const late = job.failed('DeadlineExceeded', 'too late');
    const plan = decideTask(seen({ task: running, job: late, podsListed: true }));
    expect(after(plan, running).status?.evidence?.message).toBe(
      'too late; no run of its container was seen to end before that',
    );
  });

  test('keeps what was known of runs and waits when the last one was only stopped', () => {
    const stopped: Pod = {
      ...aPodOf(job.running(), {
        state: {
          terminated: { exitCode: 143, reason: 'Error', finishedAt: '2026-01-01T11:59:59Z' },
        },
      }),
      metadata: { ...aPodOf(job.running()).metadata, deletionTimestamp: '2026-01-01T11:59:58Z' },
    };
    const message = (status: KeptnTaskStatus): string | undefined => {
      const task = aTask({ status: { ...recorded, ...status } });
      return after(
        decideTask(
          seen({ task, job: job.failed('DeadlineExceeded', 'too late'), pods: [stopped] }),
        ),
        task,
      ).status?.evidence?.message;
    };
    expect(message({ exitCode: 2, restarts: 3, output: 'no route' })).toBe(
      'the container ended with exit code 2: no route (too late)',
    );
    expect(message({ reason: 'ImagePullBackOff', message: 'no such image' })).toBe(
      'no such image (too late)',
    );
    expect(message({})).toBe(
      'the container was still running and was stopped (exit code 143) (too late)',
    );
    const plan = decideTask(seen({ task: running, job: job.running(), pods: [stopped] }));
    expect(after(plan, running).status?.exitCode).toBeUndefined();
  });

  test('is not before the start, though another machine wrote that', () => {
    const early = aTask({ status: { ...recorded, startTime: '2026-01-01T12:05:00Z' } });
    expect(
      after(decideTask(seen({ task: early, job: job.complete() })), early).status?.endTime,
    ).toBe('2026-01-01T12:05:00Z');
  });

  test('sets the TTL later if that patch was lost, and only then', () => {
    const ended = after(decideTask(seen({ task: running, job: job.complete() })), running);
    const again = decideTask(
      seen({ task: ended, job: job.complete(), definitions: definitionsNamed() }),
    );
    expect(again.effects).toMatchObject([{ operations: [{}, { value: 300 }] }]);
    const limited: Job = {
      ...job.complete(),
      spec: { ...job.complete().spec, ttlSecondsAfterFinished: 60 },
    };
    expect(decideTask(seen({ task: ended, job: limited }))).toEqual({});
    expect(decideTask(seen({ task: ended }))).toEqual({});
  });

  test('reads the definition live before it goes by the default TTL because a cache does not have it', () => {
    const unread = [{ kind: KeptnTaskDefinition, namespace: 'shop', name: 'check' }];
    const lagging = { task: running, job: job.complete(), unread, definitions: definitionsNamed() };
    expect(decideTask(seen(lagging))).toEqual({ look: unread });
    expect(decideTask(seen({ ...lagging, unread: [] })).afterwards).toMatchObject([
      { operations: [{}, { value: 300 }] },
    ]);
    expect(
      decideTask(seen({ ...lagging, definitions: definitionsNamed(definition) })).look,
    ).toBeUndefined();
  });

  test('leaves the TTL alone that Keptn has given its Jobs', () => {
    const keptns: Job = {
      ...job.complete(),
      spec: { ...job.complete().spec, ttlSecondsAfterFinished: 300 },
    };
    expect(decideTask(seen({ task: running, job: keptns })).afterwards).toEqual([]);
  });
});

describe('whatever is observed', () => {
  const state = fc.constantFrom(
    undefined,
    'Pending',
    'Progressing',
    'Succeeded',
    'Failed',
    'Warning',
    'Deprecated',
    'Unknown',
  );
  const task = fc
    .record({
      state,
      isRecorded: fc.boolean(),
      exitCode: fc.option(fc.integer({ min: 0, max: 3 })),
    })
    .map((given) =>
      aTask({
        status: {
          ...(given.isRecorded && recorded),
          ...(given.state !== undefined && { status: given.state }),
          ...(given.exitCode !== null && { exitCode: given.exitCode, restarts: 1 }),
        },
      }),
    );
  const terminated = fc.record({
    exitCode: fc.integer({ min: 0, max: 3 }),
    message: fc.string({ maxLength: 2000 }),
  });
  const pod = fc
    .record({
      last: fc.option(terminated),
      restartCount: fc.nat(20),
      phase: fc.constantFrom('Pending', 'Running', 'Failed', 'Succeeded'),
    })
    .map(({ last, restartCount, phase }): Pod => {
      const made = aPodOf(job.running(), {
        ...(last && { lastState: { terminated: last } }),
        restartCount,
      });
      return { ...made, status: { ...made.status, phase } };
    });
  const someJob = fc.constantFrom(
    undefined,
    job.running(),
    job.complete(),
    job.failed(),
    job.with({ type: 'FailureTarget', status: 'True' }),
  );
  const observation = fc
    .record({
      task,
      job: someJob,
      jobLive: fc.constantFrom('unread' as const, 'absent' as const, 'present' as const),
      pods: fc.array(pod, { maxLength: 3 }),
      podsListed: fc.boolean(),
      isDefined: fc.boolean(),
      refusal: fc.constantFrom(undefined, 'Forbidden' as const, 'Unavailable' as const),
    })
    .map(({ isDefined, refusal, ...given }) =>
      seen({
        ...given,
        ...(isDefined ? {} : { definitions: definitionsNamed() }),
        refusals: refusal === undefined ? new Map() : answering(() => refused(refusal)),
      }),
    );

  test('an end absorbs: neither status nor Job changes, but for the TTL', () => {
    const end = fc.constantFrom(
      'Succeeded' as const,
      'Failed' as const,
      'Warning' as const,
      'Deprecated' as const,
    );
    fc.assert(
      fc.property(observation, end, (given, status) => {
        const plan = decideTask({
          ...given,
          task: aTask({ status: { ...given.task.status, status } }),
        });
        expect(plan.status).toBeUndefined();
        expect(plan.effects?.map(({ type }) => type) ?? []).not.toContain('create');
      }),
    );
  });

  test('a recorded Job is never created again', () => {
    fc.assert(
      fc.property(observation, (given) => {
        const plan = decideTask({
          ...given,
          task: aTask({ status: { ...given.task.status, ...recorded } }),
        });
        expect(plan.effects?.some(({ type }) => type === 'create') ?? false).toBe(false);
      }),
    );
  });

  test('deciding again after the write changes nothing more', () => {
    fc.assert(
      fc.property(observation, (given) => {
        const plan = decideTask(given);
        const written = after(plan, given.task);
        const again = decideTask({ ...given, task: written, now: given.now + 5 });
        expect(after(again, written)).toEqual(written);
      }),
    );
  });
});

describe('a task whose version was superseded (B11)', () => {
  const told = (onSupersede: 'finish' | 'stop' | 'suspend') => ({
    ...definition,
    spec: { ...definition.spec, onSupersede },
  });

  test.each(['stop', 'suspend'] as const)(
    'has its running Job suspended and ends Deprecated where its definition says %s; then the Job is deleted',
    (word) => {
      const made = job.running();
      const definitions = definitionsNamed(told(word));
      const plan = decideTask(seen({ task: running, job: made, isSuperseded: true, definitions }));
      expect(plan.status).toBeUndefined();
      expect(plan.effects).toEqual([
        {
          type: 'patch',
          ref: expect.objectContaining({ name: made.metadata.name }),
          operations: [
            { op: 'test', path: '/metadata/uid', value: made.metadata.uid },
            { op: 'add', path: '/spec/suspend', value: true },
          ],
          goneIsDone: true,
        },
      ]);
      const suspended = { ...made, spec: { ...made.spec, suspend: true } };
      const end = decideTask(
        seen({ task: running, job: suspended, isSuperseded: true, definitions }),
      );
      const over = after(end, running);
      expect(over.status).toMatchObject({ status: 'Deprecated', reason: 'Superseded' });
      const then = decideTask(
        seen({ task: over, job: suspended, isSuperseded: true, definitions }),
      );
      expect(then.effects).toMatchObject([
        { type: 'delete', ref: { name: made.metadata.name }, uid: made.metadata.uid },
      ]);
    },
  );

  test('has a Job deleted that an earlier Sluice left suspended', () => {
    const over: KeptnTask = { ...running, status: { ...running.status, status: 'Deprecated' } };
    const left = { ...job.running(), spec: { ...job.running().spec, suspend: true } };
    expect(decideTask(seen({ task: over, job: left })).effects).toMatchObject([{ type: 'delete' }]);
  });

  test('that never began gets no Job any more', () => {
    const plan = decideTask(seen({ isSuperseded: true }));
    expect(plan.effects ?? []).toEqual([]);
    expect(after(plan, aTask()).status).toMatchObject({
      status: 'Deprecated',
      reason: 'Superseded',
    });
  });

  test('may finish what runs, unless its definition says otherwise', () => {
    const made = job.running();
    for (const each of [told('finish'), definition]) {
      const definitions = definitionsNamed(each);
      const plan = decideTask(seen({ task: running, job: made, isSuperseded: true, definitions }));
      expect(JSON.stringify(plan.effects ?? [])).not.toContain('suspend');
      expect(after(plan, running).status?.status).toBe('Progressing');
    }
  });
});
