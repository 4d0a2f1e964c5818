import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/builtin.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import {
  after,
  movedOn,
  readLive,
  released,
  running,
  settle,
} from '../../support/builders/cart-version.ts';
import { aPod } from '../../support/builders/workloads.ts';
import {
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  appVersionSeen,
  aPassedAppVersion,
  conditionIn,
  created,
  now,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';
import { aDeploymentSeen, type Rollout } from '../../support/builders/owner-builders.ts';

const minute = 60_000;

/** A released version whose Deployment has so many of two Pods updated, a minute and some after its release. */
const moving = (updated: number, more: Parameters<typeof workloadVersionSeen>[0] = {}) => {
  const seen = aDeploymentSeen({ rollout: 'progressing' });
  const { owner } = seen;
  const status = { ...owner.object.status, updatedReplicas: updated };
  const object = { ...owner.object, status };
  const current = seen.current && { ...seen.current, podSelector: 'pod-template-hash=5d4' };
  return workloadVersionSeen({
    version: released,
    owners: [{ owner: { ...owner, object }, current }],
    ...more,
  });
};

const crashing: Pod = {
  ...aPod({ name: 'cart-x' }),
  spec: { nodeName: 'node-7' },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'cart', state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 3 },
    ],
  },
};

describe('a deployment that makes no progress', () => {
  const stuck = moving(1, { now: now + minute });

  test('is looked into after half a minute: its Pods are read live, by the label of their revision', () => {
    expect(decideWorkloadVersion(stuck).look).toEqual([
      expect.objectContaining({ labelSelector: 'pod-template-hash=5d4' }),
    ]);
    const fresh = moving(1, { now: now + 29_000 });
    expect(decideWorkloadVersion(fresh).look).toBeUndefined();
  });

  test('says how many Pods are there, and which are not available, on which node and why', () => {
    const { message } = conditionIn(after({ ...stuck, pods: [crashing] }), 'Succeeded') ?? {};
    expect(message).toMatch(/\d of 2 Pods updated, 0 available/u);
    expect(message).toContain('cart-x on node-7 (container cart: CrashLoopBackOff)');
  });

  test('does not write again while a Pod comes and goes', () => {
    const told = settle({ ...stuck, pods: [crashing] }, 2);
    const later = { ...told, ...moving(0, { now: now + 2 * minute }), version: told.version };
    expect(after({ ...later, pods: [crashing] })).toEqual(told.version.status);
  });

  test('keeps its words while a container crashes, is ready for a moment and crashes again', () => {
    const told = settle({ ...stuck, pods: [crashing] }, 2);
    const ready = { type: 'Ready', status: 'True' };
    const unready = { type: 'Ready', status: 'False', message: 'containers with unready status' };
    for (const condition of [ready, unready]) {
      const pod: Pod = { ...crashing, status: { phase: 'Running', conditions: [condition] } };
      expect(after({ ...told, pods: [pod] })).toEqual(told.version.status);
    }
    const another = { ...crashing, metadata: { ...crashing.metadata, name: 'cart-y' } };
    const { message } = conditionIn(after({ ...told, pods: [another] }), 'Succeeded') ?? {};
    expect(message).toContain('cart-y on node-7');
  });

  test('fails after its time-out, with the Pods in the message', () => {
    const late = moving(1, { now: now + 11 * minute, pods: [crashing] });
    const { message } = conditionIn(after(late), 'Succeeded') ?? {};
    expect(message).toContain('no progress for 5m0s');
    expect(message).toContain('cart-x on node-7');
  });
});

describe('the time-out of a deployment is what is said nearest', () => {
  const failed = (spec: object, app: object, seconds: number): boolean =>
    after(
      moving(2, {
        version: { ...released, spec: { ...released.spec, ...spec } },
        appVersions: [aPassedAppVersion({ spec: app })],
        now: now + seconds * 1000 + 1,
        pods: [],
      }),
    ).status === 'Failed';

  const ofApp = { deploymentTimeout: '40s' };
  test.each([
    { by: 'the workload', spec: { deploymentTimeout: '20s' }, app: ofApp, seconds: 20 },
    { by: 'its application', spec: {}, app: ofApp, seconds: 40 },
    { by: 'the KeptnConfig', spec: {}, app: {}, seconds: 300 },
    {
      by: 'the next, if it is unreadable',
      spec: { deploymentTimeout: 'x' },
      app: {},
      seconds: 300,
    },
  ])('by $by', ({ spec, app, seconds }) => {
    expect(failed(spec, app, seconds - 1)).toBe(false);
    expect(failed(spec, app, seconds)).toBe(true);
  });
});

