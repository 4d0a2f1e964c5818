import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCompleted, keptnStates } from '../../src/api/keptn/states.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../src/api/keptn/workload-version.ts';
import { isReleased } from '../../src/domain/release.ts';
import {
  decideWorkloadVersion,
  type WorkloadVersionSeen,
} from '../../src/domain/workload-version.ts';
import {
  anApp,
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkload,
  aWorkloadVersion,
  creationMs,
} from '../support/builders.ts';
import {
  aPassedAppVersion,
  asksForWrite,
  conditionIn,
  created,
  now,
  nowText,
  reasons,
  settings,
  stored,
  workloadVersionSeen,
} from '../support/lifecycle-seen.ts';
import { aDeploymentSeen, aMovingOwnerSeen, type Rollout } from '../support/owner-builders.ts';

/** The status after this decision. */
function after(seen: WorkloadVersionSeen): KeptnWorkloadVersionStatus {
  return stored(seen.version, decideWorkloadVersion(seen)).status ?? {};
}

/** Decides, stores and decides again, `times` times, in a world that does not move by itself. */
function settle(seen: WorkloadVersionSeen, times = 3): WorkloadVersionSeen {
  return Array.from({ length: times }).reduce<WorkloadVersionSeen>(
    (at) => ({ ...at, version: stored(at.version, decideWorkloadVersion(at)) }),
    seen,
  );
}

