import { describe, expect, test } from 'vitest';
import type { KeptnAppVersion, KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { FollowUpStatus } from '../../../src/api/keptn/follow-up.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { openNextAttempt } from '../../../src/domain/phase/attempt.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import { workloadPhases } from '../../../src/domain/phase/phases.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import {
  anApp,
  anAppVersion,
  anEvaluation,
  aTask,
  aTaskDefinition,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  appVersionSeen,
  asksForWrite,
  controllerReference,
  created,
  now,
  reasons,
  settings,
  recording,
  stored,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';
import { isOf } from '../../../src/cli/played/memory-store.ts';
import { aDeploymentSeen } from '../../support/builders/owner-builders.ts';

const owner = { ownerReferences: [controllerReference(anApp())] };
const lists = { onSuccess: ['tell'], onFailure: ['roll-back', 'page'] };
const definitions = ['tell', 'roll-back', 'page'].map((name) =>
  aTaskDefinition({ metadata: { name } }),
);

/** The version of the app, with its workload in this state. */
function appIn(
  workload: KeptnWorkloadVersionStatus['status'],
  given: Partial<Parameters<typeof appVersionSeen>[0]> & { version?: KeptnAppVersion } = {},
) {
  return appVersionSeen({
    version: anAppVersion({ metadata: owner, spec: { ...lists, metadata: { stage: 'dev' } } }),
    workloadVersions: [aWorkloadVersion({ status: { ...(workload && { status: workload }) } })],
    taskDefinitions: definitions,
    ...given,
  });
}

function endOf(seen: ReturnType<typeof appIn>): KeptnAppVersion {
  return stored(seen.version, decideAppVersion(seen));
}

/** The tasks that a plan creates. */
function tasksIn({ effects = [] }: Plan): KeptnTask[] {
  return effects.flatMap((effect) =>
    effect.type === 'create' && isOf(KeptnTask, effect.object)
      ? [
          {
            ...effect.object,
            metadata: { ...effect.object.metadata, uid: effect.object.metadata.name },
          },
        ]
      : [],
  );
}

const pending = (trigger: 'onSuccess' | 'onFailure', definitionName: string): FollowUpStatus => ({
  trigger,
  definitionName,
  status: 'Pending',
});

describe('the end of an app version', () => {
  for (const [state, want] of [
    ['Succeeded', [pending('onSuccess', 'tell')]],
    ['Failed', [pending('onFailure', 'roll-back'), pending('onFailure', 'page')]],
  ] as const) {
    test(`${state} is stored together with what follows it, before anything is created`, () => {
      const seen = appIn(state);
      expect(created(decideAppVersion(seen))).toEqual([]);
      expect(endOf(seen).status).toMatchObject({ status: state, followUps: want });
    });
  }

  test('with a Warning is a success', () => {
    const version = anAppVersion({
      metadata: owner,
      spec: lists,
      status: { preDeploymentStatus: 'Warning' },
    });
    expect(endOf(appIn('Succeeded', { version })).status?.followUps).toEqual([
      pending('onSuccess', 'tell'),
    ]);
  });

  test('as Deprecated starts nothing: nobody waited for it', () => {
    const version = anAppVersion({ metadata: owner, spec: lists });
    const next = anAppVersion({
      metadata: { name: 'shop-2.0.0-d4735e3a', ...owner },
      spec: { version: '2.0.0' },
    });
    const seen = appVersionSeen({
      version,
      app: recording(next, { metadata: { generation: 2 }, spec: { version: '2.0.0' } }),
      siblings: [version, next],
      live: { 'KeptnApp shop/shop': 'present' },
    });
    const over = endOf(seen);
    expect(over.status?.status).toBe('Deprecated');
    expect(over.status).not.toHaveProperty('followUps');
    expect(decideAppVersion({ ...seen, version: over })).toEqual({});
  });

  test('that came before its follow-ups were known to anybody starts none', () => {
    for (const status of ['Succeeded', 'Failed'] as const) {
      const version = anAppVersion({ metadata: owner, spec: lists, status: { status } });
      expect(decideAppVersion(appIn('Succeeded', { version }))).toEqual({});
    }
  });

  test('where follow-ups are switched off says so, and starts none', () => {
    const seen = appIn('Succeeded', { settings: settings({ maxFollowUpDepth: 0 }) });
    const version = endOf(seen);
    expect(version.status?.followUps).toMatchObject([
      { status: 'Failed', reason: 'FollowUpTooDeep' },
    ]);
    expect(version.status?.status).toBe('Succeeded');
    expect(decideAppVersion({ ...seen, version })).toEqual({});
  });

  test('names what cannot be a definition in a condition, and starts none', () => {
    const version = anAppVersion({ metadata: owner, spec: { onSuccess: ['Not a name'] } });
    const { status } = endOf(appIn('Succeeded', { version }));
    expect(status).not.toHaveProperty('followUps');
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'FollowUps', status: 'False', reason: 'FollowUpsInvalid' }),
    );
  });
});

