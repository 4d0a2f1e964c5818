import { describe, expect, test } from 'vitest';
import { keptnAnnotations, sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import type { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { ReleasedVersions } from '../../../src/api/released-versions.ts';
import { entriesOfNextPod, entriesOfPod } from '../../../src/domain/backstop/entries.ts';
import {
  decideReleasedList,
  type ListContent,
  type ReleasedListSeen,
  restOf,
} from '../../../src/domain/backstop/released-list.ts';

const namespace = (labels: Record<string, string> = {}, isOptedIn = true) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: 'shop',
    uid: 'n1',
    resourceVersion: '7',
    labels,
    ...(isOptedIn && { annotations: { [keptnAnnotations.lifecycleToolkit]: 'enabled' } }),
  },
});
const version = (name: string, reason: string | undefined, revisions: string[] = []) =>
  ({
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnWorkloadVersion',
    metadata: { name: `shop-cart-${name}`, namespace: 'shop' },
    spec: { app: 'shop', workloadName: 'shop-cart', version: name },
    status: {
      releasedRevisions: revisions,
      ...(reason !== undefined && {
        conditions: [
          { type: 'Released', status: 'True', reason, message: '', lastTransitionTime: '' },
        ],
      }),
    },
  }) as unknown as KeptnWorkloadVersion;
const workload = (name: string) =>
  ({
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnWorkload',
    metadata: { name: 'shop-cart', namespace: 'shop' },
    spec: { app: 'shop', version: name },
  }) as unknown as KeptnWorkload;
const list = (...entries: string[]): ReleasedVersions => ({
  apiVersion: 'sluice.keptn.sh/v1',
  kind: 'ReleasedVersions',
  metadata: { name: 'released', namespace: 'shop', uid: 'l1', resourceVersion: '9' },
  spec: { entries: Object.fromEntries(entries.map((entry) => [entry, true])) },
});

const now = Date.UTC(2026, 10, 1);
type Given = Partial<Omit<ReleasedListSeen, 'content'> & ListContent>;
/** As the controller gathers it: what is to be listed is looked at only when the list could be written. */
const decide = (given: Given) => {
  const { versions = [], workloads = [], annotatedOwners = [], ...seen } = given;
  const { revisions = new Set(['rs1', 'rs2']), versioned = new Set(), ...rest } = seen;
  const whole = {
    now,
    namespace: namespace({ [sluiceKeys.listed]: 'true' }),
    isEnabled: true,
    list: undefined,
    ...rest,
  };
  const content = { versions, workloads, revisions, versioned, annotatedOwners };
  const isGathered = whole.isEnabled && restOf(whole.list, whole.now) === 0;
  return decideReleasedList({ ...whole, ...(isGathered && { content }) });
};
const types = (plan: ReturnType<typeof decide>) => plan.effects?.map(({ type }) => type) ?? [];
const written = (plan: ReturnType<typeof decide>) => {
  const [effect] = plan.effects ?? [];
  return effect?.type === 'create'
    ? Object.keys((effect.object as ReleasedVersions).spec.entries)
    : undefined;
};

