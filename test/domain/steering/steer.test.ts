import { answering } from '../../support/observed/answering.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import type { WorkloadVersionSeen } from '../../../src/domain/workload/workload-version-run.ts';
import { steeringVerbs } from '../../../src/api/keptn/steering.ts';
import type { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../../src/api/keptn/workload-version.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import {
  anApp,
  anAppVersion,
  aTaskDefinition,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  after,
  aReleasedStatus,
  checking,
  endedTask,
  movedOn,
  preCheck,
  released,
  running,
  settle,
} from '../../support/builders/cart-version.ts';
import { aRequest, asked } from '../../support/builders/steering.ts';
import {
  aPassedAppVersion,
  appVersionSeen,
  asksForWrite,
  conditionIn,
  controllerReference,
  created,
  now,
  recording,
  settings,
  stored,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';

/** The version after its check has failed, and the world it is in. */
const failedSeen = settle(
  workloadVersionSeen({
    version: checking,
    tasks: [endedTask('Failed')],
    taskDefinitions: [aTaskDefinition({ metadata: { name: 'smoke' } })],
  }),
);
const failed = failedSeen.version;

const at = (seen: WorkloadVersionSeen, version: KeptnWorkloadVersion): WorkloadVersionSeen => ({
  ...seen,
  version,
});
/** Its own checks have passed, and those of the application version that lists it now are open. */
const waitsForApp: KeptnWorkloadVersionStatus =
  settle(
    workloadVersionSeen({
      version: aWorkloadVersion({
        status: {
          currentPhase: 'WorkloadPreDeployEvaluations',
          status: 'Progressing',
          preDeploymentStatus: 'Succeeded',
          preDeploymentEvaluationStatus: 'Succeeded',
        },
      }),
      appVersions: [anAppVersion({ spec: preCheck })],
    }),
    1,
  ).version.status ?? {};
const hour = 3_600_000;
const hotfix = aRequest({ value: 'hotfix INC-1', for: '1h' });

describe('a retry', () => {
  const again = at(failedSeen, asked(failed, 'retry', aRequest({ value: 'failed' })));

  test('is recorded with who asked before anything is done', () => {
    const plan = decideWorkloadVersion(again);
    expect(plan.effects).toBeUndefined();
    expect(stored(again.version, plan).status).toMatchObject({
      status: 'Progressing',
      attempt: 2,
      steering: [
        { id: 'request-1', verb: 'retry', user: 'alice', outcome: 'Done', reason: 'Retried' },
      ],
    });
    expect(conditionIn(after(again), 'Steered')).toMatchObject({
      status: 'True',
      message: 'alice has it try again: smoke',
    });
    expect(plan.events?.map(({ about, reason }) => [about.kind, reason])).toEqual([
      ['KeptnWorkloadVersion', 'Retried'],
      ['Deployment', 'Retried'],
    ]);
  });

  test('then makes the task of the next attempt, and is not carried out again', () => {
    const next = at(again, stored(again.version, decideWorkloadVersion(again)));
    expect(decideWorkloadVersion(next).effects).toMatchObject([
      { type: 'create', object: { spec: { taskDefinition: 'smoke', attempt: 2 } } },
    ]);
    expect(settle(next, 5).version.status).toMatchObject({ attempt: 2 });
  });

  test('of a version that is on its way is refused, and says so', () => {
    const seen = at(failedSeen, asked(checking, 'retry', aRequest({ value: 'failed' })));
    const open = { ...seen, tasks: new Map() };
    expect(conditionIn(after(open), 'Steered')).toMatchObject({
      status: 'False',
      reason: 'NothingFailed',
    });
    expect(after(open).attempt).toBeUndefined();
  });

  test('of a version in whose place another is current is refused', () => {
    const over = failed;
    const deprecated = {
      ...over,
      status: {
        ...over.status,
        status: 'Deprecated' as const,
        conditions: [
          {
            type: 'Succeeded',
            status: 'False' as const,
            reason: 'Superseded',
            message: '',
            lastTransitionTime: rfc3339(now),
          },
        ],
      },
    };
    const seen = { ...failedSeen, ...movedOn };
    const status = after(at(seen, asked(deprecated, 'retry', aRequest({ value: 'failed' }))));
    expect(status).toMatchObject({ status: 'Deprecated', steering: [{ reason: 'Superseded' }] });
  });
});

describe('a version that has failed before another one became current', () => {
  const oldFailed = { ...failedSeen, ...movedOn, revisions: ['old'] };
  const live = answering(() => 'present' as const);
  const everything = aRequest({ value: 'everything' });

  test.each([
    ['retry', everything],
    ['release', hotfix],
  ] as const)('has a %s refused, and its Pods stay held', (verb, request) => {
    const seen = { ...at(oldFailed, asked(failed, verb, request)), live };
    const over = settle(seen, 5).version.status ?? {};
    expect(over).toMatchObject({
      status: 'Failed',
      endTime: failed.status?.endTime,
      steering: [{ verb, outcome: 'Refused', reason: 'Superseded' }],
    });
    expect(conditionIn(over, 'Steered')?.message).toContain('another version is current');
    expect(over.attempt).toBeUndefined();
    expect(isReleased(over)).toBe(false);
  });

  test('has none refused before workload and owner were read live', () => {
    const seen = at(oldFailed, asked(failed, 'retry', everything));
    const plan = decideWorkloadVersion(seen);
    expect(plan.status).toBeUndefined();
    expect(plan.look).toMatchObject([{ name: 'cart' }, { name: 'shop-cart' }]);
    const { workload, owners } = failedSeen;
    expect(after({ ...seen, live, workload, owners })).toMatchObject({ attempt: 2 });
  });

  test.each([
    ['retry', everything],
    ['release', hotfix],
  ] as const)(
    'has a %s refused if it is of an application, once the KeptnApp was read live',
    (verb, request) => {
      const owned = { ownerReferences: [controllerReference(anApp())] };
      const failedApp = anAppVersion({
        metadata: owned,
        spec: preCheck,
        status: { status: 'Failed', preDeploymentStatus: 'Failed' },
      });
      const newer = anAppVersion({ metadata: { ...owned, name: 'shop-2', uid: 'newer' } });
      const version = asked(failedApp, verb, request);
      const app = recording(newer);
      const seen = appVersionSeen({ version, app, siblings: [version, newer] });
      expect(decideAppVersion(seen)).toEqual({ look: [expect.objectContaining({ name: 'shop' })] });
      const over = stored(version, decideAppVersion({ ...seen, live })).status;
      expect(over).toMatchObject({ status: 'Failed', steering: [{ reason: 'Superseded' }] });
      expect(conditionIn(over ?? {}, 'Released')).toBeUndefined();
    },
  );
});

describe('a version that still runs when another one becomes current', () => {
  test('can be aborted', () => {
    const posting = {
      ...aReleasedStatus,
      currentPhase: 'WorkloadPostDeployTasks',
      deploymentStatus: 'Succeeded',
    } as const;
    const version = asked(aWorkloadVersion({ status: posting }), 'abort', aRequest());
    expect(after(workloadVersionSeen({ version, ...movedOn }))).toMatchObject({
      status: 'Failed',
      steering: [{ outcome: 'Done', reason: 'Aborted' }],
    });
  });
});

describe('what nobody has stamped is refused with a condition', () => {
  test.each([
    [sluiceKeys.release, 'because'],
    [sluiceKeys.releaseRequests, '[{"value":"because"}]'],
    [sluiceKeys.releaseRequests, 'because'],
  ])('%s: %s', (key, value) => {
    const version = { ...failed, metadata: { ...failed.metadata, annotations: { [key]: value } } };
    const seen = at(failedSeen, version);
    expect(conditionIn(after(seen), 'Steered')).toMatchObject({
      status: 'False',
      reason: 'RequestUnstamped',
    });
    expect(isReleased(settle(seen, 5).version.status)).toBe(false);
    expect(settle(seen, 5).version.status?.steering).toHaveLength(1);
  });

  test('and so is a release without a reason', () => {
    const seen = at(failedSeen, asked(failed, 'release', aRequest({ value: ' ', for: '1h' })));
    expect(conditionIn(after(seen), 'Steered')).toMatchObject({ reason: 'ReasonMissing' });
    expect(isReleased(after(seen))).toBe(false);
  });
});

describe('a version that a hand has released', () => {
  const seen = at(failedSeen, asked(failed, 'release', hotfix));
  const freed = at(seen, stored(seen.version, decideWorkloadVersion(seen)));
  const deployed = { ...freed, owners: running('deployed') };

  test('is Released until its time, and says who, why and until when', () => {
    const message = 'alice released it by hand until 2026-01-01T01:01:00Z: hotfix INC-1';
    expect(conditionIn(after(seen), 'Released')).toMatchObject({
      status: 'True',
      reason: 'ReleasedByHand',
      message,
    });
    expect(freed.version.status?.releasedByHand).toMatchObject({
      user: 'alice',
      reason: 'hotfix INC-1',
      until: '2026-01-01T01:01:00Z',
    });
    expect(decideWorkloadVersion(freed).wakeAfterMs).toBeLessThanOrEqual(hour);
  });

  test('goes on with its failed check as a Warning, to its end', () => {
    expect(settle(deployed, 5).version.status).toMatchObject({
      status: 'Succeeded',
      currentPhase: 'Completed',
      preDeploymentStatus: 'Warning',
      preDeploymentTaskStatus: [{ definitionName: 'smoke', status: 'Failed' }],
    });
  });

  test('is held again when the time is over, and stays so', () => {
    for (const laterMs of [now + hour, now + 100 * hour]) {
      for (const before of [freed, settle(freed), settle(deployed, 5)]) {
        const over = settle({ ...before, now: laterMs }, 5);
        expect(conditionIn(over.version.status ?? {}, 'Released')).toMatchObject({
          status: 'False',
          reason: 'ReleaseExpired',
        });
        expect(asksForWrite(decideWorkloadVersion(over))).toBe(false);
      }
    }
  });

  test('is Released for good once its checks have passed after a retry, also when the time is over', () => {
    for (const laterMs of [now, now + 2 * hour]) {
      const before = settle({ ...deployed, now: laterMs }, 6);
      const retry = aRequest({ id: 'request-2', value: 'smoke' });
      const again = settle(at(before, asked(before.version, 'retry', retry)), 1);
      const made = created(decideWorkloadVersion(again));
      expect(made).toHaveLength(1);
      const name = made[0]?.replace('KeptnTask ', '') ?? '';
      const passed = settle(
        {
          ...again,
          tasks: new Map([[name, { ...endedTask('Succeeded'), metadata: { name, uid: 'u2' } }]]),
          made: new Set(['u2']),
        },
        5,
      );
      expect(conditionIn(passed.version.status ?? {}, 'Released')).toMatchObject({
        status: 'True',
        reason: 'ChecksPassed',
      });
      expect(passed.version.status).toMatchObject({
        status: 'Succeeded',
        currentPhase: 'Completed',
      });
    }
  });

  test('has nothing released when its checks have let it go, or the time asked for is over', () => {
    const open = workloadVersionSeen({ version: asked(released, 'release', hotfix) });
    expect(conditionIn(after(open), 'Steered')).toMatchObject({ reason: 'NothingHeld' });
    const late = { ...seen, now: now + hour };
    expect(conditionIn(after(late), 'Steered')).toMatchObject({ reason: 'ReleaseExpired' });
    expect(isReleased(after(late))).toBe(false);
  });

  test('does not wait for its application', () => {
    const waiting = workloadVersionSeen({
      version: asked(aWorkloadVersion(), 'release', hotfix),
      appVersions: [anAppVersion({ spec: preCheck })],
    });
    expect(isReleased(settle(waiting, 5).version.status)).toBe(true);
  });
});

describe('an application that a hand has released', () => {
  const own = { ownerReferences: [controllerReference(anApp())] };
  const held = anAppVersion({
    metadata: own,
    status: {
      status: 'Failed',
      currentPhase: 'AppPreDeployTasks',
      preDeploymentStatus: 'Failed',
      preDeploymentEvaluationStatus: 'Deprecated',
      workloadOverallStatus: 'Deprecated',
      postDeploymentStatus: 'Deprecated',
      postDeploymentEvaluationStatus: 'Deprecated',
      promotionStatus: 'Deprecated',
    },
  });
  const seen = appVersionSeen({ version: asked(held, 'release', hotfix) });
  const freed = stored(seen.version, decideAppVersion(seen));

  test('holds no workload until its time; the release of the workloads ends with it', () => {
    const cart = settle(workloadVersionSeen({ appVersions: [freed] }), 1);
    expect(conditionIn(cart.version.status ?? {}, 'Released')).toMatchObject({
      reason: 'ReleasedByHand',
      message: expect.stringContaining('alice released KeptnAppVersion'),
    });
    expect(cart.version.status?.releasedByHand?.until).toBe('2026-01-01T01:01:00Z');
    const later = settle({ ...cart, now: now + hour }, 3);
    expect(isReleased(later.version.status)).toBe(false);
  });

  test('leaves the own checks of its workloads to hold them', () => {
    const cart = workloadVersionSeen({
      version: checking,
      appVersions: [freed],
      tasks: [endedTask('Failed')],
    });
    expect(isReleased(settle(cart, 5).version.status)).toBe(false);
  });

  test('holds what was not Released when its time is over', () => {
    const late = appVersionSeen({ version: freed, now: now + hour });
    const open = stored(freed, decideAppVersion({ ...late, now }));
    const expired = stored(open, decideAppVersion({ ...late, version: open }));
    const cart = workloadVersionSeen({ appVersions: [expired], now: now + hour });
    expect(isReleased(settle(cart, 5).version.status)).toBe(false);
    expect(conditionIn(after(cart), 'Stalled')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('the release by hand is over'),
    });
  });
});

describe('an abort', () => {
  const abort = aRequest({ value: 'wrong image' });
  const seen = { ...workloadVersionSeen({ version: asked(checking, 'abort', abort) }) };

  test('ends the version as Failed and its open checks as Deprecated; its Pods stay held', () => {
    const over = settle(seen, 5).version.status ?? {};
    expect(over).toMatchObject({
      status: 'Failed',
      preDeploymentStatus: 'Failed',
      preDeploymentTaskStatus: [
        { definitionName: 'smoke', status: 'Deprecated', reason: 'Aborted' },
      ],
      deploymentStatus: 'Deprecated',
    });
    expect(conditionIn(over, 'Succeeded')).toMatchObject({
      status: 'False',
      reason: 'Aborted',
      message: 'alice has aborted it: wrong image',
    });
    expect(isReleased(over)).toBe(false);
    expect(over.followUps).toBeUndefined();
  });

  test.each([
    ['before its first phase', { conditions: [] }],
    ['while its checks run', checking.status ?? {}],
    ['while it waits for the checks of a newer application version', waitsForApp],
    ['after a retry, while it waits again', { ...waitsForApp, attempt: 2, attempts: [] }],
  ])('%s releases nothing, however often it is looked at', (_, status) => {
    const version = asked(aWorkloadVersion({ spec: preCheck, status }), 'abort', abort);
    const openApp = anAppVersion({ spec: preCheck });
    const waiting = workloadVersionSeen({ version, appVersions: [openApp], revisions: ['waits'] });
    const passed = { appVersions: workloadVersionSeen().appVersions };
    for (const later of [{}, passed, movedOn]) {
      const over = settle({ ...settle(waiting, 3), ...later }, 5).version.status ?? {};
      expect(over.status).toBe('Failed');
      expect(conditionIn(over, 'Released')).toBeUndefined();
      expect(over.releasedRevisions).toBeUndefined();
    }
  });

  test('is not undone by a definition that is changed, but by a retry', () => {
    const over = settle(
      {
        ...seen,
        taskDefinitions: new Map([['smoke', aTaskDefinition({ metadata: { generation: 9 } })]]),
      },
      5,
    );
    expect(over.version.status?.attempt).toBeUndefined();
    const retry = asked(over.version, 'retry', aRequest({ id: 'request-2', value: 'failed' }));
    expect(after(at(over, retry))).toMatchObject({ attempt: 2, preDeploymentTaskStatus: [] });
  });

  test('of what is over is refused', () => {
    expect(
      conditionIn(after(at(failedSeen, asked(failed, 'abort', abort))), 'Steered'),
    ).toMatchObject({
      status: 'False',
      reason: 'NothingRuns',
    });
  });

  test('of an application holds its workloads, although its checks had passed', () => {
    const version = asked(
      aPassedAppVersion({ status: { workloadOverallStatus: 'Progressing' } }),
      'abort',
      abort,
    );
    const app = stored(version, decideAppVersion(appVersionSeen({ version })));
    const cart = workloadVersionSeen({ appVersions: [app] });
    expect(isReleased(settle(cart, 5).version.status)).toBe(false);
    expect(conditionIn(after(cart), 'Stalled')?.message).toContain('alice has aborted it');
  });
});

describe('a pause', () => {
  const paused = {
    annotations: {
      [sluiceKeys.paused]: 'incident',
      [sluiceKeys.pausedBy]: '{"user":"alice","time":"2026-01-01T00:00:00Z"}',
    },
  };
  const workload = aWorkload({ metadata: paused });

  test.each([
    ['the workload', { workload }],
    ['the application', { app: anApp({ metadata: paused }) }],
  ])('of %s begins no phase and releases nothing, and says who and how it ends', (_, by) => {
    const held = settle(workloadVersionSeen(by), 5).version.status ?? {};
    expect(isReleased(held)).toBe(false);
    expect(conditionIn(held, 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'PausedByHand',
      message: expect.stringMatching(
        /was paused by alice at 2026.*: incident; .*kubectl annotate keptn/u,
      ),
    });
    expect(
      isReleased(
        settle(workloadVersionSeen({ version: aWorkloadVersion({ status: held }) }), 5).version
          .status,
      ),
    ).toBe(true);
  });

  test('does not make an abort final: a retry goes on from the phase before which it was aborted', () => {
    const passed = { workload, version: checking, tasks: [endedTask('Succeeded')] };
    const held = settle(workloadVersionSeen(passed), 5).version;
    const abort = asked(held, 'abort', aRequest());
    const over = settle(workloadVersionSeen({ ...passed, version: abort }), 5).version;
    expect(over.status).toMatchObject({ status: 'Failed', preDeploymentStatus: 'Succeeded' });
    const retry = aRequest({ id: 'request-2', value: 'failed' });
    const again = workloadVersionSeen({ ...passed, version: asked(over, 'retry', retry) });
    expect(after(again)).toMatchObject({
      attempt: 2,
      preDeploymentStatus: 'Succeeded',
      preDeploymentTaskStatus: [{ name: 'pre-smoke-1', status: 'Succeeded' }],
      deploymentStatus: 'Pending',
    });
    expect(isReleased(settle(again, 5).version.status)).toBe(false);
    const resumed = { ...settle(again, 1), workload: aWorkload() };
    expect(isReleased(settle(resumed, 5).version.status)).toBe(true);
  });

  test('lets the phase that runs come to its end', () => {
    const seen = workloadVersionSeen({
      version: checking,
      workload,
      tasks: [endedTask('Succeeded')],
    });
    const held = settle(seen, 5).version.status;
    expect(held).toMatchObject({ preDeploymentStatus: 'Succeeded' });
    expect(isReleased(held)).toBe(false);
  });

  test('holds an application before its next phase', () => {
    const version = anAppVersion({ metadata: { ownerReferences: [controllerReference(anApp())] } });
    const app = recording(version, { metadata: paused });
    const held = stored(version, decideAppVersion(appVersionSeen({ version, app })));
    expect(conditionIn(held.status ?? {}, 'Stalled')).toMatchObject({ reason: 'PausedByHand' });
  });
});

describe('an application whose workload is tried again', () => {
  const failedWithIt = aPassedAppVersion({
    status: {
      status: 'Failed',
      workloadOverallStatus: 'Failed',
      workloadStatus: [{ workload: { name: 'cart', version: '1.0.0' }, status: 'Failed' }],
    },
  });

  test('goes on with it', () => {
    const workloadVersions = [aWorkloadVersion({ status: { attempt: 2, status: 'Progressing' } })];
    const live = { 'KeptnWorkloadVersion shop/shop-cart-1.0.0': 'present' } as const;
    const seen = appVersionSeen({ version: failedWithIt, workloadVersions, live });
    expect(stored(failedWithIt, decideAppVersion(seen)).status).toMatchObject({
      status: 'Progressing',
      attempt: 2,
      workloadOverallStatus: 'Progressing',
    });
  });

  test('stays failed while one of them is, and when it was aborted', () => {
    const still = [aWorkloadVersion({ status: { attempt: 2, status: 'Failed' } })];
    const seen = appVersionSeen({ version: failedWithIt, workloadVersions: still });
    expect(asksForWrite(decideAppVersion(seen))).toBe(false);
  });
});

describe('a restart of an application version', () => {
  test('runs the checks that it had taken over from the version before', () => {
    const annotations = { [sluiceKeys.appContext]: 'context/1' };
    const owned = { ownerReferences: [controllerReference(anApp())], annotations };
    const spec = { ...preCheck, previousVersion: '0.9.0' };
    const carriedChecks = {
      version: '0.9.0',
      name: 'shop-0.9.0',
      passedAt: rfc3339(now - 60_000),
      workloads: ['cart'],
    };
    const before = aPassedAppVersion({
      metadata: { ...owned, name: 'shop-0.9.0', uid: 'before' },
      spec: { ...preCheck, version: '0.9.0', workloads: [] },
      status: { carriedChecks: { ...carriedChecks, workloads: [] } },
    });
    const generated = { labels: { 'app.kubernetes.io/managed-by': 'keptn' } };
    const seen = (version: KeptnAppVersion) =>
      appVersionSeen({
        version,
        app: recording(version, { metadata: generated }),
        siblings: [before, version],
        taskDefinitions: [aTaskDefinition({ metadata: { name: 'smoke' } })],
      });
    const first = anAppVersion({ metadata: owned, spec });
    const begun = stored(first, decideAppVersion(seen(first)));
    expect(begun.status).toMatchObject({
      preDeploymentStatus: 'Succeeded',
      carriedChecks: { version: '0.9.0' },
      supersessions: 1,
    });
    const over = { ...begun, status: { ...begun.status, status: 'Failed' as const } };
    const restart = asked(over, 'retry', aRequest({ value: 'everything' }));
    const again = stored(restart, decideAppVersion(seen(restart)));
    expect(again.status).toMatchObject({ attempt: 2, preDeploymentStatus: 'Pending' });
    expect(again.status?.carriedChecks).toBeUndefined();
    const plan = decideAppVersion(seen(again));
    expect(plan.effects).toMatchObject([
      { type: 'create', object: { spec: { taskDefinition: 'smoke', attempt: 2 } } },
    ]);
    expect(stored(again, plan).status).toMatchObject({ status: 'Progressing', supersessions: 1 });
  });
});

describe('two people who steer at once', () => {
  const aStep = fc.record({
    verb: fc.constantFrom(...steeringVerbs),
    value: fc.constantFrom('failed', 'everything', 'smoke', ''),
    second: fc.integer({ min: 0, max: 3 }),
  });

  test('are each heard exactly once, in whatever order and however often it is looked at', () => {
    fc.assert(
      fc.property(
        fc.array(aStep, { maxLength: 16 }),
        fc.constantFrom(failed, checking),
        (steps, start) => {
          const requests = steps.map(({ verb, value, second }, index) => ({
            verb,
            request: aRequest({
              id: `${index}`,
              value,
              for: '1h',
              time: rfc3339(now + second * 1000),
            }),
          }));
          const version = steeringVerbs.reduce(
            (to, verb) =>
              asked(
                to,
                verb,
                ...requests.filter((one) => one.verb === verb).map(({ request }) => request),
              ),
            start,
          );
          const seen = { ...at(failedSeen, version), settings: settings(), now: now + 4_000 };
          const records = settle(seen, 4).version.status?.steering ?? [];
          expect(records.map(({ id }) => id).toSorted()).toEqual(
            requests.map(({ request: { id } }) => id).toSorted(),
          );
        },
      ),
    );
  });

  test('are not forgotten while their requests are written on the version, and the rest is bounded', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      aRequest({ id: `${index}`, value: 'nothing' }),
    );
    const seen = at(failedSeen, asked(failed, 'retry', ...many));
    const once = settle(seen, 1);
    expect(once.version.status?.steering).toHaveLength(40);
    expect(asksForWrite(decideWorkloadVersion(once))).toBe(false);
    const next = asked(once.version, 'retry', aRequest({ id: 'next', value: 'nothing' }));
    expect(settle(at(once, next), 1).version.status?.steering).toHaveLength(20);
  });
});