test('a status that the owner wrote before it knew of the revision does not call it deployed', () => {
  const seen = aDeploymentSeen({ rollout: 'deployed' });
  const current = seen.current && { ...seen.current, isOwnersStatus: false };
  const status = after(workloadVersionSeen({ version: released, owners: [{ ...seen, current }] }));
  expect(status.deploymentStatus).toBe('Progressing');
});

test.each([
  { what: 'the revision', current: { isOwnersStatus: false }, generation: 1 },
  { what: 'the latest change', current: {}, generation: 2 },
])(
  'a status that was written before $what counts no Pod as updated, so that each one is progress',
  ({ current, generation }) => {
    const seen = aDeploymentSeen({ rollout: 'deployed' });
    const { object } = seen.owner;
    const owner = {
      ...seen.owner,
      object: { ...object, metadata: { ...object.metadata, generation } },
    };
    const owners = [{ owner, current: seen.current && { ...seen.current, ...current } }];
    expect(after(workloadVersionSeen({ owners })).deploymentProgress).toMatchObject({
      updated: 0,
      old: 2,
    });
  },
);

describe('a workload that is deployed with 0 replicas', () => {
  const version = {
    ...released,
    spec: { ...released.spec, postDeploymentTasks: ['check'] },
  };
  const at = (rollout: Rollout) =>
    workloadVersionSeen({
      version,
      owners: running(rollout),
      taskDefinitions: [aTaskDefinition({ metadata: { name: 'check' } })],
    });

  test('counts as deployed, and its own checks wait for the first available Pod', () => {
    const seen = settle(at('scaled to zero'), 2);
    expect(created(decideWorkloadVersion(seen))).toEqual([]);
    expect(seen.version.status).toMatchObject({
      deploymentStatus: 'Succeeded',
      postDeploymentStatus: 'Pending',
      status: 'Progressing',
    });
    expect(conditionIn(seen.version.status ?? {}, 'Succeeded')?.reason).toBe('ScaledToZero');
    const up = { ...seen, owners: running('progressing') };
    expect(created(decideWorkloadVersion(up))).toEqual([]);
    const available = { ...seen, owners: running('deployed') };
    expect(created(decideWorkloadVersion(available))).toEqual([
      expect.stringContaining('KeptnTask post-check'),
    ]);
  });

  test('whose checks have begun is not held up when it is scaled to zero', () => {
    const status = {
      ...settle(at('scaled to zero'), 2).version.status,
      postDeploymentTaskStatus: [
        { definitionName: 'check', name: 'post-check-1', status: 'Progressing' as const },
      ],
    };
    const tasks = [aTask({ metadata: { name: 'post-check-1' }, status: { status: 'Succeeded' } })];
    const down = workloadVersionSeen({
      version: { ...version, status },
      owners: running('scaled to zero'),
      tasks,
    });
    expect(after(down).status).toBe('Succeeded');
  });

  test('begins no checks while the workload still names it and its owner carries another version already', () => {
    const held = settle(at('scaled to zero'), 2);
    const ahead = { ...held, owners: movedOn.owners };
    expect(created(decideWorkloadVersion(ahead))).toEqual([]);
    expect(after(ahead)).toEqual(held.version.status);
    expect(created(decideWorkloadVersion({ ...held, owners: [] }))).toEqual([]);
  });

  test('begins no checks when another version becomes current: its Pods never were', () => {
    const held = settle(at('scaled to zero'), 2);
    const gone = { ...workloadVersionSeen({ ...movedOn, ...readLive }), version: held.version };
    const seen = { ...gone, taskDefinitions: held.taskDefinitions };
    expect(created(decideWorkloadVersion(seen))).toEqual([]);
    expect(after(seen)).toMatchObject({ status: 'Deprecated', postDeploymentStatus: 'Deprecated' });
  });

  test('does not hold up its application, which says so', () => {
    const { version: waiting } = settle(at('scaled to zero'), 2);
    const seen = appVersionSeen({
      workloadVersions: [aWorkloadVersion({ status: waiting.status ?? {} })],
      version: anAppVersion({
        status: { preDeploymentStatus: 'Succeeded', preDeploymentEvaluationStatus: 'Succeeded' },
      }),
    });
    const plan = decideAppVersion(seen);
    expect(plan.status?.to).toMatchObject({
      workloadOverallStatus: 'Succeeded',
      workloadStatus: [{ status: 'Succeeded', reason: 'ScaledToZero' }],
    });
    expect((plan.events ?? []).map(({ message }) => message).join()).toContain(
      'goes on without the post-deployment checks of cart 1.0.0',
    );
  });
});
