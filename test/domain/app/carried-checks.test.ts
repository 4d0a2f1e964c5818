import { describe, expect, test } from 'vitest';

import type { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { type BeginningSeen, takenOver } from '../../../src/domain/app/carried-checks.ts';
import { anApp, anAppVersion } from '../../support/builders/builders.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const at = (minutesAgo: number): string => new Date(now - minutesAgo * 60_000).toISOString();
const app = anApp({ metadata: { labels: { 'app.kubernetes.io/managed-by': 'keptn' } } });

function version(
  name: string,
  workloads: Readonly<Record<string, string>>,
  more: {
    readonly before?: string;
    readonly context?: string;
    readonly status?: KeptnAppVersion['status'];
    readonly checks?: readonly string[];
  } = {},
): KeptnAppVersion {
  const { before, context = 'context/1', status, checks = ['check'] } = more;
  return anAppVersion({
    metadata: { name, uid: name, annotations: { 'sluice.keptn.sh/app-context': context } },
    spec: {
      version: name,
      preDeploymentTasks: [...checks],
      workloads: Object.entries(workloads).map(([each, of]) => ({ name: each, version: of })),
      ...(before !== undefined && { previousVersion: before }),
    },
    ...(status !== undefined && { status }),
  });
}

const passed = (minutesAgo: number) => ({
  status: 'Progressing' as const,
  preDeploymentStatus: 'Succeeded' as const,
  preDeploymentEvaluationStatus: 'Succeeded' as const,
  phaseRecords: { AppPreDeployEvaluations: { endTime: at(minutesAgo) } },
});

const first = version('one', { cart: '1', pay: '1' });
const second = (status: KeptnAppVersion['status'] = passed(5)) =>
  version('two', { cart: '2', pay: '1' }, { before: 'one', ...(status && { status }) });

function taken(third: KeptnAppVersion, more: Partial<BeginningSeen> = {}, before = second()) {
  return takenOver({ version: third, app, siblings: [first, before, third], now, ...more });
}

const third = version('three', { cart: '2', pay: '2' }, { before: 'two' });

describe('checks of an application that count for its next version', () => {
  test('are those that have passed while only other workloads change', () => {
    expect(taken(third)).toMatchObject({
      status: {
        supersessions: 1,
        preDeploymentStatus: 'Succeeded',
        carriedChecks: { version: 'two', workloads: ['cart', 'pay'] },
      },
      events: [{ reason: 'AppChecksCarriedOver' }],
    });
  });

  test('are none when what they have passed for changes again, or by another context', () => {
    const again = version('three', { cart: '3', pay: '1' }, { before: 'two' });
    const other = version(
      'three',
      { cart: '2', pay: '2' },
      { before: 'two', context: 'context/2' },
    );
    for (const each of [again, other]) expect(taken(each).status).toEqual({ supersessions: 1 });
  });

  test('are none when the versions list other checks, whatever context they name', () => {
    const stricter = version(
      'three',
      { cart: '2', pay: '2' },
      { before: 'two', checks: ['check', 'audit'] },
    );
    expect(taken(stricter).status).toEqual({ supersessions: 1 });
  });

  test('are none when they are old, have warned or are not over, or what they let begin is deployed', () => {
    for (const status of [
      passed(31),
      { ...passed(5), preDeploymentStatus: 'Warning' as const },
      { ...passed(5), preDeploymentEvaluationStatus: 'Progressing' as const },
      { ...passed(5), workloadOverallStatus: 'Succeeded' as const },
    ])
      expect(taken(third, {}, second(status)).status).toEqual({ supersessions: 1 });
  });

  test('are none of a version that has ended, and of an app that its users keep', () => {
    const nothing = { status: {}, events: [] };
    expect(taken(third, {}, second({ ...passed(5), status: 'Failed' }))).toEqual(nothing);
    expect(taken(third, { app: anApp() })).toEqual(nothing);
  });

  test('count on for a third one, until one of those that have changed since changes again', () => {
    const { status } = taken(third);
    const carried = version('three', { cart: '2', pay: '2' }, { before: 'two', status });
    const siblings = (last: KeptnAppVersion) => ({ siblings: [first, second(), carried, last] });
    const fourth = version('four', { cart: '2', pay: '2', mail: '1' }, { before: 'three' });
    expect(taken(fourth, siblings(fourth)).status).toMatchObject({
      supersessions: 2,
      carriedChecks: { workloads: ['cart', 'pay', 'mail'] },
    });
    const payAgain = version('four', { cart: '2', pay: '3' }, { before: 'three' });
    expect(taken(payAgain, siblings(payAgain)).status).toEqual({ supersessions: 2 });
  });
});