describe('the list of a Namespace', () => {
  test('comes first, and the label that says so after it', () => {
    expect(types(decide({ namespace: namespace() }))).toEqual(['create']);
    const plan = decide({ namespace: namespace(), list: list() });
    expect(JSON.stringify(plan.effects)).toContain('sluice.keptn.sh~1listed');
    expect(decide({ list: list() })).toEqual({});
  });

  test('goes after its label when the opt-in is withdrawn', () => {
    const withdrawn = { isEnabled: false, namespace: namespace({ [sluiceKeys.listed]: 'true' }) };
    const unlabelled = { isEnabled: false, namespace: namespace() };
    expect(types(decide({ ...withdrawn, list: list() }))).toEqual(['patch']);
    expect(types(decide({ ...unlabelled, list: list() }))).toEqual(['delete']);
    expect(decide(unlabelled)).toEqual({});
  });

  test('holds what is Released: the current version, and those that can be rolled back to', () => {
    const versions = [
      version('1', 'ChecksPassed', ['rs0']),
      version('2', 'Warning', ['rs1']),
      version('3', 'ChecksPassed', ['rs2']),
      version('4', undefined, []),
    ];
    expect(written(decide({ versions, workloads: [workload('3')] }))).toEqual([
      'version/shop-cart/3',
      'revision/rs2',
      'version/shop-cart/2',
      'revision/rs1',
    ]);
  });

  test('leaves out what was released by hand: a policy does not know when that ends', () => {
    const versions = [version('1', 'ReleasedByHand', ['rs1'])];
    expect(written(decide({ versions, workloads: [workload('1')] }))).toEqual([]);
  });

  test('holds a revision whose Pods name a version together with that version', () => {
    const versions = [version('1', 'ChecksPassed', ['rs1', 'rs2'])];
    const versioned = new Set(['rs2']);
    expect(written(decide({ versions, versioned, workloads: [workload('1')] }))).toEqual([
      'version/shop-cart/1',
      'revision/rs1',
      'revision/rs2@1',
    ]);
  });

  test('names owners that are annotated while their Pods are not', () => {
    expect(written(decide({ annotatedOwners: [{ kind: 'ReplicaSet', name: 'cart' }] }))).toEqual([
      'owner/ReplicaSet/cart',
    ]);
  });

  test('is written only when something has changed', () => {
    const versions = [version('1', 'ChecksPassed', ['rs1'])];
    const workloads = [workload('1')];
    const same = list('revision/rs1', 'version/shop-cart/1');
    expect(decide({ list: same, versions, workloads })).toEqual({});
    expect(types(decide({ list: list('revision/rs1'), versions, workloads }))).toEqual(['patch']);
  });

  test('is written by naming what has changed and nothing else', () => {
    const versions = [version('1', 'ChecksPassed', ['rs1'])];
    const plan = decide({
      list: list('revision/rs1', 'revision/gone'),
      versions,
      workloads: [workload('1')],
    });
    const [effect] = plan.effects ?? [];
    expect(effect).toMatchObject({
      type: 'patch',
      operations: [
        { op: 'test', path: '/metadata/uid', value: 'l1' },
        { op: 'test', path: '/metadata/resourceVersion', value: '9' },
        { op: 'remove', path: '/spec/entries/revision~1gone' },
        { op: 'add', path: '/spec/entries/version~1shop-cart~11', value: true },
        {
          op: 'add',
          path: '/status',
          value: { conditions: [{ type: 'Complete', status: 'True' }] },
        },
      ],
    });
  });

  describe('that was written less than a second ago', () => {
    const writtenAgo = (ms: number) => ({
      ...list('revision/rs1'),
      status: { writtenAt: new Date(now - ms).toISOString() },
    });
    const released = {
      versions: [version('1', 'ChecksPassed', ['rs1'])],
      workloads: [workload('1')],
    };

    test('is written again when the second is over, with all that has changed', () => {
      expect(decide({ list: writtenAgo(300), ...released })).toEqual({ wakeAfterMs: 700 });
      expect(types(decide({ list: writtenAgo(1_000), ...released }))).toEqual(['patch']);
    });

    test('is labelled meanwhile', () => {
      const plan = decide({ namespace: namespace(), list: writtenAgo(300), ...released });
      expect(JSON.stringify(plan.effects)).toContain('sluice.keptn.sh~1listed');
      expect(plan.wakeAfterMs).toBe(700);
    });

    test('does not wait for a clock that was set back', () => {
      expect(types(decide({ list: writtenAgo(-3_600_000), ...released }))).toEqual(['patch']);
    });
  });

  test('stays below one megabyte; a condition and one Event say what found no room', () => {
    const long = 'v'.repeat(1_000);
    const versions = Array.from({ length: 1_200 }, (_, at) =>
      version(`${long}${at}`, 'ChecksPassed', ['rs1']),
    );
    const plan = decide({ versions });
    const entries = written(plan) ?? [];
    expect(JSON.stringify(entries).length).toBeLessThan(1_000_000);
    expect(entries.length).toBeGreaterThan(900);
    expect(types(plan)).toEqual(['create', 'event']);
    const leftOut = 1_201 - entries.length;
    expect(JSON.stringify(plan.effects)).toContain(`"leftOut":${leftOut}`);
    expect(JSON.stringify(plan.effects)).toContain(`${leftOut} entries found no room`);
    const [effect] = plan.effects ?? [];
    if (effect?.type !== 'create') throw new Error('it is made');
    const full = effect.object as ReleasedVersions;
    expect(full.status?.conditions).toMatchObject([{ type: 'Complete', status: 'False' }]);
    expect(decide({ versions, list: full })).toEqual({ wakeAfterMs: 1_000 });
    expect(decide({ now: now + 1_000, versions, list: full })).toEqual({});
    const later = { now: now + 5_000, versions: versions.slice(1), list: full };
    expect(types(decide(later))).toEqual(['patch']);
  });

  test('stays below ten thousand entries, the current versions first', () => {
    const revisions = new Set(Array.from({ length: 9_999 }, (_, at) => `rs${at}`));
    const versions = [
      version('old', 'ChecksPassed', [...revisions]),
      version('now', 'ChecksPassed'),
    ];
    const entries = written(decide({ versions, workloads: [workload('now')], revisions }));
    expect(entries).toHaveLength(10_000);
    expect(entries?.[0]).toBe('version/shop-cart/now');
  });
});

describe('the entries that let a Pod start', () => {
  const pod = (metadata: object) => ({ metadata: { name: 'p', ...metadata } });

  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'cart-5f',
    uid: 'rs1',
    controller: true,
  };

  test('are the version it names itself, of its workload or of its revision', () => {
    const annotations = {
      [keptnAnnotations.workload]: 'Cart_One',
      [keptnAnnotations.version]: 'V1',
      [keptnAnnotations.app]: 'Shop',
    };
    expect(entriesOfPod(pod({ annotations, ownerReferences: [owner] }))).toEqual([
      'version/shop-cart-one/v1',
      'revision/rs1@v1',
    ]);
  });

  test('are its revision alone where it names none', () => {
    const annotations = { [keptnAnnotations.workload]: 'cart' };
    expect(entriesOfPod(pod({ annotations, ownerReferences: [owner] }))).toEqual(['revision/rs1']);
  });

  test('of the Pod that takes its place go by the template, not by what Sluice has written on this one', () => {
    const annotations = { [keptnAnnotations.workload]: 'cart', [keptnAnnotations.version]: '1' };
    const known = pod({ annotations, ownerReferences: [owner] });
    expect(entriesOfNextPod(known, {})).toEqual(['revision/rs1']);
    expect(entriesOfNextPod(known, { annotations })).toEqual([
      'version/cart-cart/1',
      'revision/rs1@1',
    ]);
  });

  test('are those of its own hash for StatefulSets and DaemonSets', () => {
    const set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: 'db',
      uid: 's1',
      controller: true,
    };
    const labels = { 'controller-revision-hash': 'db-1' };
    expect(entriesOfPod(pod({ labels, ownerReferences: [set] }))).toEqual(['revision/s1/db-1']);
  });
});
