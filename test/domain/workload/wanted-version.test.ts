import { describe, expect, test } from 'vitest';
import { carriersOf, isVersion, isWanted } from '../../../src/domain/workload/wanted-version.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import {
  aDeploymentSeen,
  aMovingOwnerSeen,
  anIdentity,
} from '../../support/builders/owner-builders.ts';

const version = aWorkloadVersion();
const other = aWorkload({ spec: { version: '2' } });

describe('what something is to Keptn is this version', () => {
  test('by app, workload and version, never by name (B3)', () => {
    expect(isVersion(anIdentity(), version)).toBe(true);
    expect(isVersion(anIdentity({ version: '2' }), version)).toBe(false);
    expect(isVersion(anIdentity({ workload: 'pay' }), version)).toBe(false);
    expect(isVersion(anIdentity({ app: 'sho', workload: 'p-cart' }), version)).toBe(false);
    expect(isVersion({ type: 'notAnnotated' }, version)).toBe(false);
    expect(isVersion(undefined, version)).toBe(false);
  });
});

describe('a version is wanted', () => {
  test('if the workload names it', () => {
    expect(isWanted(version, { workload: aWorkload(), owners: [] })).toBe('yes');
  });

  test('if the current revision of some owner carries it', () => {
    const owners = [
      aDeploymentSeen({ identity: { version: '2' } }),
      aDeploymentSeen({ name: 'b' }),
    ];
    expect(isWanted(version, { workload: other, owners })).toBe('yes');
    expect(carriersOf(version, owners)).toEqual([owners[1]]);
  });

  test('not if every owner carries another one', () => {
    const owners = [aDeploymentSeen({ identity: { version: '2' } })];
    expect(isWanted(version, { workload: other, owners })).toBe('no');
  });

  test('perhaps, while the workload or what an owner carries is not known', () => {
    expect(isWanted(version, { workload: undefined, owners: [] })).toBe('unknown');
    const owners = [aDeploymentSeen({ identity: { version: '2' } }), aMovingOwnerSeen('b')];
    expect(isWanted(version, { workload: other, owners })).toBe('unknown');
  });
});