describe('a follow-up of an app version', () => {
  test('is a task of the version that is told of the app and of the end', () => {
    const seen = appIn('Failed');
    const version = endOf(seen);
    const [rollBack] = tasksIn(decideAppVersion({ ...seen, version }));
    const { name, uid } = version.metadata;
    expect(rollBack).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^on-failure-roll-back-/u),
        namespace: 'shop',
        ownerReferences: [{ kind: 'KeptnAppVersion', name, uid, controller: true }],
      },
      spec: {
        taskDefinition: 'roll-back',
        checkType: 'on-failure',
        parent: { kind: 'KeptnAppVersion', name, uid, trigger: 'onFailure', depth: 1 },
        context: {
          appName: 'shop',
          appVersion: '1.0.0',
          workloadName: '',
          workloadVersion: '',
          objectType: 'App',
          taskType: 'on-failure',
          metadata: { stage: 'dev' },
          trigger: {
            kind: 'KeptnAppVersion',
            name,
            status: 'Failed',
            reason: 'WorkloadFailed',
            message: expect.stringContaining('cart 1.0.0'),
            attempts: 1,
          },
        },
      },
    });
    expect(rollBack?.spec.context?.trigger).not.toHaveProperty('definition');
  });

  test('is made only on the version as it is live, and only once', () => {
    const seen = appIn('Failed');
    const version = endOf(seen);
    const plan = decideAppVersion({ ...seen, version });
    expect(plan.onlyIfCurrent).toMatchObject({ name: version.metadata.name });
    const tasks = tasksIn(plan);
    expect(tasks).toHaveLength(2);
    const found = appIn('Failed', { version, tasks });
    const noted = decideAppVersion(found);
    expect(created(noted)).toEqual([]);
    expect(reasons(noted)).toEqual(['FollowUpStarted', 'FollowUpStarted']);
    const running = appIn('Failed', { version: stored(version, noted), tasks });
    expect(running.version.status?.followUps).toMatchObject(
      tasks.map(({ metadata: { name } }) => ({ name, status: 'Progressing' })),
    );
    expect(decideAppVersion(running)).toEqual({});
  });

  test('changes nothing of the version, however it ends, and costs nothing after that', () => {
    const seen = appIn('Failed');
    const ended = endOf(seen);
    const made = tasksIn(decideAppVersion({ ...seen, version: ended }));
    const tasks = made.map((task, index) => ({
      ...task,
      status: { status: index === 0 ? ('Failed' as const) : ('Succeeded' as const) },
    }));
    const version = endOf(appIn('Failed', { version: ended, tasks }));
    const { followUps: before, ...was } = ended.status ?? {};
    const { followUps: after, ...is } = version.status ?? {};
    expect(before).toHaveLength(2);
    expect(after).toMatchObject([{ status: 'Failed' }, { status: 'Succeeded' }]);
    expect(is).toEqual(was);
    expect(decideAppVersion(appIn('Failed', { version }))).toEqual({});
  });

  test('waits for its definition, which is awaited, and starts when it is there', () => {
    const seen = appIn('Succeeded', { taskDefinitions: [] });
    const ended = endOf(seen);
    const waits = decideAppVersion({ ...seen, version: ended });
    expect(reasons(waits)).toEqual(['FollowUpNotStarted']);
    const version = stored(ended, waits);
    expect(version.status?.followUps).toMatchObject([
      { definitionName: 'tell', status: 'Pending', reason: 'DefinitionNotFound' },
    ]);
    expect(decideAppVersion({ ...seen, version })).toEqual({});
    expect(created(decideAppVersion(appIn('Succeeded', { version })))).toHaveLength(1);
  });

  test('that was recorded goes on when the same version is run anew by a raised revision', () => {
    const ended = endOf(appIn('Succeeded'));
    const next = anAppVersion({
      metadata: { name: 'shop-1.0.0-d4735e3a', ...owner },
      spec: { revision: 2 },
    });
    const seen = appIn('Succeeded', {
      version: ended,
      app: recording(next, { metadata: { generation: 2 } }),
      siblings: [ended, next],
      live: { 'KeptnApp shop/shop': 'present' },
    });
    const version = endOf(seen);
    expect(version.status?.status).toBe('Deprecated');
    const [tell] = tasksIn(decideAppVersion({ ...seen, version }));
    expect(tell?.spec.context?.trigger).toEqual({
      kind: 'KeptnAppVersion',
      name: version.metadata.name,
      status: 'Succeeded',
      attempts: 1,
    });
  });
});

