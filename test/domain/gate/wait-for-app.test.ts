import { describe, expect, test } from 'vitest';
import type { KeptnAppVersion, KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import { withProgress } from '../../../src/domain/conditions.ts';
import { endsByItself, waitEvent, waitForApp } from '../../../src/domain/gate/wait-for-app.ts';
import { anApp, anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';
import { aSubject } from '../../support/observed/lifecycle-seen.ts';

const closesAt = Date.parse('2026-01-01T00:00:30Z');

const at = (status: KeptnAppVersionStatus) =>
  waitForApp({
    version: aWorkloadVersion(),
    app: anApp(),
    appVersions: [anAppVersion({ status })],
    gatheredUntil: closesAt,
  });

const without = (gatheredUntil: number | undefined) =>
  waitForApp({ version: aWorkloadVersion(), app: undefined, appVersions: [], gatheredUntil });

describe('a workload version', () => {
  test('B9: waits for an app version that lists it, and says so in one Event', () => {
    const holdup = without(undefined);
    expect(holdup).toMatchObject({ kind: 'waiting', reason: 'AppVersionNotFound' });
    expect(holdup && waitEvent(aSubject, holdup)).toMatchObject({
      type: 'Warning',
      reason: 'AppPreDeployEvaluationsAppVersionNotFound',
    });
  });

  test('waits without an Event while its app is being discovered: that is the normal course', () => {
    const holdup = without(closesAt);
    expect(holdup).toMatchObject({ kind: 'waiting', reason: 'WaitingForDiscovery' });
    expect(holdup?.message).toContain('are gathered until 2026-01-01T00:00:30Z');
    expect(holdup && waitEvent(aSubject, holdup)).toBeUndefined();
  });

  test("waits for the app's pre-deployment checks, without an Event", () => {
    for (const status of [
      {},
      { preDeploymentStatus: 'Succeeded', preDeploymentEvaluationStatus: 'Progressing' },
    ] as const) {
      const holdup = at(status);
      expect(holdup).toMatchObject({ kind: 'waiting', reason: 'WaitingForAppChecks' });
      expect(holdup && waitEvent(aSubject, holdup)).toBeUndefined();
    }
  });

  test.each([
    ['waiting', 'ObjectivesNotMet'],
    ['stalled', 'MetricNotFound'],
  ] as const)(
    "says what keeps the app's checks, so that the held Pods do: %s, %s",
    (kind, reason) => {
      const message = 'waiting for ok (pre-eval-ok-1): cpu: 3 is too low';
      const conditions = withProgress([], { kind, reason, message }, { now: closesAt });
      const holdup = at({ preDeploymentEvaluationStatus: 'Progressing', conditions });
      expect(holdup).toMatchObject({ kind, reason });
      expect(holdup?.message).toContain(`are not finished: ${message}`);
    },
  );

  test("is stalled by the app's failure, in the words of the app", () => {
    const holdup = at({
      preDeploymentStatus: 'Failed',
      preDeploymentEvaluationStatus: 'Deprecated',
      status: 'Failed',
      conditions: [
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'TaskFailed',
          message: 'migrate failed',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    });
    expect(holdup).toMatchObject({ kind: 'stalled', reason: 'AppChecksFailed' });
    expect(holdup?.message).toContain('migrate failed');
    expect(holdup && waitEvent(aSubject, holdup)?.reason).toBe('AppPreDeployEvaluationsFailed');
  });

  test('W4: waits for nothing once the checks are over, also with a Warning', () => {
    const passed = { preDeploymentStatus: 'Succeeded', preDeploymentEvaluationStatus: 'Succeeded' };
    expect(
      at({ ...passed, preDeploymentStatus: 'Succeeded', preDeploymentEvaluationStatus: 'Warning' }),
    ).toBeUndefined();
    expect(
      at({ preDeploymentStatus: 'Warning', preDeploymentEvaluationStatus: 'Succeeded' }),
    ).toBeUndefined();
  });

  test('waits for nothing when the app failed only later', () => {
    expect(
      at({
        preDeploymentStatus: 'Succeeded',
        preDeploymentEvaluationStatus: 'Succeeded',
        workloadOverallStatus: 'Failed',
        status: 'Failed',
      }),
    ).toBeUndefined();
  });
});

describe('an app version without checks before its workloads', () => {
  const listing = (spec: object = {}, status = {}) => anAppVersion({ spec, status });
  const waits = (appVersionUID: string | undefined, one: KeptnAppVersion) =>
    waitForApp({
      version: aWorkloadVersion(),
      app: anApp({
        status: { observedGeneration: 1, ...(appVersionUID !== undefined && { appVersionUID }) },
      }),
      appVersions: [one],
      gatheredUntil: undefined,
    })?.reason;

  test('is not waited for once its app has it on record', () => {
    expect(waits(listing().metadata.uid, listing())).toBeUndefined();
  });

  test('is waited for before: anybody can make one that lists no checks', () => {
    expect(waits(undefined, listing())).toBe('WaitingForAppChecks');
    const other = { ...listing(), metadata: { ...listing().metadata, uid: 'forged' } };
    expect(waits(listing().metadata.uid, other)).toBe('WaitingForAppChecks');
  });

  test('is waited for where it lists any, or where it has begun and its status says more', () => {
    for (const spec of [
      { preDeploymentTasks: ['migrate'] },
      { preDeploymentEvaluations: ['enough-cpus'] },
    ]) {
      expect(waits(listing().metadata.uid, listing(spec))).toBe('WaitingForAppChecks');
    }
    const begun = listing({}, { currentPhase: 'AppPreDeployTasks' });
    expect(waits(begun.metadata.uid, begun)).toBe('WaitingForAppChecks');
  });
});

describe('a wait for the app', () => {
  const ends = (seen: Partial<Parameters<typeof endsByItself>[0]>) =>
    endsByItself({
      version: aWorkloadVersion(),
      app: undefined,
      appVersions: [],
      gatheredUntil: undefined,
      ...seen,
    });

  test('ends by itself when the app lists the version: its app version is about to be made', () => {
    expect(ends({ app: anApp() })).toBe(true);
    expect(ends({ app: anApp({ spec: { workloads: [] } }) })).toBe(false);
    expect(ends({})).toBe(false);
  });

  test('does not when that app version could not be created', () => {
    const refused = {
      type: 'Ready',
      status: 'False',
      reason: 'AppVersionNotCreated',
      message: 'exceeded quota',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    expect(ends({ app: anApp({ status: { conditions: [refused] } }) })).toBe(false);
  });

  test('ends by itself when the app version has nothing to check before its workloads', () => {
    const listing = (spec: object) => ({ appVersions: [anAppVersion({ spec })] });
    expect(ends(listing({}))).toBe(true);
    expect(ends(listing({ postDeploymentTasks: ['notify'] }))).toBe(true);
    expect(ends(listing({ preDeploymentTasks: ['migrate'] }))).toBe(false);
    expect(ends(listing({ preDeploymentEvaluations: ['enough-cpus'] }))).toBe(false);
  });
});
