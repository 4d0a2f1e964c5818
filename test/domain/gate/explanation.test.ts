import { describe, expect, test } from 'vitest';
import {
  heldForChecks,
  heldUntilOwnerIsKnown,
  stalledExplanation,
} from '../../../src/domain/gate/explanation.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';
import { anIdentity } from '../../support/builders/owner-builders.ts';

describe('B15: a held Pod says', () => {
  test('which version of which workload it waits for, and where to look', () => {
    expect(heldForChecks(anIdentity(), 'shop')).toBe(
      'Held by Sluice: waiting for the checks of workload shop-cart version 1.0.0 of application shop. ' +
        'See: kubectl describe keptnworkloadversion shop-cart-1.0.0 -n shop',
    );
  });

  test('that its version is not known, or cannot be, and why', () => {
    const { version: _, ...unversioned } = anIdentity({ versionSource: 'unknown' });
    expect(heldForChecks(unversioned, 'shop')).toMatch(/until the version of workload shop-cart/);
    const problem = { ...unversioned, versionProblem: 'no container ghost' };
    expect(heldForChecks(problem, 'shop')).toMatch(/has no version: no container ghost/);
  });

  test('that its owner is not known', () => {
    expect(heldUntilOwnerIsKnown('ReplicaSet x is not in the cache')).toMatch(/ReplicaSet x/);
  });

  test('what failed, in the words of the check', () => {
    expect(stalledExplanation(aWorkloadVersion(), 'smoke: exit code 3')).toMatch(
      /^Held by Sluice: smoke: exit code 3 \(version 1\.0\.0 of workload shop-cart of application shop\)\. See: kubectl/,
    );
  });

  test('what failed, and the command that helps once it is mended', () => {
    const failed = aWorkloadVersion({ status: { status: 'Failed' } });
    expect(stalledExplanation(failed, 'smoke: exit code 3')).toContain(
      'Once that is mended, check it again: kubectl annotate kwv shop-cart-1.0.0 -n shop sluice.keptn.sh/retry=failed.',
    );
    const long = stalledExplanation(failed, 'x'.repeat(5_000));
    expect(long).toContain(
      'kubectl annotate kwv shop-cart-1.0.0 -n shop sluice.keptn.sh/retry=failed.',
    );
  });

  test('one line of at most 1,000 characters, whatever people have written', () => {
    const text = stalledExplanation(aWorkloadVersion(), `a\nb\t\u0000c${'x'.repeat(5_000)}`);
    expect(text.length).toBeLessThanOrEqual(1_000);
    expect(text).toMatch(/See: kubectl describe keptnworkloadversion shop-cart-1\.0\.0 -n shop$/u);
    expect(text).toContain('a b c');
  });
});
