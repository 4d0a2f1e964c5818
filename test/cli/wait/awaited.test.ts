import { describe, expect, test } from 'vitest';
import type { KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import {
  awaitedApp,
  awaitedNewestApp,
  awaitedOwner,
  awaitedWorkload,
} from '../../../src/cli/wait/awaited.ts';
import { anApp, anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';
import { aReleasedStatus } from '../../support/builders/cart-version.ts';
import { aDeployment } from '../../support/builders/workloads.ts';

const ended = (status: 'Succeeded' | 'Failed' | 'Warning' | 'Deprecated') => ({
  status,
  currentPhase: status === 'Failed' ? 'WorkloadPreDeployTasks' : 'Completed',
  endTime: '2026-11-28T10:00:00Z',
});
const cart = (status?: KeptnWorkloadVersionStatus) =>
  aWorkloadVersion({ status: status ?? { status: 'Progressing' } });
const checked = {
  status: 'Progressing',
  currentPhase: 'AppDeploy',
  preDeploymentStatus: 'Succeeded',
  preDeploymentEvaluationStatus: 'Succeeded',
} as const;
const shop = (status: KeptnAppVersionStatus = { status: 'Progressing' }) =>
  anAppVersion({ status });
const nothing = lookupOver([]);

describe('a workload version', () => {
  test.each([
    ['waiting', 'passed', { status: 'Progressing' }],
    ['reached', 'passed', aReleasedStatus],
    ['waiting', 'completed', aReleasedStatus],
    ['reached', 'completed', ended('Succeeded')],
    ['reached', 'completed', ended('Warning')],
    ['failed', 'completed', ended('Failed')],
    ['failed', 'passed', ended('Failed')],
    ['failed', 'passed', ended('Deprecated')],
    // Its checks after the deployment have failed: those before it have passed all the same.
    ['reached', 'passed', { ...aReleasedStatus, ...ended('Failed') }],
    ['failed', 'completed', { ...aReleasedStatus, ...ended('Failed') }],
  ] as const)('is %s for %s', (state, goal, status) => {
    expect(awaitedWorkload(cart(status), goal).state).toBe(state);
  });

  test('that needs help waits, and says for what', () => {
    const stalled = {
      type: 'Stalled',
      status: 'True',
      reason: 'DefinitionNotFound',
      message: 'there is no KeptnTaskDefinition smoke',
      lastTransitionTime: '2026-11-28T10:00:00Z',
    } as const;
    const version = cart({ status: 'Progressing', currentPhase: 'X', conditions: [stalled] });
    expect(awaitedWorkload(version, 'passed')).toEqual({
      state: 'waiting',
      says: 'shop-cart-1.0.0: X: there is no KeptnTaskDefinition smoke',
    });
  });
});

describe('an application version', () => {
  test('has passed when its own checks and those of its workloads have', () => {
    expect(awaitedApp(shop(), 'passed', lookupOver([cart(aReleasedStatus)])).state).toBe('waiting');
    const open = awaitedApp(shop(checked), 'passed', lookupOver([cart()]));
    expect(open.state).toBe('waiting');
    expect(open.says).toContain('the checks of cart have not passed yet');
    expect(awaitedApp(shop(checked), 'passed', nothing).state).toBe('waiting');
    expect(awaitedApp(shop(checked), 'passed', lookupOver([cart(aReleasedStatus)])).state).toBe(
      'reached',
    );
  });

  test('has failed as soon as one of its workloads is held for good', () => {
    const seen = lookupOver([cart(ended('Failed'))]);
    for (const goal of ['passed', 'completed'] as const)
      expect(awaitedApp(shop(checked), goal, seen)).toEqual({
        state: 'failed',
        says: 'shop-cart-1.0.0 has failed in WorkloadPreDeployTasks',
      });
  });

  test('is complete by its own state alone', () => {
    expect(awaitedApp(shop(ended('Succeeded')), 'completed', nothing).state).toBe('reached');
    expect(awaitedApp(shop(ended('Failed')), 'completed', nothing).state).toBe('failed');
  });
});

describe('an application', () => {
  test('is judged by the newest version that was made for what its spec says', () => {
    const app = anApp({ spec: { version: '2.0.0' } });
    const old = shop(ended('Succeeded'));
    expect(awaitedNewestApp(app, 'completed', lookupOver([old]))).toEqual({
      state: 'waiting',
      says: 'KeptnApp shop: version 2.0.0 has no KeptnAppVersion yet',
    });
    const made = (name: string, creationTimestamp: string, status: KeptnAppVersionStatus) =>
      anAppVersion({ metadata: { name, creationTimestamp }, spec: { version: '2.0.0' }, status });
    const first = made('shop-2.0.0-a', '2026-11-28T10:00:00Z', ended('Failed'));
    const second = made('shop-2.0.0-b', '2026-11-28T11:00:00Z', ended('Succeeded'));
    expect(awaitedNewestApp(app, 'completed', lookupOver([second, first])).state).toBe('reached');
  });
});

describe('a Deployment', () => {
  const named = (version: string) =>
    aDeployment({
      template: {
        annotations: {
          'keptn.sh/app': 'shop',
          'keptn.sh/workload': 'cart',
          'keptn.sh/version': version,
        },
      },
    });
  const stored = (version: string, status?: KeptnWorkloadVersionStatus) =>
    aWorkloadVersion({
      metadata: { name: `shop-cart-${version}`, namespace: 'shop-team' },
      spec: { version },
      status: status ?? { status: 'Progressing' },
    });

  test('is judged by the version that it asks for now, never by the one before', () => {
    const seen = lookupOver([stored('1.0.0', ended('Succeeded'))]);
    expect(awaitedOwner(named('1.0.0'), 'completed', seen).state).toBe('reached');
    expect(awaitedOwner(named('2.0.0'), 'completed', seen)).toEqual({
      state: 'waiting',
      says: 'Deployment cart: version 2.0.0 is not on record yet',
    });
  });

  test('that asks for no checks has nothing to wait for', () => {
    expect(awaitedOwner(aDeployment(), 'completed', nothing).state).toBe('failed');
  });
});
