import { answering } from '../../support/observed/answering.ts';
import { describe, expect, test } from 'vitest';
import type { Namespace, Pod } from '../../../src/api/builtin.ts';
import { type ObjectMeta, refOf } from '../../../src/api/object.ts';
import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../../src/api/keptn/workload-version.ts';
import {
  decideNamespace,
  optInOperations,
  type NamespaceObservation,
} from '../../../src/domain/opt-in/namespace.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { WatchedPod } from '../../../src/domain/opt-in/withdrawn-opt-in.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';

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

/** What is decided when everything was read live; a Pod alone carries no version. */
function decide(
  namespace: Namespace,
  pods: readonly (Pod | WatchedPod)[],
  given: boolean | Partial<NamespaceObservation> = false,
): Plan {
  const watched = pods.map((one) =>
    'pod' in one ? one : { pod: one, version: undefined, versionRef: undefined },
  );
  return decideNamespace({
    namespace,
    pods: watched,
    holdsFailed: false,
    exclusion: undefined,
    live: answering(() => 'present'),
    ...(typeof given === 'boolean' ? { holdsFailed: given } : given),
  });
}

describe('optInOperations', () => {
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
    expect(optInOperations(metadata, false)).toEqual(want);
  });

  const withdrawn = { 'sluice.keptn.sh/enabled': 'withdrawn' };
  const released = { 'sluice.keptn.sh/release-held': 'true' };
  test.each([
    ['opted out', { labels: label }, [{ op: 'add', path: labelPath, value: 'withdrawn' }]],
    ['opted out before', { labels: withdrawn }, []],
    [
      'released by annotation',
      { annotations: released, labels: withdrawn },
      [{ op: 'remove', path: labelPath }],
    ],
    [
      'opted in again',
      { annotations: optIn, labels: withdrawn },
      [{ op: 'add', path: labelPath, value: 'true' }],
    ],
    [
      'opted in, and released by annotation',
      { annotations: { ...optIn, ...released }, labels: label },
      [],
    ],
  ])('while versions have failed: %s', (_, metadata, want) => {
    expect(optInOperations(metadata, true)).toEqual(want);
  });

  test('the label goes with the last version that has failed', () => {
    expect(optInOperations({ labels: withdrawn }, false)).toEqual([
      { op: 'remove', path: labelPath },
    ]);
  });
});

