import { describe, expect, test } from 'vitest';

import { JobKind } from '../../../src/api/builtin.ts';
import type { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import {
  defaultRetention,
  excessOf,
  type RetentionLimits,
} from '../../../src/domain/settings/retention-limits.ts';
import type { WorkloadUses } from '../../../src/domain/retention/uses.ts';
import {
  decideWorkloadHistory,
  type WorkloadHistorySeen,
} from '../../../src/domain/retention/workload-history.ts';
import {
  anApp,
  anAppVersion,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { now } from '../../support/observed/lifecycle-seen.ts';
import {
  aDeploymentSeen,
  aMovingOwnerSeen,
  anIdentity,
} from '../../support/builders/owner-builders.ts';

type Given = Parameters<typeof aWorkloadVersion>[0];

function version(nth: number, given: Given = {}): KeptnWorkloadVersion {
  const { metadata, spec, status } = given;
  return aWorkloadVersion({
    metadata: {
      name: `shop-cart-${nth}`,
      creationTimestamp: `2026-01-01T00:00:0${nth}Z`,
      ...metadata,
    },
    spec: {
      version: `${nth}`,
      resourceReference: { kind: 'ReplicaSet', name: '', uid: '' },
      ...spec,
    },
    status: { status: 'Succeeded', endTime: `2026-01-01T00:00:0${nth}Z`, ...status },
  });
}

interface SeenGiven {
  readonly versions?: readonly KeptnWorkloadVersion[];
  readonly uses?: Partial<WorkloadUses>;
  readonly limits?: Partial<RetentionLimits>;
  readonly prunedVersions?: string[];
}

function seen(given: SeenGiven = {}): WorkloadHistorySeen {
  const { versions = [version(1), version(2), version(3)], uses = {}, prunedVersions } = given;
  const limits = { ...defaultRetention, versions: 1, ...given.limits };
  const workload = aWorkload({
    spec: { version: '3' },
    status: { ...(prunedVersions && { prunedVersions }) },
  });
  return {
    workload,
    versions,
    excess: excessOf(versions, limits, { now }),
    uses: {
      workload,
      owners: [aDeploymentSeen({ identity: { version: '3' } })],
      revisions: [],
      pods: [],
      app: undefined,
      appVersions: [],
      unfinished: new Set(),
      ...uses,
    },
    unread: [],
    read: new Set(versions.map(({ metadata }) => metadata.uid ?? '')),
  };
}

const deleted = (given: SeenGiven): string[] =>
  (decideWorkloadHistory(seen(given)).afterwards ?? []).flatMap((effect) =>
    effect.type === 'delete' ? [effect.ref.name] : [],
  );

describe('old versions of a workload', () => {
  test('go oldest first, and are on record before they do', () => {
    expect(deleted({})).toEqual(['shop-cart-1', 'shop-cart-2']);
    const { status } = decideWorkloadHistory(seen({ prunedVersions: ['0', '3'] }));
    // Version 3 was deleted once and is back.
    expect(status?.to).toMatchObject({ prunedVersions: ['0', '1', '2'] });
  });

  test('are kept for every reason there may be to come back to one', () => {
    const released = version(1, { status: { releasedRevisions: ['uid-a', 'uid-set/hash'] } });
    const kept: readonly [string, SeenGiven][] = [
      [
        'not over',
        { versions: [version(1, { status: { status: 'Progressing' } }), version(2), version(3)] },
      ],
      [
        'current of the workload',
        { uses: { workload: aWorkload({ spec: { version: '1' } }), owners: [] } },
      ],
      [
        'current of an owner',
        { uses: { owners: [aDeploymentSeen({ identity: { version: '1' } })] } },
      ],
      ['an owner whose revision is not known', { uses: { owners: [aMovingOwnerSeen()] } }],
      ['a Pod', { uses: { pods: [anIdentity({ version: '1' })] } }],
      [
        'a ReplicaSet that says so',
        { uses: { revisions: [{ revision: 'x', identity: anIdentity({ version: '1' }) }] } },
      ],
      [
        'a ReplicaSet it was released for',
        {
          versions: [released, version(2), version(3)],
          uses: { revisions: [{ revision: 'uid-a', identity: undefined }] },
        },
      ],
      [
        'a ControllerRevision it was released for',
        {
          versions: [released, version(2), version(3)],
          uses: { revisions: [{ revision: 'uid-set/hash', identity: undefined }] },
        },
      ],
      [
        'the app',
        { uses: { app: anApp({ spec: { workloads: [{ name: 'cart', version: '1' }] } }) } },
      ],
      [
        'a version of the app',
        {
          uses: {
            appVersions: [anAppVersion({ spec: { workloads: [{ name: 'cart', version: '1' }] } })],
          },
        },
      ],
      ['something below it', { uses: { unfinished: new Set([version(1).metadata.uid ?? '']) } }],
    ];
    for (const [why, given] of kept) expect(deleted(given), why).not.toContain('shop-cart-1');
  });

  test('are not judged while owners or caches are not known, and that is asked again', () => {
    const plan = decideWorkloadHistory({ ...seen(), uses: undefined });
    expect(plan).toEqual({ wakeAfterMs: 300_000 });
  });

  test('are read live before they go', () => {
    const plan = decideWorkloadHistory({
      ...seen(),
      read: new Set(),
      unread: [{ kind: JobKind, name: 'owner' }],
    });
    expect(plan.look).toMatchObject([
      { name: 'owner' },
      { name: 'shop-cart-1' },
      { name: 'shop-cart-2' },
    ]);
    expect(plan.afterwards).toBeUndefined();
  });

  test('no more than thirty are remembered', () => {
    const before = Array.from({ length: 30 }, (_, i) => `old-${i}`);
    const { status } = decideWorkloadHistory(seen({ prunedVersions: before }));
    expect(status?.to).toMatchObject({ prunedVersions: [...before.slice(2), '1', '2'] });
  });
});

describe('the limits', () => {
  const names = (versions: readonly KeptnWorkloadVersion[]): string[] =>
    versions.map(({ metadata }) => metadata.name);
  const three = [version(3), version(1), version(2)];

  test('by number: the newest are kept', () => {
    const limits = { ...defaultRetention, versions: 2 };
    expect(excessOf(three, limits, { now })).toEqual({
      versions: [version(1)],
      nextInMs: undefined,
    });
  });

  test('by age: counted from the end, and the next one is known', () => {
    const limits = { ...defaultRetention, maxAgeMs: 58_500 };
    const { versions, nextInMs } = excessOf(three, limits, { now });
    expect([names(versions), nextInMs]).toEqual([['shop-cart-1'], 501]);
  });

  test('suspended: none', () => {
    const limits = { ...defaultRetention, versions: 0, suspended: true };
    expect(excessOf(three, limits, { now }).versions).toEqual([]);
  });
});
