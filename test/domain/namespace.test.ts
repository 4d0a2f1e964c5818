import { describe, expect, test } from 'vitest';
import type { Namespace, Pod } from '../../src/api/builtin.ts';
import type { ObjectMeta } from '../../src/api/object.ts';
import { decideNamespace, labelOperations } from '../../src/domain/namespace.ts';

const optIn = { 'keptn.sh/lifecycle-toolkit': 'enabled' };
const label = { 'sluice.keptn.sh/enabled': 'true' };
const labelPath = '/metadata/labels/sluice.keptn.sh~1enabled';

function aNamespace(metadata: Partial<ObjectMeta> = {}): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', uid: 'n1', resourceVersion: '4', ...metadata },
  };
}

function aPod(name: string, gates: readonly string[], metadata: Partial<ObjectMeta> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      name,
      uid: `uid-of-${name}`,
      labels: { 'sluice.keptn.sh/watched': 'true' },
      ...metadata,
    },
    spec: { schedulingGates: gates.map((gate) => ({ name: gate })) },
  };
}

describe('labelOperations', () => {
  test.each([
    [
      'opted in without labels',
      { annotations: optIn },
      [{ op: 'add', path: '/metadata/labels', value: label }],
    ],
    [
      'opted in with other labels',
      { annotations: optIn, labels: { a: 'b' } },
      [{ op: 'add', path: labelPath, value: 'true' }],
    ],
    [
      'opted in with another value',
      { annotations: optIn, labels: { 'sluice.keptn.sh/enabled': 'no' } },
      [{ op: 'add', path: labelPath, value: 'true' }],
    ],
    ['in step', { annotations: optIn, labels: label }, []],
    ['opted out', { labels: label }, [{ op: 'remove', path: labelPath }]],
    ['never opted in', { labels: { a: 'b' } }, []],
    ['opted in by a label of the annotation’s key, which does not count', { labels: optIn }, []],
    [
      'with another value of the annotation',
      { annotations: { 'keptn.sh/lifecycle-toolkit': 'disabled' } },
      [],
    ],
  ])('%s', (_, metadata, want) => {
    expect(labelOperations(metadata)).toEqual(want);
  });
});

describe('decideNamespace', () => {
  test('labels a Namespace only as it was seen', () => {
    const plan = decideNamespace({ namespace: aNamespace({ annotations: optIn }), pods: [] });
    expect(plan).toMatchObject({
      onlyIfCurrent: { name: 'shop', resourceVersion: '4' },
      effects: [
        {
          type: 'patch',
          goneIsDone: true,
          operations: [
            { op: 'test', path: '/metadata/uid', value: 'n1' },
            { op: 'test', path: '/metadata/resourceVersion', value: '4' },
            { op: 'add', path: '/metadata/labels', value: label },
          ],
        },
      ],
    });
  });

  test('has nothing to do with a Namespace in step, and leaves one that is going alone', () => {
    expect(
      decideNamespace({ namespace: aNamespace({ annotations: optIn, labels: label }), pods: [] }),
    ).toEqual({});
    const going = aNamespace({ annotations: optIn, deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(decideNamespace({ namespace: going, pods: [] })).toEqual({});
  });

  test('opt-in withdrawn: the label goes first, then our gates and no others, each Pod told why', () => {
    const namespace = aNamespace({ labels: label });
    const pods = [
      aPod('held', ['other.example/gate', 'keptn-prechecks-gate']),
      aPod('free', []),
      aPod('going', ['keptn-prechecks-gate'], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ];
    const plan = decideNamespace({ namespace, pods });
    expect(plan.onlyIfCurrent).toMatchObject({ name: 'shop', resourceVersion: '4' });
    expect(plan.effects).toMatchObject([
      {
        type: 'patch',
        ref: { name: 'shop' },
        operations: [{}, {}, { op: 'remove', path: labelPath }],
      },
      {
        type: 'patch',
        ref: { name: 'held' },
        operations: expect.arrayContaining([
          { op: 'test', path: '/metadata/uid', value: 'uid-of-held' },
          { op: 'test', path: '/spec/schedulingGates/1/name', value: 'keptn-prechecks-gate' },
          { op: 'remove', path: '/spec/schedulingGates/1' },
        ]),
      },
      { type: 'patch', ref: { name: 'free' } },
      {
        type: 'event',
        note: { about: { metadata: { name: 'held' } }, reason: 'NamespaceDisabled' },
      },
    ]);
  });

  test('says so for ten Pods at most', () => {
    const pods = Array.from({ length: 25 }, (_, i) => aPod(`p${i}`, ['keptn-prechecks-gate']));
    const effects = decideNamespace({ namespace: aNamespace(), pods }).effects ?? [];
    expect(effects.filter(({ type }) => type === 'patch')).toHaveLength(25);
    expect(effects.filter(({ type }) => type === 'event')).toHaveLength(10);
  });

  test('while opted in, no gate is touched', () => {
    const namespace = aNamespace({ annotations: optIn, labels: label });
    expect(decideNamespace({ namespace, pods: [aPod('held', ['keptn-prechecks-gate'])] })).toEqual(
      {},
    );
  });
});