describe('decideNamespace', () => {
  test('labels a Namespace only as it was seen', () => {
    const plan = decide(aNamespace({ annotations: optIn }), []);
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
    expect(decide(aNamespace({ annotations: optIn, labels: label }), [])).toEqual({});
    const going = aNamespace({ annotations: optIn, deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(decide(going, [])).toEqual({});
  });

  test('opt-in withdrawn: the label goes first, then our gates and no others, each Pod told why', () => {
    const namespace = aNamespace({ labels: label });
    const pods = [
      aPod('held', ['other.example/gate', 'keptn-prechecks-gate']),
      aPod('free', []),
      aPod('going', ['keptn-prechecks-gate'], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ];
    const plan = decide(namespace, pods);
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
      {
        type: 'event',
        note: { about: { kind: 'Namespace' }, message: expect.stringContaining('1 Pod released') },
      },
    ]);
  });

  test('says so for ten Pods at most', () => {
    const pods = Array.from({ length: 25 }, (_, i) => aPod(`p${i}`, ['keptn-prechecks-gate']));
    const effects = decide(aNamespace(), pods).effects ?? [];
    expect(effects.filter(({ type }) => type === 'patch')).toHaveLength(25);
    const about = effects.flatMap((one) => (one.type === 'event' ? [one.note.about.kind] : []));
    expect(about.toSorted()).toEqual(['Namespace', ...Array<string>(10).fill('Pod')]);
  });

  test('opt-in withdrawn while versions have failed: the label gets another value, and our gates go', () => {
    const plan = decide(
      aNamespace({ labels: label }),
      [aPod('held', ['keptn-prechecks-gate'])],
      true,
    );
    expect(plan.effects?.slice(0, 2)).toMatchObject([
      { ref: { name: 'shop' }, operations: [{}, {}, { path: labelPath, value: 'withdrawn' }] },
      { ref: { name: 'held' } },
    ]);
  });

  test('left out by the installation: the label says so, its gates go, and an Event says why the opt-in has no effect', () => {
    const why = 'Namespace shop is among the deniedNamespaces of this installation';
    const held = aPod('held', ['keptn-prechecks-gate']);
    const plan = decide(aNamespace({ annotations: optIn, labels: label }), [held], {
      exclusion: why,
    });
    expect(plan.effects).toMatchObject([
      { ref: { name: 'shop' }, operations: [{}, {}, { path: labelPath, value: 'excluded' }] },
      { ref: { name: 'held' } },
      { note: { about: held, message: `The Pod starts without its checks: ${why}.` } },
      { note: { reason: 'NamespaceDisabled', message: expect.stringContaining(why) } },
      { note: { reason: 'NamespaceExcluded', message: expect.stringContaining(why) } },
    ]);
    const excluded = { 'sluice.keptn.sh/enabled': 'excluded' };
    expect(
      decide(aNamespace({ annotations: optIn, labels: excluded }), [], { exclusion: why }),
    ).toEqual({});
  });

  test('left out by the installation: what has failed stays held all the same', () => {
    const why = 'Namespace shop is among the deniedNamespaces of this installation';
    const version = aWorkloadVersion({ status: { status: 'Failed' } });
    const pod = aPod('held', ['keptn-prechecks-gate']);
    const failed = { pod, version, versionRef: refOf(KeptnWorkloadVersion, version) };
    const plan = decide(aNamespace({ annotations: optIn }), [failed], {
      holdsFailed: true,
      exclusion: why,
    });
    expect(JSON.stringify(plan.effects)).not.toContain('"path":"/spec');
    expect(JSON.stringify(plan.effects)).toContain(`The Pod stays held although ${why}`);
  });

  test('while opted in, no gate is touched', () => {
    const namespace = aNamespace({ annotations: optIn, labels: label });
    expect(decide(namespace, [aPod('held', ['keptn-prechecks-gate'])])).toEqual({});
  });
});

describe('opt-in withdrawn while a version has failed', () => {
  const failed = aWorkloadVersion({ status: { status: 'Failed' } });
  const open = aWorkloadVersion({
    metadata: { name: 'shop-pay-1' },
    status: { status: 'Progressing' },
  });
  const held = (
    name: string,
    version: KeptnWorkloadVersion | undefined,
    more = {},
  ): WatchedPod => ({
    pod: aPod(name, ['keptn-prechecks-gate'], more),
    version,
    versionRef: refOf(KeptnWorkloadVersion, version ?? failed),
  });
  const lifted = ({ effects = [] }: Plan): string[] =>
    effects.flatMap((one) =>
      one.type === 'patch' && one.operations.some(({ op }) => op === 'remove')
        ? [one.ref.name]
        : [],
    );
  const notes = ({ effects = [] }: Plan) =>
    effects.flatMap((one) => (one.type === 'event' ? [one.note] : []));

  test('the Pods of the failed version stay held and are marked, the others start, and the Namespace says so', () => {
    const plan = decide(aNamespace(), [held('cart', failed), held('pay', open)]);
    expect(lifted(plan)).toEqual(['pay']);
    const about = notes(plan).map(({ about: { kind, metadata } }) => `${kind} ${metadata.name}`);
    expect(about).toEqual(['Pod pay', 'Pod cart', 'Namespace shop']);
    expect(notes(plan).at(-1)?.message).toBe(
      'Namespace shop no longer carries keptn.sh/lifecycle-toolkit: enabled; 1 Pod released without checks (shop-pay-1); still held, because the checks of their versions have failed: 1 Pod (shop-cart-1.0.0); to start these, too: kubectl annotate namespace shop sluice.keptn.sh/release-held=true',
    );
    expect(plan.effects).toContainEqual(
      expect.objectContaining({
        ref: expect.objectContaining({ name: 'cart' }),
        operations: [
          { op: 'test', path: '/metadata/uid', value: 'uid-of-cart' },
          {
            op: 'add',
            path: '/metadata/annotations',
            value: { 'sluice.keptn.sh/held-after-opt-out': 'shop-cart-1.0.0' },
          },
        ],
      }),
    );
  });

  const marked = { annotations: { 'sluice.keptn.sh/held-after-opt-out': 'shop-cart-1.0.0' } };

  test('a marked Pod stays held without a word, also when its version is gone or is checked again', () => {
    for (const version of [failed, open, undefined])
      expect(decide(aNamespace(), [held('cart', version, marked)])).toEqual({});
  });

  test('sluice.keptn.sh/release-held: "true" on the Namespace starts them, and nothing else does', () => {
    const pods = [held('cart', failed, marked), held('cart-2', failed)];
    const released = (value: string) =>
      lifted(decide(aNamespace({ annotations: { 'sluice.keptn.sh/release-held': value } }), pods));
    expect(released('true')).toEqual(['cart', 'cart-2']);
    expect(released('false')).toEqual([]);
  });

  test.each<[string, Partial<KeptnWorkloadVersionStatus>]>([
    ['its tasks have failed', { preDeploymentStatus: 'Failed' }],
    ['its evaluations have failed', { preDeploymentEvaluationStatus: 'Failed' }],
    [
      'its application’s checks have failed',
      {
        conditions: [
          {
            type: 'Stalled',
            status: 'True',
            reason: 'AppChecksFailed',
            message: '',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    ],
  ])('a version counts as failed when %s', (_, status) => {
    expect(lifted(decide(aNamespace(), [held('cart', aWorkloadVersion({ status }))]))).toEqual([]);
  });

  test('what a cache says of a version lifts no gate before it was read live', () => {
    const plan = decideNamespace({
      namespace: aNamespace(),
      pods: [held('pay', open), held('pay-2', open), held('cart', undefined)],
      holdsFailed: false,
      exclusion: undefined,
      live: new Map(),
    });
    expect(plan).toEqual({
      look: [
        expect.objectContaining({ name: 'shop-pay-1' }),
        expect.objectContaining({ name: 'shop-cart-1.0.0' }),
      ],
    });
  });
});