describe('a workload version', () => {
  const before: KeptnWorkloadVersionStatus = {
    status: 'Progressing',
    currentPhase: 'WorkloadDeploy',
    preDeploymentStatus: 'Succeeded',
    preDeploymentEvaluationStatus: 'Succeeded',
    deploymentStatus: 'Progressing',
    appContextMetadata: { stage: 'dev' },
    conditions: [
      {
        type: 'Released',
        status: 'True',
        reason: 'ChecksPassed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  };
  const deployed = (given: Partial<Parameters<typeof workloadVersionSeen>[0]> = {}) =>
    workloadVersionSeen({
      version: aWorkloadVersion({
        spec: { ...lists, metadata: { team: 'fruit' } },
        status: before,
      }),
      owners: [aDeploymentSeen({ rollout: 'deployed' })],
      taskDefinitions: definitions,
      ...given,
    });

  test('that ends starts what follows, and tells it of the workload', () => {
    const seen = deployed();
    const version = stored(seen.version, decideWorkloadVersion(seen));
    expect(version.status).toMatchObject({
      status: 'Succeeded',
      followUps: [pending('onSuccess', 'tell')],
    });
    const [task] = tasksIn(decideWorkloadVersion({ ...seen, version }));
    expect(task?.spec).toMatchObject({
      taskDefinition: 'tell',
      parent: { kind: 'KeptnWorkloadVersion', trigger: 'onSuccess', depth: 1 },
      context: {
        appName: 'shop',
        appVersion: '',
        workloadName: 'shop-cart',
        workloadVersion: '1.0.0',
        objectType: 'Workload',
        metadata: { stage: 'dev', team: 'fruit' },
        trigger: { kind: 'KeptnWorkloadVersion', name: 'shop-cart-1.0.0', status: 'Succeeded' },
      },
    });
  });

  test('that is superseded starts nothing', () => {
    const version = aWorkloadVersion({ spec: lists });
    const seen = deployed({
      version,
      workload: aWorkload({ spec: { version: '2.0.0' } }),
      owners: [aDeploymentSeen({ identity: { version: '2.0.0' } })],
      live: { 'KeptnWorkload shop/shop-cart': 'present' },
    });
    const { status } = stored(version, decideWorkloadVersion(seen));
    expect(status?.status).toBe('Deprecated');
    expect(status).not.toHaveProperty('followUps');
  });

  test('still takes note of revisions while it follows up', () => {
    const seen = deployed();
    const ended = stored(seen.version, decideWorkloadVersion(seen));
    const plan = decideWorkloadVersion({ ...seen, version: ended, revisions: ['late'] });
    expect(created(plan)).toHaveLength(1);
    expect(stored(ended, plan).status?.releasedRevisions).toContain('late');
  });

  test('in its next attempt records anew, under other names, and the first end keeps its own', () => {
    const first: KeptnWorkloadVersionStatus = {
      ...before,
      status: 'Failed',
      followUps: [{ ...pending('onFailure', 'roll-back') }],
      conditions: [
        ...(before.conditions ?? []),
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'DeploymentTimedOut',
          message: 'too slow',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    const again = openNextAttempt(first, { phases: workloadPhases, now });
    expect(again.followUps).toEqual(first.followUps);
    const version = aWorkloadVersion({
      spec: lists,
      status: { ...again, currentPhase: 'WorkloadDeploy', deploymentStatus: 'Progressing' },
    });
    const seen = deployed({ version });
    const ended = stored(version, decideWorkloadVersion(seen));
    expect(ended.status?.followUps).toMatchObject([
      { definitionName: 'roll-back' },
      { definitionName: 'tell', attempt: 2 },
    ]);
    const [rollBack, tell] = tasksIn(decideWorkloadVersion({ ...seen, version: ended }));
    expect(rollBack?.spec).toMatchObject({
      attempt: 1,
      context: { trigger: { status: 'Failed', reason: 'DeploymentTimedOut', attempts: 1 } },
    });
    expect(tell?.spec).toMatchObject({
      attempt: 2,
      context: { trigger: { status: 'Succeeded', attempts: 2 } },
    });
  });
});

describe('what follows the checks of a version', () => {
  const followUps: FollowUpStatus[] = [
    { trigger: 'onFailure', definitionName: 'page', name: 'on-failure-page-1', status: 'Failed' },
  ];
  const ended: KeptnAppVersionStatus = {
    status: 'Failed',
    preDeploymentStatus: 'Failed',
    preDeploymentTaskStatus: [{ definitionName: 'smoke', name: 'pre-smoke-1', status: 'Failed' }],
    postDeploymentEvaluationTaskStatus: [
      { definitionName: 'cpu-free', name: 'post-eval-1', status: 'Succeeded' },
    ],
  };
  const task = aTask({
    metadata: { name: 'pre-smoke-1' },
    status: { status: 'Failed', followUps },
  });
  const evaluation = anEvaluation({
    metadata: { name: 'post-eval-1' },
    status: { overallStatus: 'Succeeded', followUps },
  });

  for (const status of ['Failed', 'Succeeded', 'Deprecated'] as const) {
    test(`is shown in its items, also when it is ${status} already, with one write`, () => {
      const version = anAppVersion({ metadata: owner, status: { ...ended, status } });
      const seen = appVersionSeen({ version, tasks: [task], evaluations: [evaluation] });
      const plan = decideAppVersion(seen);
      const shown = stored(version, plan);
      expect(shown.status).toMatchObject({
        preDeploymentTaskStatus: [{ definitionName: 'smoke', status: 'Failed', followUps }],
        postDeploymentEvaluationTaskStatus: [{ definitionName: 'cpu-free', followUps }],
      });
      expect(reasons(plan)).toEqual([]);
      expect(decideAppVersion({ ...seen, version: shown })).toEqual({});
    });
  }

  test('is shown while the version goes on', () => {
    const version = aWorkloadVersion({
      spec: { preDeploymentTasks: ['smoke', 'slow'] },
      status: {
        status: 'Progressing',
        currentPhase: 'WorkloadPreDeployTasks',
        preDeploymentTaskStatus: [
          { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Failed' },
          { definitionName: 'slow', name: 'pre-slow-1', status: 'Progressing' },
        ],
      },
    });
    const slow = aTask({ metadata: { name: 'pre-slow-1' }, status: { status: 'Progressing' } });
    const seen = workloadVersionSeen({ version, tasks: [task, slow] });
    const shown = stored(version, decideWorkloadVersion(seen));
    expect(shown.status?.preDeploymentTaskStatus?.[0]).toMatchObject({ followUps });
    expect(asksForWrite(decideWorkloadVersion({ ...seen, version: shown }))).toBe(false);
  });

  test('stays in its items when the task is gone', () => {
    const version = anAppVersion({
      metadata: owner,
      status: {
        ...ended,
        preDeploymentTaskStatus: [
          { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Failed', followUps },
        ],
      },
    });
    expect(decideAppVersion(appVersionSeen({ version }))).toEqual({});
  });
});
