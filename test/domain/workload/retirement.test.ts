import { describe, expect, test } from 'vitest';

import type { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type { OwnerSeen } from '../../../src/domain/identity/current-revision.ts';
import { isRetired } from '../../../src/domain/owner/retired-workload.ts';
import { isWanted } from '../../../src/domain/workload/wanted-version.ts';
import { decideWorkload, type WorkloadSeen } from '../../../src/domain/workload/workload.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { conditionIn, stored, workloadSeen } from '../../support/observed/lifecycle-seen.ts';
import { aDeploymentSeen, aMovingOwnerSeen } from '../../support/builders/owner-builders.ts';

const renamed = (): OwnerSeen => aDeploymentSeen({ identity: { workload: 'basket' } });
const silent = (): OwnerSeen => {
  const seen = aDeploymentSeen();
  return {
    ...seen,
    current: seen.current && { ...seen.current, identity: { type: 'notAnnotated' } },
  };
};

const read = { 'Deployment shop/cart': 'present' } as const;

function seenWith(
  more: Parameters<typeof workloadSeen>[0],
): WorkloadSeen & { workload: KeptnWorkload } {
  const workload = more?.workload ?? aWorkload();
  const seen = workloadSeen({ versions: [aWorkloadVersion()], live: read, ...more, workload });
  return { ...seen, workload };
}

const after = (seen: ReturnType<typeof seenWith>): KeptnWorkload =>
  stored(seen.workload, decideWorkload(seen));

describe('a workload whose owner carries another one', () => {
  test('is retired, and says what the owner carries now', () => {
    const workload = after(seenWith({ owners: [renamed()] }));
    expect(isRetired(workload)).toBe(true);
    const { message } = conditionIn(workload.status ?? {}, 'Retired') ?? {};
    expect(message).toContain('Deployment cart carries workload basket of application shop');
  });

  test('is retired when the owner names none, unless Pods were annotated by a policy', () => {
    expect(isRetired(after(seenWith({ owners: [silent()] })))).toBe(true);
    const annotations = { 'sluice.keptn.sh/word-of-pods': 'true' };
    const versions = [aWorkloadVersion({ metadata: { annotations } })];
    expect(isRetired(after(seenWith({ owners: [silent()], versions })))).toBe(false);
  });

  test('is looked at live first', () => {
    const { look } = decideWorkload(seenWith({ owners: [renamed()], live: {} }));
    expect(look).toMatchObject([{ name: 'cart' }]);
  });

  test('stays current while one owner carries it, or what one carries is not known', () => {
    for (const owners of [
      [renamed(), aDeploymentSeen({ name: 'b' })],
      [renamed(), aMovingOwnerSeen('b')],
    ])
      expect(isRetired(after(seenWith({ owners })))).toBe(false);
  });

  test('stays current while the caches do not have the owner that it references', () => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'd' }];
    const workload = aWorkload({ metadata: { ownerReferences } });
    expect(isRetired(after(seenWith({ workload, owners: [] })))).toBe(false);
  });

  test('is retired when its owner was deleted without it, once the API server says so, too', () => {
    const owners = [{ kind: 'Deployment', name: 'cart', uid: 'd', version: '1.0.0' }];
    const workload = aWorkload({ status: { owners } });
    const orphaned = { workload, owners: [] };
    expect(decideWorkload(seenWith({ ...orphaned, live: {} })).look).toMatchObject([
      { name: 'shop-cart' },
      { name: 'cart' },
    ]);
    const live = {
      'KeptnWorkload shop/shop-cart': 'present',
      'Deployment shop/cart': 'absent',
    } as const;
    const retired = after(seenWith({ ...orphaned, live }));
    expect(conditionIn(retired.status ?? {}, 'Retired')).toMatchObject({
      status: 'True',
      reason: 'NoOwner',
      message: expect.stringContaining('its owner Deployment cart was deleted without it'),
    });
  });

  test('that is retired is not written again, and comes back with its owner', () => {
    const owners = [aDeploymentSeen()];
    const inStep = made(owners);
    const workload = after(seenWith({ workload: inStep, owners: [renamed()] }));
    expect(decideWorkload(seenWith({ workload, owners: [renamed()] }))).toEqual({});
    expect(isWanted(aWorkloadVersion(), { workload, owners: [renamed()] })).toBe('no');
    expect(isWanted(aWorkloadVersion(), { workload, owners })).toBe('yes');
    expect(isRetired(workload)).toBe(true);
    expect(isRetired(after(seenWith({ workload, owners })))).toBe(false);
  });
});

/** The workload as it is made from its owners. */
function made(owners: readonly OwnerSeen[]): KeptnWorkload {
  const [effect] = decideWorkload(workloadSeen({ owners })).effects ?? [];
  if (effect?.type !== 'create') throw new Error('no workload is made');
  const { metadata } = effect.object;
  const built = aWorkload({ metadata });
  return { ...built, ...effect.object, metadata: { ...built.metadata, ...metadata } };
}
