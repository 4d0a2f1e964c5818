import { aRequest, asked } from '../../support/builders/steering.ts';
import { describe, expect, test } from 'vitest';
import type { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import {
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  aPassedAppVersion,
  asksForWrite,
  conditionIn,
  created,
  now,
  reasons,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';
import { aDeploymentSeen, aMovingOwnerSeen } from '../../support/builders/owner-builders.ts';
import {
  after,
  aReleasedStatus,
  appCheck,
  checking,
  endedTask,
  movedOn,
  readLive,
  released,
  running,
  settle,
} from '../../support/builders/cart-version.ts';

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

  test.each([
    { verb: 'abort', outcome: 'Done', reason: 'Aborted', state: 'Failed' },
    { verb: 'retry', outcome: 'Refused', reason: 'NothingFailed', state: 'Progressing' },
  ] as const)(
    'has what was asked of it judged after it was opened again: $verb',
    ({ verb, outcome, reason, state }) => {
      const over = deprecated(checking);
      const request = aRequest({ value: 'failed' });
      const seen = back(asked(over, verb, request), {
        appVersions: [anAppVersion({ spec: appCheck })],
      });
      const status = settle(seen, 4).version.status;
      expect(status).toMatchObject({
        attempt: 2,
        status: state,
        steering: [{ verb, outcome, reason, attempt: 2 }],
      });
    },
  );

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
