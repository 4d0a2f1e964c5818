import { describe, expect, test } from 'vitest';
import { withWordOfPods } from '../../../src/domain/identity/word-of-pods.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';
import { aDeploymentSeen, anIdentity, inShop } from '../../support/builders/owner-builders.ts';
import { aPod, aReplicaSet, ownedBy } from '../../support/builders/workloads.ts';

const silent = { type: 'notAnnotated' } as const;
const { current: made } = aDeploymentSeen();
if (made === undefined) throw new Error('the builder makes no current revision');
const current = { ...made, identity: silent };
const set = inShop(aReplicaSet({ name: 'cart-1.0.0', uid: made.revision }));
const podOf = (owner = set) => inShop(aPod({ owners: [ownedBy(owner)] }));
const mark = { 'sluice.keptn.sh/word-of-pods': 'true' };

describe('what Pods say of a revision whose owner says nothing', () => {
  test('counts for their own revision', () => {
    const pods = [{ pod: podOf(), identity: anIdentity({ preTasks: ['check'] }) }];
    expect(withWordOfPods(current, { pods, versions: [] })).toMatchObject({
      identity: { type: 'annotated', workload: 'cart', preTasks: ['check'] },
      isWordOfPods: true,
    });
    const other = inShop(aReplicaSet({ name: 'cart-2', uid: 'another' }));
    const others = [{ pod: podOf(other), identity: anIdentity() }];
    expect(withWordOfPods(current, { pods: others, versions: [] })).toBe(current);
  });

  test('never stands against what the owner says', () => {
    const pods = [{ pod: podOf(), identity: anIdentity({ version: '9' }) }];
    expect(withWordOfPods(made, { pods, versions: [] })).toBe(made);
  });

  test('is remembered by the version that was made for them, and by no other', () => {
    const status = { releasedRevisions: [made.revision] };
    const version = aWorkloadVersion({ metadata: { annotations: mark }, status });
    expect(withWordOfPods(current, { pods: [], versions: [version] })).toMatchObject({
      identity: { app: 'shop', workload: 'cart', version: '1.0.0' },
      isWordOfPods: true,
    });
    // An owner from which the annotations were taken away is not annotated any more.
    expect(withWordOfPods(current, { pods: [], versions: [aWorkloadVersion({ status })] })).toBe(
      current,
    );
  });
});
