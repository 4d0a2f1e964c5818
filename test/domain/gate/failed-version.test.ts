import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasFailedChecks, holdsFailedVersion } from '../../../src/domain/gate/failed-version.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';

const states = ['Pending', 'Progressing', 'Succeeded', 'Failed', 'Warning', 'Deprecated'] as const;
const state = fc.option(fc.constantFrom(...states), { nil: undefined });

describe('a version that has failed its checks', () => {
  test('is never one that was Released, and always one of which a check failed before', () => {
    fc.assert(
      fc.property(fc.tuple(state, state, state), fc.boolean(), (found, isReleased) => {
        const [status, tasks, evaluations] = found;
        const condition = {
          type: 'Released',
          status: isReleased ? 'True' : 'False',
          reason: 'ChecksPassed',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        } as const;
        const version = aWorkloadVersion({
          status: {
            ...(status !== undefined && { status }),
            ...(tasks !== undefined && { preDeploymentStatus: tasks }),
            ...(evaluations !== undefined && { preDeploymentEvaluationStatus: evaluations }),
            conditions: [condition],
          },
        });
        const failed = found.includes('Failed');
        expect(hasFailedChecks(version)).toBe(failed && !isReleased);
      }),
    );
    expect(hasFailedChecks(undefined)).toBe(false);
  });

  test('is one that is tried again and has not passed yet', () => {
    const attempts = [{ attempt: 1, status: 'Failed' }] as const;
    const again = { status: 'Progressing', preDeploymentStatus: 'Pending', attempt: 2 } as const;
    expect(
      hasFailedChecks(aWorkloadVersion({ status: { ...again, attempts: [...attempts] } })),
    ).toBe(true);
    const cutOff = [{ attempt: 1, status: 'Deprecated' }] as const;
    expect(hasFailedChecks(aWorkloadVersion({ status: { ...again, attempts: [...cutOff] } }))).toBe(
      false,
    );
  });

  test('counts for its own namespace, whichever version of its workload is current', () => {
    const failed = aWorkloadVersion({ status: { status: 'Failed' } });
    const { version, workloadName: name } = failed.spec;
    const workload = (current: string) =>
      aWorkload({ metadata: { name }, spec: { version: current } });
    const holds = (...world: Parameters<typeof fixedLookup>[0]) =>
      holdsFailedVersion('shop', fixedLookup(world));
    expect(holds(failed, workload(version))).toBe(true);
    expect(holds(failed)).toBe(true);
    // It may be rolled back to.
    expect(holds(failed, workload('2.0.0'))).toBe(true);
    expect(holds(aWorkloadVersion({ status: { status: 'Succeeded' } }))).toBe(false);
    expect(holdsFailedVersion('other', fixedLookup([failed]))).toBe(false);
  });
});