const preCheck = { preDeploymentTasks: ['smoke'] };
const appCheck = { preDeploymentTasks: ['migrate'] };
const taskRef = 'KeptnTask shop/pre-smoke-1';
const running = (rollout: Rollout) => [aDeploymentSeen({ rollout })];
/** A version whose pre-deployment task was made and recorded. */
const checking = aWorkloadVersion({
  spec: preCheck,
  status: {
    currentPhase: 'WorkloadPreDeployTasks',
    status: 'Progressing',
    preDeploymentStatus: 'Progressing',
    preDeploymentTaskStatus: [
      { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Progressing' },
    ],
  },
});
const aReleasedStatus: KeptnWorkloadVersionStatus =
  settle(workloadVersionSeen(), 1).version.status ?? {};
const released = aWorkloadVersion({ status: aReleasedStatus });
const endedTask = (status: 'Succeeded' | 'Failed') =>
  aTask({ metadata: { name: 'pre-smoke-1' }, status: { status } });
/** The workload as it is once its owner carries version 2. */
const movedOn = {
  workload: aWorkload({ spec: { version: '2' } }),
  owners: [aDeploymentSeen({ identity: { version: '2' } })],
};
const readLive = { live: { 'KeptnWorkload shop/shop-cart': 'present' } } as const;

describe('a workload version that waits for its app', () => {
  const waiting = { appVersions: [] };

  test('is quiet for two seconds, because the app version of a single service follows at once', () => {
    const young = { ...waiting, now: creationMs + 500 };
    expect(decideWorkloadVersion(workloadVersionSeen(young))).toEqual({ wakeAfterMs: 1_500 });
  });

  test('B9: then says what for, in a condition and in one Event on itself and on its owner', () => {
    const seen = workloadVersionSeen(waiting);
    const plan = decideWorkloadVersion(seen);
    expect(conditionIn(after(seen), 'Reconciling')).toMatchObject({
      status: 'True',
      reason: 'AppVersionNotFound',
    });
    expect((plan.events ?? []).map(({ about, reason }) => [about.kind, reason])).toEqual([
      ['KeptnWorkloadVersion', 'AppPreDeployEvaluationsAppVersionNotFound'],
      ['Deployment', 'AppPreDeployEvaluationsAppVersionNotFound'],
    ]);
    const again = { ...seen, version: stored(seen.version, plan), now: now + 3_600_000 };
    expect(asksForWrite(decideWorkloadVersion(again))).toBe(false);
    expect(isReleased(again.version.status)).toBe(false);
  });

  test("is not begun by a check of the app that fails, and says so in the app's words", () => {
    const failed = anAppVersion({
      status: { preDeploymentStatus: 'Failed', status: 'Failed' },
    });
    const seen = workloadVersionSeen({
      version: aWorkloadVersion({ spec: preCheck }),
      appVersions: [failed],
    });
    expect(created(decideWorkloadVersion(seen))).toEqual([]);
    expect(conditionIn(after(seen), 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'AppChecksFailed',
    });
  });

  test('turns to the app version that replaces the one it waited for', () => {
    const first = anAppVersion({ metadata: { name: 'shop-1.0.0-a' }, spec: appCheck });
    const seen = workloadVersionSeen({ appVersions: [first] });
    const waited = { ...seen, version: stored(seen.version, decideWorkloadVersion(seen)) };
    expect(conditionIn(waited.version.status ?? {}, 'Succeeded')?.message).toContain(
      'shop-1.0.0-a',
    );
    const replaced = [
      anAppVersion({ metadata: { name: 'shop-1.0.0-a' }, status: { status: 'Deprecated' } }),
      aPassedAppVersion(),
    ];
    expect(isReleased(after({ ...waited, appVersions: replaced }))).toBe(true);
  });

  test("W4: begins after checks of the app that only warn, and takes over the app's metadata", () => {
    const warned = aPassedAppVersion({
      spec: { metadata: { team: 'fruit' } },
      status: { preDeploymentEvaluationStatus: 'Warning' },
    });
    const status = after(workloadVersionSeen({ appVersions: [warned] }));
    expect(status.appContextMetadata).toEqual({ team: 'fruit' });
    expect(conditionIn(status, 'Released')).toMatchObject({ status: 'True', reason: 'Warning' });
  });
});

describe('B1: a workload version is Released', () => {
  test('only when its own pre-deployment checks have passed', () => {
    const open = workloadVersionSeen({
      version: checking,
      tasks: [aTask({ metadata: { name: 'pre-smoke-1' } })],
    });
    expect(isReleased(after(open))).toBe(false);
    const passed = workloadVersionSeen({ version: checking, tasks: [endedTask('Succeeded')] });
    expect(isReleased(after(passed))).toBe(true);
  });

  test('not when one of them has failed: it has failed itself, for good', () => {
    const seen = workloadVersionSeen({ version: checking, tasks: [endedTask('Failed')] });
    const status = after(seen);
    expect(status).toMatchObject({
      status: 'Failed',
      preDeploymentStatus: 'Failed',
      preDeploymentEvaluationStatus: 'Deprecated',
      deploymentStatus: 'Deprecated',
      postDeploymentStatus: 'Deprecated',
      postDeploymentEvaluationStatus: 'Deprecated',
    });
    expect(isReleased(settle(seen, 5).version.status)).toBe(false);
    expect(
      (decideWorkloadVersion(seen).events ?? []).map(({ about, reason }) => [about.kind, reason]),
    ).toEqual([
      ['KeptnWorkloadVersion', 'ReconcileTaskStatusChanged'],
      ['KeptnWorkloadVersion', 'WorkloadPreDeployTasksFailed'],
      ['KeptnWorkloadVersion', 'WorkloadCompletedFailed'],
      ['Deployment', 'WorkloadPreDeployTasksFailed'],
    ]);
  });

  test('W4: also after a failure where failures do not block, as a Warning', () => {
    const seen = workloadVersionSeen({
      version: checking,
      tasks: [endedTask('Failed')],
      settings: settings({ blockDeployment: false }),
    });
    expect(after(seen).preDeploymentStatus).toBe('Warning');
    expect(conditionIn(after(seen), 'Released')).toMatchObject({ reason: 'Warning' });
  });

  test('together with deploymentStatus Progressing and the revisions that may start, in one status', () => {
    const status = after(workloadVersionSeen({ revisions: ['uid-of-older'] }));
    expect(status).toMatchObject({
      deploymentStatus: 'Progressing',
      deploymentStartTime: nowText,
      releasedRevisions: ['uid-of-cart-1.0.0', 'uid-of-older'],
    });
    expect(conditionIn(status, 'Released')).toMatchObject({ reason: 'ChecksPassed' });
  });

  test('not when the app version that let it begin was replaced by one whose checks are open', () => {
    const current = anAppVersion({
      metadata: { name: 'newer', creationTimestamp: '2026-01-01T00:00:50Z' },
    });
    const seen = workloadVersionSeen({
      version: checking,
      tasks: [endedTask('Succeeded')],
      appVersions: [aPassedAppVersion({ status: { status: 'Deprecated' } }), current],
    });
    const status = after(seen);
    expect(isReleased(status)).toBe(false);
    expect(status).toMatchObject({ currentPhase: 'WorkloadDeploy', deploymentStatus: 'Pending' });
    expect(conditionIn(status, 'Succeeded')?.reason).toBe('WaitingForAppChecks');
  });

  test('for ever: no decision takes it back', () => {
    const worlds: Partial<Parameters<typeof workloadVersionSeen>[0]>[] = [
      { appVersions: [] },
      { owners: [] },
      { ...movedOn, ...readLive },
      { settings: settings({ observabilityTimeoutMs: 1 }), now: now + 60_000 },
    ];
    for (const world of worlds) {
      const seen = workloadVersionSeen({ version: released, ...world });
      expect(isReleased(settle(seen).version.status)).toBe(true);
    }
  });
});

describe('the deployment of a workload version', () => {
  const at = (rollout: Rollout, more: Parameters<typeof workloadVersionSeen>[0] = {}) =>
    workloadVersionSeen({ version: released, owners: running(rollout), ...more });

  test('B10: waits for the roll-out of its owner, then the version is completed', () => {
    expect(after(at('progressing')).deploymentStatus).toBe('Progressing');
    expect(after(at('deployed'))).toMatchObject({
      deploymentStatus: 'Succeeded',
      currentPhase: 'Completed',
      status: 'Succeeded',
      endTime: nowText,
    });
  });

  test('costs no write while Pods come and go', () => {
    expect(asksForWrite(decideWorkloadVersion(at('progressing')))).toBe(false);
  });

  test('B10: 0 replicas count as deployed', () => {
    expect(after(at('scaled to zero')).status).toBe('Succeeded');
  });

  test('is over only when all owners that carry the version are', () => {
    const both = [
      aDeploymentSeen({ name: 'blue', rollout: 'deployed' }),
      aDeploymentSeen({ name: 'green', rollout: 'progressing' }),
    ];
    expect(after(at('progressing', { owners: both })).deploymentStatus).toBe('Progressing');
  });

  test('is not judged by an owner that carries another version, workload or app', () => {
    const others = [{ version: '2' }, { workload: 'pay' }, { app: 'other' }].map((identity, i) =>
      aDeploymentSeen({ name: `other-${i}`, rollout: 'deployed', identity }),
    );
    expect(after(at('deployed', { owners: others })).deploymentStatus).toBe('Progressing');
  });

  test('fails after the observability time-out, with Keptn’s Event', () => {
    const late = at('progressing', { now: now + 5 * 60_000 + 1 });
    expect(after(at('progressing', { now: now + 5 * 60_000 })).status).toBe('Progressing');
    expect(after(late)).toMatchObject({
      status: 'Failed',
      deploymentStatus: 'Failed',
      postDeploymentStatus: 'Deprecated',
    });
    expect(conditionIn(after(late), 'Succeeded')).toMatchObject({ reason: 'DeploymentTimedOut' });
    const [first] = decideWorkloadVersion(late).events ?? [];
    expect(first).toMatchObject({ type: 'Warning', reason: 'WorkloadDeployFinished' });
  });

  test('asks to be looked at when the time-out is over', () => {
    expect(decideWorkloadVersion(at('progressing', { now: now + 60_000 })).wakeAfterMs).toBe(
      4 * 60_000 + 1,
    );
  });

  test('B10: does not time out while it is paused, and has the rest of its time afterwards', () => {
    const paused = settle(at('paused', { now: now + 60_000 }), 2);
    expect(conditionIn(paused.version.status ?? {}, 'Paused')).toMatchObject({ status: 'True' });
    const hours = settle({ ...paused, now: now + 7_200_000 }, 1);
    expect(hours.version).toBe(paused.version);
    const resumed = settle({ ...hours, owners: running('progressing') }, 2);
    expect(resumed.version.status).toMatchObject({ status: 'Progressing' });
    expect(decideWorkloadVersion(resumed).wakeAfterMs).toBe(4 * 60_000 + 1);
  });

  test('B10: runs against its time-out when one owner is paused and another moves', () => {
    const owners = [
      aDeploymentSeen({ name: 'blue', rollout: 'paused' }),
      aDeploymentSeen({ name: 'green', rollout: 'progressing' }),
    ];
    expect(conditionIn(after(at('paused', { owners })), 'Paused')).toBeUndefined();
  });
});

describe('B11: when another version becomes current', () => {
  const gone = (version: KeptnWorkloadVersion, more = {}) =>
    workloadVersionSeen({ version, ...movedOn, ...readLive, ...more });

  test('a version that is not Released is superseded, in whatever phase it is', () => {
    const waiting = aWorkloadVersion();
    const evaluating = aWorkloadVersion({
      status: {
        currentPhase: 'WorkloadPreDeployEvaluations',
        status: 'Progressing',
        preDeploymentStatus: 'Succeeded',
        preDeploymentEvaluationStatus: 'Progressing',
      },
    });
    const held = aWorkloadVersion({
      status: {
        currentPhase: 'WorkloadDeploy',
        status: 'Progressing',
        preDeploymentStatus: 'Succeeded',
        preDeploymentEvaluationStatus: 'Succeeded',
        deploymentStatus: 'Pending',
      },
    });
    for (const version of [waiting, checking, evaluating, held]) {
      const seen = gone(version);
      expect(after(seen).status).toBe('Deprecated');
      expect(conditionIn(after(seen), 'Succeeded')).toMatchObject({ reason: 'Superseded' });
      expect(created(decideWorkloadVersion(seen))).toEqual([]);
      expect(asksForWrite(decideWorkloadVersion(settle(seen, 1)))).toBe(false);
    }
  });

  test('the workload is read live first: a cache that lags would end the version that has just become current', () => {
    const plan = decideWorkloadVersion(workloadVersionSeen({ version: checking, ...movedOn }));
    expect(plan).toEqual({ look: [expect.objectContaining({ name: 'shop-cart' })] });
  });

  test('a Released version whose Pods still come up is over, and stays Released', () => {
    const status = after(gone(released));
    expect(status.status).toBe('Deprecated');
    expect(isReleased(status)).toBe(true);
  });

  test('tasks of a Released version that run may end, and no further phase begins', () => {
    const posting = aWorkloadVersion({
      spec: { postDeploymentTasks: ['smoke'], postDeploymentEvaluations: ['cpu-free'] },
      status: {
        ...aReleasedStatus,
        deploymentStatus: 'Succeeded',
        currentPhase: 'WorkloadPostDeployTasks',
        postDeploymentStatus: 'Progressing',
        postDeploymentTaskStatus: [
          { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Progressing' },
        ],
      },
    });
    const open = gone(posting, { tasks: [aTask({ metadata: { name: 'pre-smoke-1' } })] });
    expect(after(open).status).toBe('Progressing');
    const over = gone(posting, { tasks: [endedTask('Succeeded')] });
    expect(after(over)).toMatchObject({
      status: 'Deprecated',
      postDeploymentStatus: 'Succeeded',
      postDeploymentEvaluationStatus: 'Deprecated',
    });
    expect(reasons(decideWorkloadVersion(over))).toEqual([
      'ReconcileTaskStatusChanged',
      'WorkloadPostDeployTasksFinished',
      'DeprecatedFinished',
    ]);
    expect(after(gone(posting, { tasks: [endedTask('Failed')] })).status).toBe('Failed');
  });

  test('nothing happens as long as nobody can tell which version is current', () => {
    const owners = [aMovingOwnerSeen()];
    const tasks = [aTask({ metadata: { name: 'pre-smoke-1' } })];
    expect(after(gone(checking, { owners, tasks })).status).toBe('Progressing');
    expect(after(gone(checking, { workload: undefined, tasks })).status).toBe('Progressing');
  });

  test('a version that another owner still carries is not superseded', () => {
    const owners = [
      aDeploymentSeen({ name: 'green', identity: { version: '2' } }),
      aDeploymentSeen({ name: 'blue' }),
    ];
    expect(after(gone(aWorkloadVersion(), { owners })).status).not.toBe('Deprecated');
  });

  test('a version that has ended stays as it ended', () => {
    for (const status of ['Succeeded', 'Failed'] as const) {
      const version = aWorkloadVersion({ status: { ...aReleasedStatus, status } });
      expect(asksForWrite(decideWorkloadVersion(gone(version)))).toBe(false);
    }
  });
});

describe('a rollback', () => {
  const deprecated = (from: KeptnWorkloadVersion) =>
    settle(workloadVersionSeen({ version: from, ...movedOn, ...readLive }), 1).version;
  const back = (version: KeptnWorkloadVersion, more = {}) =>
    workloadVersionSeen({ version, taskDefinitions: [aTaskDefinition()], ...more });

  test('to a superseded version runs its unfinished phases as the next attempt, with new tasks', () => {
    const seen = back(deprecated(checking));
    const [task = ''] = created(decideWorkloadVersion(seen));
    expect(task).toMatch(/^KeptnTask pre-smoke-/);
    const made = {
      ...seen,
      ...workloadVersionSeen({
        version: seen.version,
        tasks: [aTask({ metadata: { name: task.replace('KeptnTask ', '') } })],
      }),
    };
    expect(after(made)).toMatchObject({
      attempt: 2,
      status: 'Progressing',
      preDeploymentTaskStatus: [{ attempt: 2, status: 'Progressing' }],
      attempts: [{ attempt: 1, status: 'Deprecated', reason: 'Superseded' }],
    });
    expect(after(made)).not.toHaveProperty('endTime');
  });

  test('waits for the app once more, and opens one attempt only', () => {
    const seen = back(deprecated(aWorkloadVersion()), {
      appVersions: [anAppVersion({ spec: appCheck })],
    });
    const waited = settle(seen, 4);
    expect(waited.version.status).toMatchObject({ attempt: 2, status: 'Progressing' });
    expect(isReleased(after({ ...waited, appVersions: [aPassedAppVersion()] }))).toBe(true);
  });

  test('to a version that was superseded while its Pods came up gives it the whole time-out again', () => {
    const seen = back(deprecated(released), { now: now + 86_400_000 });
    expect(after(seen)).toMatchObject({
      attempt: 2,
      status: 'Progressing',
      deploymentStatus: 'Progressing',
      deploymentStartTime: '2026-01-02T00:01:00Z',
    });
  });

  test('W6: to a version that is completed repeats nothing', () => {
    const completed = settle(
      workloadVersionSeen({ version: released, owners: running('deployed') }),
    );
    expect(completed.version.status?.status).toBe('Succeeded');
    expect(asksForWrite(decideWorkloadVersion({ ...completed, now: now + 86_400_000 }))).toBe(
      false,
    );
  });

  test('to a version that has failed leaves it failed', () => {
    const failed = settle(workloadVersionSeen({ version: checking, tasks: [endedTask('Failed')] }));
    expect(asksForWrite(decideWorkloadVersion({ ...failed, now: now + 1000 }))).toBe(false);
    expect(failed.version.status?.status).toBe('Failed');
  });
});

describe('the revisions whose Pods may start', () => {
  test('are taken note of as their Pods come, also after the end', () => {
    const completed = settle(
      workloadVersionSeen({ version: released, owners: running('deployed') }),
    );
    const status = after({ ...completed, revisions: ['uid-of-restarted'] });
    expect(status.releasedRevisions).toEqual(['uid-of-cart-1.0.0', 'uid-of-restarted']);
    expect(status.status).toBe('Succeeded');
  });

  test('are never taken note of before the version is Released', () => {
    const failed = aWorkloadVersion({ status: { status: 'Failed' } });
    expect(
      asksForWrite(
        decideWorkloadVersion(workloadVersionSeen({ version: failed, revisions: ['x'] })),
      ),
    ).toBe(false);
    const waiting = after(workloadVersionSeen({ appVersions: [], revisions: ['x'] }));
    expect(waiting.releasedRevisions).toBeUndefined();
  });
});

describe('versions that Keptn has left', () => {
  const keptns: KeptnWorkloadVersionStatus = {
    currentPhase: 'Completed',
    status: 'Succeeded',
    preDeploymentStatus: 'Succeeded',
    preDeploymentEvaluationStatus: 'Succeeded',
    deploymentStatus: 'Succeeded',
    postDeploymentStatus: 'Succeeded',
    postDeploymentEvaluationStatus: 'Succeeded',
  };

  test('are Released if they are current, so that their Pods start as before', () => {
    const status = after(workloadVersionSeen({ version: aWorkloadVersion({ status: keptns }) }));
    expect(conditionIn(status, 'Released')).toMatchObject({ reason: 'ReleasedByKeptn' });
    expect(status.releasedRevisions).toEqual(['uid-replicaset-shop-cart-1']);
    expect(status).toMatchObject(keptns);
  });

  test('cost nothing when they are history', () => {
    const seen = workloadVersionSeen({ version: aWorkloadVersion({ status: keptns }), ...movedOn });
    expect(asksForWrite(decideWorkloadVersion(seen))).toBe(false);
    expect(asksForWrite(decideWorkloadVersion({ ...seen, revisions: ['an-old-pod'] }))).toBe(true);
  });

  test('W1: are not Released if Keptn let their Pods through because a check had failed', () => {
    const failed = {
      ...keptns,
      preDeploymentStatus: 'Failed',
      deploymentStatus: 'Deprecated',
      status: 'Failed',
    } as const;
    const seen = workloadVersionSeen({ version: aWorkloadVersion({ status: failed }) });
    expect(asksForWrite(decideWorkloadVersion(seen))).toBe(false);
  });
});

test('a task that is recorded and gone is looked for live before the version fails by it', () => {
  const seen = workloadVersionSeen({ version: checking });
  expect(decideWorkloadVersion(seen)).toEqual({
    look: [expect.objectContaining({ name: 'pre-smoke-1' })],
  });
  const live = { [taskRef]: 'absent' } as const;
  expect(after(workloadVersionSeen({ version: checking, live })).status).toBe('Failed');
});

test('nothing is decided about a version that is being deleted', () => {
  const version = aWorkloadVersion({ metadata: { deletionTimestamp: nowText } });
  expect(decideWorkloadVersion(workloadVersionSeen({ version }))).toEqual({});
});

describe('whatever the world looks like', () => {
  const aState = fc.constantFrom(...keptnStates);
  const aStatus = fc.record(
    {
      currentPhase: fc.constantFrom('', 'WorkloadPreDeployTasks', 'WorkloadDeploy', 'Completed'),
      status: aState,
      preDeploymentStatus: aState,
      preDeploymentEvaluationStatus: aState,
      deploymentStatus: aState,
      postDeploymentStatus: aState,
      postDeploymentEvaluationStatus: aState,
    },
    { requiredKeys: [] },
  );
  const aWorld = fc.record({
    status: aStatus,
    rollout: fc.constantFrom<Rollout>('progressing', 'deployed', 'paused', 'scaled to zero'),
    current: fc.constantFrom('1.0.0', '2'),
    appChecks: aState,
    child: aState,
    revisions: fc.subarray(['r1', 'r2']),
    blockDeployment: fc.boolean(),
  });

  function seenIn(world: typeof aWorld extends fc.Arbitrary<infer W> ? W : never) {
    const { status, rollout, current, appChecks, child, revisions, blockDeployment } = world;
    const seen = workloadVersionSeen({
      version: aWorkloadVersion({ spec: preCheck, status }),
      owners: [aDeploymentSeen({ rollout, identity: { version: current } })],
      workload: aWorkload({ spec: { version: current } }),
      appVersions: [aPassedAppVersion({ status: { preDeploymentStatus: appChecks } })],
      revisions,
      settings: settings({ blockDeployment }),
      app: anApp(),
      taskDefinitions: [aTaskDefinition()],
      ...readLive,
    });
    const [task = ''] = created(decideWorkloadVersion(seen));
    if (task === '') return seen;
    const name = task.replace('KeptnTask ', '');
    const tasks = new Map([[name, aTask({ metadata: { name }, status: { status: child } })]]);
    return { ...seen, tasks };
  }

  test('an end absorbs: no state of a version that has ended ever changes', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const seen = seenIn(world);
        const { status: end } = world.status;
        if (end === undefined || end === 'Deprecated' || !isCompleted(end)) return;
        const { conditions: _, releasedRevisions: __, ...states } = after(seen);
        expect(states).toMatchObject(world.status);
        expect(decideWorkloadVersion(seen).effects ?? []).toEqual([]);
      }),
    );
  });

  test('plans are idempotent: the world after a plan’s own status asks for nothing', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const seen = seenIn(world);
        if ((decideWorkloadVersion(seen).effects ?? []).length > 0) return;
        // Released first, judged by the owner next: two statuses, and no more.
        const settled = settle(seen, 2);
        expect(asksForWrite(decideWorkloadVersion(settled))).toBe(false);
      }),
    );
  });
});
