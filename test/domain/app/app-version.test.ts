import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeptnAppVersion, KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { AppVersionSeen } from '../../../src/domain/app/app-version-run.ts';
import { isCompleted, type KeptnState, keptnStates } from '../../../src/api/keptn/states.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import {
  anApp,
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  appVersionSeen,
  asksForWrite,
  conditionIn,
  controllerReference,
  created,
  now,
  nowText,
  reasons,
  settings,
  stored,
  recording,
} from '../../support/observed/lifecycle-seen.ts';

function after(seen: AppVersionSeen): KeptnAppVersionStatus {
  return stored(seen.version, decideAppVersion(seen)).status ?? {};
}

function settle(seen: AppVersionSeen, times = 3): AppVersionSeen {
  return Array.from({ length: times }).reduce<AppVersionSeen>(
    (at) => ({ ...at, version: stored(at.version, decideAppVersion(at)) }),
    seen,
  );
}

const deployed: KeptnAppVersionStatus = {
  preDeploymentStatus: 'Succeeded',
  preDeploymentEvaluationStatus: 'Succeeded',
  workloadOverallStatus: 'Succeeded',
  status: 'Progressing',
};
const cart = (status: KeptnWorkloadVersionStatus) => [aWorkloadVersion({ status })];
const succeeded = cart({ status: 'Succeeded' });

describe('an app version', () => {
  test('without checks waits for its workloads, and says for which', () => {
    const status = after(appVersionSeen({ workloadVersions: cart({}) }));
    expect(status).toMatchObject({
      currentPhase: 'AppDeploy',
      status: 'Progressing',
      workloadOverallStatus: 'Progressing',
      workloadStatus: [{ workload: { name: 'cart', version: '1.0.0' }, status: 'Progressing' }],
    });
    expect(conditionIn(status, 'Succeeded')?.message).toContain('cart 1.0.0');
  });

  test('T7: costs no write while its workloads go through their phases', () => {
    const seen = settle(appVersionSeen({ workloadVersions: cart({}) }), 1);
    for (const status of [
      { status: 'Pending' },
      { status: 'Progressing', currentPhase: 'WorkloadPreDeployTasks' },
      { status: 'Progressing', currentPhase: 'WorkloadDeploy', deploymentStatus: 'Progressing' },
    ] as const) {
      const later = { ...seen, workloadVersions: cart(status) };
      expect(asksForWrite(decideAppVersion(later))).toBe(false);
    }
  });

  test('is completed and succeeded when all of them are', () => {
    expect(after(appVersionSeen({ workloadVersions: succeeded }))).toMatchObject({
      currentPhase: 'Completed',
      status: 'Succeeded',
      workloadOverallStatus: 'Succeeded',
      promotionStatus: 'Succeeded',
      endTime: nowText,
    });
  });

  test('without workloads is completed at once', () => {
    const version = anAppVersion({ spec: { workloads: [] } });
    expect(after(appVersionSeen({ version })).status).toBe('Succeeded');
  });

  test('has failed when one of them has, and says which and why', () => {
    const failed = cart({
      status: 'Failed',
      conditions: [
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'TaskFailed',
          message: '',
          lastTransitionTime: nowText,
        },
      ],
    });
    const status = after(appVersionSeen({ workloadVersions: failed }));
    expect(status).toMatchObject({
      status: 'Failed',
      workloadOverallStatus: 'Failed',
      postDeploymentStatus: 'Deprecated',
      promotionStatus: 'Deprecated',
      workloadStatus: [{ status: 'Failed', reason: 'TaskFailed' }],
    });
    expect(conditionIn(status, 'Succeeded')?.message).toContain('cart 1.0.0 (TaskFailed)');
  });

  test('W4: fails by a workload also where checks do not block: a deployment is no check', () => {
    const seen = appVersionSeen({
      workloadVersions: cart({ status: 'Failed' }),
      settings: settings({ blockDeployment: false }),
    });
    expect(after(seen).status).toBe('Failed');
  });

  test('waits for a workload whose version was superseded: the next version of the app is on its way', () => {
    const over = cart({
      status: 'Deprecated',
      conditions: [
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'Superseded',
          message: '',
          lastTransitionTime: nowText,
        },
      ],
    });
    const status = after(appVersionSeen({ workloadVersions: over }));
    expect(status).toMatchObject({
      status: 'Progressing',
      workloadStatus: [{ status: 'Progressing', reason: 'Superseded' }],
    });
  });

  test('W16: names a workload that has no version, in one Event', () => {
    const seen = appVersionSeen({ workloadVersions: [] });
    expect(after(seen).workloadStatus).toMatchObject([
      { status: 'Pending', reason: 'WorkloadVersionNotFound' },
    ]);
    expect(reasons(decideAppVersion(seen))).toContain('ReconcileWorkloadNotFound');
    expect(asksForWrite(decideAppVersion(settle(seen, 1)))).toBe(false);
  });

  test('finds the version of a workload by its fields, upper case or not', () => {
    const version = anAppVersion({ spec: { workloads: [{ name: 'Cart', version: 'V1' }] } });
    const workloadVersions = [
      aWorkloadVersion({
        metadata: { name: 'x' },
        spec: { version: 'v1' },
        status: { status: 'Succeeded' },
      }),
    ];
    expect(after(appVersionSeen({ version, workloadVersions })).status).toBe('Succeeded');
  });

  test('waits for a workload in each of the versions that several owners carry', () => {
    const version = anAppVersion({
      spec: {
        workloads: [
          { name: 'cart', version: '1.0.0' },
          { name: 'cart', version: '2' },
        ],
      },
    });
    const second = (status: KeptnState) =>
      aWorkloadVersion({
        metadata: { name: 'shop-cart-2' },
        spec: { version: '2' },
        status: { status },
      });
    const at = (status: KeptnState) =>
      after(appVersionSeen({ version, workloadVersions: [...succeeded, second(status)] })).status;
    expect([at('Progressing'), at('Succeeded')]).toEqual(['Progressing', 'Succeeded']);
  });
});

