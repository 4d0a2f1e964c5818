import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCompleted, keptnStates } from '../../../src/api/keptn/states.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import {
  anApp,
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkload,
  aWorkloadVersion,
  creationMs,
} from '../../support/builders/builders.ts';
import {
  aPassedAppVersion,
  asksForWrite,
  conditionIn,
  created,
  now,
  nowText,
  settings,
  stored,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';
import { aDeploymentSeen, type Rollout } from '../../support/builders/owner-builders.ts';
import {
  after,
  appCheck,
  checking,
  endedTask,
  movedOn,
  preCheck,
  readLive,
  released,
  running,
  settle,
} from '../../support/builders/cart-version.ts';

describe('a workload version that waits for its app', () => {
  const waiting = { appVersions: [] };

  test('is quiet for two seconds and those in which a context may come, because the app version of a single service follows at once', () => {
    const young = { ...waiting, now: creationMs + 500 };
    expect(decideWorkloadVersion(workloadVersionSeen(young))).toEqual({ wakeAfterMs: 3_500 });
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

  test('of a StatefulSet are Released for the revision that carries them now, and no later one', () => {
    const spec = { resourceReference: { kind: 'StatefulSet', name: 'cart', uid: 'uid-of-set' } };
    const version = aWorkloadVersion({ spec, status: keptns });
    const status = after(workloadVersionSeen({ version, owners: [aDeploymentSeen()] }));
    expect(status.releasedRevisions).toEqual(['uid-of-cart-1.0.0']);
  });

  test('cost nothing when they are history', () => {
    const seen = workloadVersionSeen({ version: aWorkloadVersion({ status: keptns }), ...movedOn });
    expect(asksForWrite(decideWorkloadVersion(seen))).toBe(false);
    expect(asksForWrite(decideWorkloadVersion({ ...seen, revisions: ['an-old-pod'] }))).toBe(true);
  });

  test('are Released when they become current again after Sluice has exported their spans', () => {
    const exported = { type: 'Exported', status: 'True', reason: 'Exported', message: '' } as const;
    const conditions = [{ ...exported, lastTransitionTime: nowText }];
    const version = aWorkloadVersion({ status: { ...keptns, conditions } });
    const status = after(workloadVersionSeen({ version }));
    expect(conditionIn(status, 'Released')).toMatchObject({ reason: 'ReleasedByKeptn' });
  });

  test('are not those that Sluice itself has brought to the end of their deployment', () => {
    for (const deploymentStatus of ['Failed', 'Succeeded', 'Warning'] as const) {
      const ended = { type: 'Succeeded', status: 'False', reason: 'Aborted', message: '' } as const;
      const conditions = [{ ...ended, lastTransitionTime: nowText }];
      const version = aWorkloadVersion({ status: { ...keptns, deploymentStatus, conditions } });
      const plan = decideWorkloadVersion(workloadVersionSeen({ version, revisions: ['x'] }));
      expect(asksForWrite(plan)).toBe(false);
    }
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
  const live = { 'KeptnTask shop/pre-smoke-1': 'absent' } as const;
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
