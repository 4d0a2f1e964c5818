import { describe, expect, test } from 'vitest';
import {
  KeptnAppVersion,
  type KeptnAppVersionSpec,
  type KeptnAppVersionStatus,
} from '../../../src/api/keptn/app-version.ts';
import type { AppVersionSeen } from '../../../src/domain/app/app-version-run.ts';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import type { KeptnAppContextSpec } from '../../../src/api/keptn/app-context.ts';
import { decideApp } from '../../../src/domain/app/app.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import { waitForApp } from '../../../src/domain/gate/wait-for-app.ts';
import {
  anApp,
  anAppContext,
  anAppVersion,
  aTask,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  appSeen,
  appVersionSeen,
  conditionIn,
  controllerReference,
  created,
  reasons,
  settings,
  stored,
  recording,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';
import { isOf } from '../../../src/cli/played/memory-store.ts';

const owner = { ownerReferences: [controllerReference(anApp())] };

type Seen = NonNullable<Parameters<typeof appVersionSeen>[0]>;

/** Deployed, with one promotion task in this state. */
function promoting(
  state: KeptnState | undefined,
  spec: Partial<KeptnAppVersionSpec> = {},
  more: Seen & { readonly status?: KeptnAppVersionStatus } = {},
): AppVersionSeen {
  const { status, ...seen } = more;
  const item = {
    definitionName: 'smoke',
    name: 'promotion-smoke-1',
    status: 'Progressing',
  } as const;
  return appVersionSeen({
    version: anAppVersion({
      metadata: owner,
      spec: { promotionTasks: ['smoke'], ...spec },
      status: {
        status: 'Progressing',
        preDeploymentStatus: 'Succeeded',
        preDeploymentEvaluationStatus: 'Succeeded',
        workloadOverallStatus: 'Succeeded',
        postDeploymentStatus: 'Succeeded',
        postDeploymentEvaluationStatus: 'Succeeded',
        ...(state !== undefined && {
          currentPhase: 'PromotionTasks',
          promotionTaskStatus: [item],
        }),
        ...status,
      },
    }),
    taskDefinitions: [aTaskDefinition()],
    ...(state !== undefined && {
      tasks: [
        aTask({
          metadata: { name: item.name },
          status: {
            status: state,
            conditions: [
              {
                type: 'Succeeded',
                status: 'False',
                reason: 'BackoffLimitExceeded',
                message: 'no access to the repository',
                lastTransitionTime: '2026-01-01T00:00:30Z',
              },
            ],
          },
        }),
      ],
    }),
    ...seen,
  });
}

function after(seen: AppVersionSeen): KeptnAppVersionStatus {
  return stored(seen.version, decideAppVersion(seen)).status ?? {};
}

const said = (status: KeptnAppVersionStatus, type: string): string => {
  const { status: is, reason } = conditionIn(status, type) ?? {};
  return `${is} ${reason}`;
};

describe('a promotion task that fails', () => {
  test('fails the version unless somebody says otherwise, and says that the deployment did not fail', () => {
    const status = after(promoting('Failed'));
    expect(status).toMatchObject({ status: 'Failed', promotionStatus: 'Failed' });
    expect(conditionIn(status, 'Succeeded')).toMatchObject({
      status: 'False',
      reason: 'PromotionFailed',
    });
    expect(conditionIn(status, 'Succeeded')?.message).toMatch(
      /deployment itself has succeeded.*no access to the repository/u,
    );
    expect(said(status, 'Deployed')).toBe('True Deployed');
    expect(said(status, 'Promoted')).toBe('False PromotionFailed');
    expect(conditionIn(status, 'Promoted')?.message).toContain('no access to the repository');
  });

  for (const [says, spec, config, want] of [
    ['the application', { promotionFailurePolicy: 'Warn' }, {}, 'Warning'],
    ['KeptnConfig', {}, { promotionFailurePolicy: 'Warn' }, 'Warning'],
    [
      'the application, against KeptnConfig',
      { promotionFailurePolicy: 'Fail' },
      { promotionFailurePolicy: 'Warn' },
      'Failed',
    ],
    [
      'blockDeployment: false, against the application',
      { promotionFailurePolicy: 'Fail' },
      { blockDeployment: false },
      'Warning',
    ],
  ] as const) {
    test(`is ${want} when ${says} says so`, () => {
      const status = after(promoting('Failed', spec, { settings: settings(config) }));
      expect(status).toMatchObject({
        promotionStatus: want,
        status: want === 'Failed' ? 'Failed' : 'Succeeded',
      });
      expect(said(status, 'Deployed')).toBe('True Deployed');
      expect(said(status, 'Promoted')).toBe('False PromotionFailed');
    });
  }

  test('as a Warning completes the version, and Succeeded names the phase', () => {
    const status = after(promoting('Failed', { promotionFailurePolicy: 'Warn' }));
    expect(status.currentPhase).toBe('Completed');
    expect(said(status, 'Succeeded')).toBe('True CompletedWithWarning');
    expect(conditionIn(status, 'Succeeded')?.message).toContain('PromotionTasks');
  });

  test('does not make a Warning of the failure of another phase', () => {
    const version = anAppVersion({ spec: { promotionFailurePolicy: 'Warn' } });
    const failed = [aWorkloadVersion({ status: { status: 'Failed' } })];
    expect(after(appVersionSeen({ version, workloadVersions: failed })).status).toBe('Failed');
  });

  test('neither holds its workloads nor hides the version it follows from the next one', () => {
    const failed = anAppVersion({ metadata: owner, status: after(promoting('Failed')) });
    expect(waitForApp(workloadVersionSeen({ appVersions: [failed] }))).toBeUndefined();
    const app = anApp({
      metadata: { generation: 2 },
      spec: { version: '2.0.0' },
      status: { currentVersion: '1.0.0' },
    });
    const plan = decideApp(
      appSeen({ app, versions: [failed], live: { 'KeptnAppContext shop/shop': 'present' } }),
    );
    expect(made(plan).spec.previousVersion).toBe('1.0.0');
  });

  test('leaves the version as it ended when the next one becomes current', () => {
    const version = anAppVersion({ metadata: owner, status: after(promoting('Failed')) });
    const app = anApp({ metadata: { generation: 2 }, spec: { version: '2.0.0' } });
    const next = anAppVersion({
      metadata: { name: 'shop-2.0.0-d4735e3a', ...owner },
      spec: { version: '2.0.0' },
    });
    expect(decideAppVersion(appVersionSeen({ version, app, siblings: [version, next] }))).toEqual(
      {},
    );
  });
});

function made({ effects = [] }: ReturnType<typeof decideApp>): KeptnAppVersion {
  const [effect] = effects;
  if (effect?.type !== 'create') throw new Error('nothing is created');
  if (!isOf(KeptnAppVersion, effect.object)) throw new Error('another kind is created');
  return effect.object;
}

describe('promotion tasks', () => {
  test('are promoted when all of them have succeeded', () => {
    const status = after(promoting('Succeeded'));
    expect(said(status, 'Promoted')).toBe('True PromotionSucceeded');
    expect(said(status, 'Succeeded')).toBe('True Completed');
  });

  test('run in parallel', () => {
    const names = ['smoke', 'git', 'notify'];
    const taskDefinitions = names.map((name) => aTaskDefinition({ metadata: { name } }));
    const seen = promoting(undefined, { promotionTasks: names }, { taskDefinitions });
    expect(created(decideAppVersion(seen))).toHaveLength(3);
  });

  test('while they wait and run, Promoted is Unknown and says which', () => {
    const waiting = anAppVersion({ metadata: owner, spec: { promotionTasks: ['smoke'] } });
    const status = after(appVersionSeen({ version: waiting }));
    expect(said(status, 'Promoted')).toBe('Unknown WaitingForDeployment');
    expect(said(status, 'Deployed')).toBe('Unknown Deploying');
    const running = after(promoting('Progressing'));
    expect(said(running, 'Promoted')).toBe('Unknown Promoting');
    expect(said(running, 'Deployed')).toBe('True Deployed');
  });

  test('that do not exist in the spec make no condition', () => {
    expect(conditionIn(after(appVersionSeen()), 'Promoted')).toBeUndefined();
  });

  test('that are switched off make a version that is deployed and not promoted', () => {
    const off = { settings: settings({ promotionTasksEnabled: false }) };
    const status = after(promoting(undefined, {}, off));
    expect(status.status).toBe('Succeeded');
    expect(said(status, 'Promoted')).toBe('False PromotionDisabled');
  });

  const workloadFailed: Seen & { status: KeptnAppVersionStatus } = {
    status: { workloadOverallStatus: 'Progressing' },
    workloadVersions: [aWorkloadVersion({ status: workloadPostFailed })],
  };
  for (const [what, more] of [
    ['post-deployment phase of the app', postFailed],
    ['workload, its own post-deployment phase too', workloadFailed],
  ] as const) {
    test(`never run after a failed ${what}`, () => {
      const seen = promoting(undefined, { postDeploymentTasks: ['smoke'] }, more);
      const status = after(seen);
      expect(status).toMatchObject({ status: 'Failed', promotionStatus: 'Deprecated' });
      expect(created(decideAppVersion(seen))).toEqual([]);
      expect(said(status, 'Deployed')).toBe('False DeploymentFailed');
      expect(said(status, 'Promoted')).toBe('False DeploymentFailed');
    });
  }
});

const workloadPostFailed: KeptnWorkloadVersionStatus = {
  status: 'Failed',
  deploymentStatus: 'Succeeded',
  postDeploymentStatus: 'Failed',
};

const postFailed: Seen & { status: KeptnAppVersionStatus } = {
  status: {
    postDeploymentStatus: 'Progressing',
    postDeploymentTaskStatus: [{ definitionName: 'smoke', name: 'post-smoke-1', status: 'Failed' }],
  },
};

describe('promoteAfterWarning', () => {
  const ownWarning = { status: { postDeploymentStatus: 'Warning' } } as const;
  const workloadWarning = {
    status: { workloadOverallStatus: 'Progressing' },
    workloadVersions: [
      aWorkloadVersion({ status: { status: 'Succeeded', postDeploymentStatus: 'Warning' } }),
    ],
  } as const;

  for (const [what, more, named] of [
    ['of the app itself', ownWarning, 'AppPostDeployTasks'],
    ['of a workload', workloadWarning, 'workload cart'],
  ] as const) {
    test(`not set promotes after a Warning ${what}, as Keptn does`, () => {
      expect(created(decideAppVersion(promoting(undefined, {}, more)))).toHaveLength(1);
    });

    test(`says of a version that is deployed after a Warning ${what} that there was one`, () => {
      const status = after(promoting(undefined, {}, more));
      expect(said(status, 'Deployed')).toBe('True DeployedWithWarning');
      expect(conditionIn(status, 'Deployed')?.message).toContain(named);
    });

    test(`false does not promote after a Warning ${what}, and completes the version all the same`, () => {
      const seen = promoting(undefined, { promoteAfterWarning: false }, more);
      const status = after(seen);
      expect(created(decideAppVersion(seen))).toEqual([]);
      expect(status).toMatchObject({
        status: 'Succeeded',
        currentPhase: 'Completed',
        promotionStatus: 'Deprecated',
      });
      expect(said(status, 'Promoted')).toBe('False PromotionSkipped');
      expect(conditionIn(status, 'Promoted')?.message).toContain(named);
      expect(said(status, 'Succeeded')).toBe('True CompletedWithWarning');
      expect(conditionIn(status, 'Succeeded')?.message).toContain('not run: PromotionTasks');
      expect(reasons(decideAppVersion(seen))).toContain('PromotionTasksSkipped');
      expect(
        decideAppVersion({ ...seen, version: stored(seen.version, decideAppVersion(seen)) }),
      ).toEqual({});
    });
  }

  test('false promotes where nothing warned', () => {
    const seen = promoting(undefined, { promoteAfterWarning: false });
    expect(created(decideAppVersion(seen))).toHaveLength(1);
  });

  test('false without promotion tasks skips nothing', () => {
    const spec = { promoteAfterWarning: false, promotionTasks: [] };
    const status = after(promoting(undefined, spec, ownWarning));
    expect(status.promotionStatus).toBe('Succeeded');
    expect(conditionIn(status, 'Promoted')).toBeUndefined();
  });

  test('a workload that warned is remembered in the status of the app version', () => {
    const status = after(promoting(undefined, {}, workloadWarning));
    expect(status.workloadStatus).toMatchObject([
      { status: 'Succeeded', reason: 'CompletedWithWarning' },
    ]);
  });
});

describe('being superseded', () => {
  const newer = (to: string) => {
    const next = anAppVersion({
      metadata: { name: `shop-${to}-d4735e3a`, ...owner },
      spec: { version: to },
    });
    const app = recording(next, { metadata: { generation: 2 }, spec: { version: to } });
    return { app, siblings: [next], live: { 'KeptnApp shop/shop': 'present' } } as const;
  };

  test('before the deployment makes a version that is neither deployed nor promoted', () => {
    const version = anAppVersion({ metadata: owner, spec: { promotionTasks: ['smoke'] } });
    const status = after(appVersionSeen({ version, ...newer('2.0.0') }));
    expect(said(status, 'Deployed')).toBe('False Superseded');
    expect(said(status, 'Promoted')).toBe('False Superseded');
  });

  test('takes nothing back: by a raised revision, everything is Deprecated and was deployed and promoted', () => {
    const version = anAppVersion({
      metadata: owner,
      spec: { promotionTasks: ['smoke'] },
      status: after(promoting('Succeeded')),
    });
    const status = after(appVersionSeen({ version, ...newer('1.0.0') }));
    expect(status).toMatchObject({ status: 'Deprecated', promotionStatus: 'Deprecated' });
    expect(said(status, 'Deployed')).toBe('True Deployed');
    expect(said(status, 'Promoted')).toBe('True PromotionSucceeded');
  });

  test('finds out what a version had reached that ended before there were such conditions', () => {
    const { conditions: _conditions, ...ended } = after(promoting('Succeeded'));
    const spec = { promotionTasks: ['smoke'] };
    const version = anAppVersion({ metadata: owner, spec, status: ended });
    const status = after(appVersionSeen({ version, ...newer('1.0.0') }));
    expect(said(status, 'Deployed')).toBe('True Deployed');
    expect(said(status, 'Promoted')).toBe('True PromotionSucceeded');
    expect(said(status, 'Succeeded')).toBe('False Superseded');
  });
});

describe('an app version', () => {
  test('takes over from its KeptnAppContext what its promotion, its follow-ups and its trace go by', () => {
    const spec: KeptnAppContextSpec = {
      promotionTasks: ['smoke'],
      promotionFailurePolicy: 'Warn',
      promoteAfterWarning: false,
      onSuccess: ['tell'],
      onFailure: ['roll-back'],
      metadata: { stage: 'dev' },
      spanLinks: ['00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'],
    };
    const context = anAppContext({ spec: spec });
    const plan = decideApp(appSeen({ context, live: { 'KeptnAppContext shop/shop': 'present' } }));
    expect(made(plan).spec).toMatchObject(spec);
  });
});