describe("an app version's own checks", () => {
  const checked = anAppVersion({ spec: { preDeploymentTasks: ['smoke'] } });

  test('run before anything of its workloads, with the app as their context', () => {
    const seen = appVersionSeen({ version: checked, taskDefinitions: [aTaskDefinition()] });
    expect(created(decideAppVersion(seen))).toEqual([
      expect.stringMatching(/^KeptnTask pre-smoke-/),
    ]);
    const [effect] = decideAppVersion(seen).effects ?? [];
    if (effect?.type !== 'create') throw new Error('nothing is created');
    expect(effect.object).toMatchObject({
      spec: {
        context: { appName: 'shop', appVersion: '1.0.0', objectType: 'App', workloadName: '' },
      },
    });
  });

  test('are made on the version as it is live, so that a cache that lags makes none twice', () => {
    const seen = appVersionSeen({ version: checked, taskDefinitions: [aTaskDefinition()] });
    expect(decideAppVersion(seen).onlyIfCurrent).toMatchObject({
      name: 'shop-1.0.0-6b86b273',
      resourceVersion: '1000',
    });
  });

  test('deprecate everything behind them when they fail', () => {
    const [task = ''] = created(
      decideAppVersion(appVersionSeen({ version: checked, taskDefinitions: [aTaskDefinition()] })),
    );
    const name = task.replace('KeptnTask ', '');
    const tasks = [aTask({ metadata: { name }, status: { status: 'Failed' } })];
    expect(after(appVersionSeen({ version: checked, tasks }))).toMatchObject({
      status: 'Failed',
      preDeploymentStatus: 'Failed',
      workloadOverallStatus: 'Deprecated',
      promotionStatus: 'Deprecated',
    });
  });
});

describe('the promotion', () => {
  const promoting = anAppVersion({
    spec: { promotionTasks: ['smoke'] },
    status: {
      ...deployed,
      postDeploymentStatus: 'Succeeded',
      postDeploymentEvaluationStatus: 'Succeeded',
    },
  });
  const at = (promotionTasksEnabled: boolean) =>
    appVersionSeen({
      version: promoting,
      taskDefinitions: [aTaskDefinition()],
      settings: settings({ promotionTasksEnabled }),
    });

  test('runs its tasks after everything else', () => {
    expect(created(decideAppVersion(at(true)))).toEqual([
      expect.stringMatching(/^KeptnTask promotion-smoke-/),
    ]);
  });

  test('is passed over when it is switched off, and the version is completed', () => {
    expect(created(decideAppVersion(at(false)))).toEqual([]);
    expect(after(at(false))).toMatchObject({ status: 'Succeeded', currentPhase: 'Completed' });
    expect(after(at(false))).not.toHaveProperty('promotionStatus');
  });

  test('switched on later does not begin for a version that is completed', () => {
    const completed = { ...settle(at(false), 1), settings: settings() };
    expect(decideAppVersion(completed)).toEqual({});
  });

  test('switched off is Deprecated after a failure, as in Keptn', () => {
    const seen = appVersionSeen({
      workloadVersions: cart({ status: 'Failed' }),
      settings: settings({ promotionTasksEnabled: false }),
    });
    expect(after(seen).promotionStatus).toBe('Deprecated');
  });
});

describe('B11: when the app has moved on', () => {
  const app = (version: string, generation: number) => {
    const made = generation === 1 ? first({}) : second(version);
    return recording(made, { metadata: { generation }, spec: { version } });
  };
  const owner = { ownerReferences: [controllerReference(anApp())] };
  const second = (version: string) =>
    anAppVersion({ metadata: { name: `shop-${version}-d4735e3a`, ...owner }, spec: { version } });
  const live = { 'KeptnApp shop/shop': 'present' } as const;
  const first = (status: KeptnAppVersionStatus, spec = {}) =>
    anAppVersion({ metadata: owner, spec, status });
  const moved = (version: KeptnAppVersion, to = '2.0.0', more = {}) =>
    appVersionSeen({ version, app: app(to, 2), siblings: [version, second(to)], live, ...more });

  test('a version that is not deployed is superseded, in whatever phase it is', () => {
    for (const status of [
      {},
      {
        currentPhase: 'AppPreDeployTasks',
        preDeploymentStatus: 'Progressing',
        status: 'Progressing',
      },
      { ...deployed, currentPhase: 'AppDeploy', workloadOverallStatus: 'Progressing' },
    ] as const) {
      const seen = moved(first(status));
      expect(after(seen)).toMatchObject({ status: 'Deprecated', promotionStatus: 'Deprecated' });
      expect(conditionIn(after(seen), 'Succeeded')?.message).toContain('2.0.0');
      expect(asksForWrite(decideAppVersion(settle(seen, 1)))).toBe(false);
    }
  });

  test('the app is read live first: a cache that lags would end the newest version for good', () => {
    const newest = second('2.0.0');
    const stale = appVersionSeen({
      version: newest,
      app: app('1.0.0', 1),
      siblings: [first({ status: 'Progressing' }), newest],
    });
    expect(decideAppVersion(stale)).toEqual({ look: [expect.objectContaining({ name: 'shop' })] });
    const read = {
      ...stale,
      ...appVersionSeen({ version: newest, live, app: app('2.0.0', 2), siblings: stale.siblings }),
    };
    expect(after(read).status).toBe('Progressing');
  });

  test('a version behind its deployment ends the phase that runs, and begins no other', () => {
    const posting = first(
      {
        ...deployed,
        currentPhase: 'AppPostDeployTasks',
        postDeploymentStatus: 'Progressing',
        postDeploymentTaskStatus: [{ definitionName: 'smoke', name: 'x', status: 'Progressing' }],
      },
      { postDeploymentTasks: ['smoke'], promotionTasks: ['smoke'] },
    );
    const task = (status: KeptnState) => [aTask({ metadata: { name: 'x' }, status: { status } })];
    expect(after(moved(posting, '2.0.0', { tasks: task('Progressing') })).status).toBe(
      'Progressing',
    );
    expect(after(moved(posting, '2.0.0', { tasks: task('Succeeded') }))).toMatchObject({
      status: 'Deprecated',
      postDeploymentStatus: 'Succeeded',
      promotionStatus: 'Deprecated',
    });
  });

  test('a version that has ended stays as it ended', () => {
    for (const status of ['Succeeded', 'Failed'] as const)
      expect(decideAppVersion(moved(first({ ...deployed, status })))).toEqual({});
  });

  test('after a raised revision the whole version is Deprecated, also a completed one, as in Keptn', () => {
    const completed = first({ ...deployed, status: 'Succeeded', currentPhase: 'Completed' });
    expect(after(moved(completed, '1.0.0'))).toMatchObject({
      status: 'Deprecated',
      preDeploymentStatus: 'Deprecated',
      workloadOverallStatus: 'Deprecated',
      currentPhase: 'Completed',
    });
  });

  test('nothing happens before the new version is made, or to the version that is current', () => {
    const version = first({ status: 'Progressing' });
    expect(
      after(appVersionSeen({ version, app: app('2.0.0', 2), siblings: [version], live })).status,
    ).toBe('Progressing');
    expect(after(appVersionSeen({ version, live })).status).toBe('Progressing');
  });
});

describe('whatever the world looks like', () => {
  const aState = fc.constantFrom(...keptnStates);
  const aWorld = fc.record({
    status: fc.record(
      {
        currentPhase: fc.constantFrom('', 'AppPreDeployTasks', 'AppDeploy', 'PromotionTasks'),
        status: aState,
        preDeploymentStatus: aState,
        preDeploymentEvaluationStatus: aState,
        workloadOverallStatus: aState,
        postDeploymentStatus: aState,
        promotionStatus: aState,
      },
      { requiredKeys: [] },
    ),
    workload: aState,
    generation: fc.constantFrom(1, 2),
    blockDeployment: fc.boolean(),
    promotionTasksEnabled: fc.boolean(),
  });

  function seenIn(world: typeof aWorld extends fc.Arbitrary<infer W> ? W : never): AppVersionSeen {
    const owner = { ownerReferences: [controllerReference(anApp())] };
    const version = anAppVersion({ metadata: owner, status: world.status });
    const second = anAppVersion({
      metadata: { name: 'shop-2-d4735e3a', ...owner },
      spec: { version: '2' },
    });
    return appVersionSeen({
      version,
      app: recording(world.generation === 1 ? version : second, {
        metadata: { generation: world.generation },
        spec: { version: `${world.generation}` },
      }),
      siblings: [version, second],
      workloadVersions: cart({ status: world.workload }),
      settings: settings(world),
      live: { 'KeptnApp shop/shop': 'present' },
    });
  }

  test('an end absorbs', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        if (isCompleted(world.status.status)) expect(decideAppVersion(seenIn(world))).toEqual({});
      }),
    );
  });

  test('plans are idempotent, an hour later as well', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const settled = { ...settle(seenIn(world), 1), now: now + 3_600_000 };
        expect(asksForWrite(decideAppVersion(settled))).toBe(false);
      }),
    );
  });
});
