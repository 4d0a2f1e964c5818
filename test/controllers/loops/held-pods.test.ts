import { describe, expect, test } from 'vitest';
import type { Namespace, Pod } from '../../../src/api/builtin.ts';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { JsonPatchOperation } from '../../../src/api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../../src/api/object.ts';
import { type FailedSweep, HeldPodSweep } from '../../../src/controllers/loops/held-pods.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

const namespace = (name: string, enabled: boolean): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...(enabled && { annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' } }) },
});

const pod = (name: string, gates: string[], labels?: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...(labels && { labels }) },
  spec: { schedulingGates: gates.map((gate) => ({ name: gate })) },
});

const gate = 'keptn-prechecks-gate';

function aSweep(
  pods: Record<string, Pod[]>,
  refuse: (pod: string) => ClusterError | undefined = () => undefined,
) {
  const patches: { ref: ObjectRef; operations: readonly JsonPatchOperation[] }[] = [];
  const listed: string[] = [];
  const failed: FailedSweep[] = [];
  const names = ['broken', 'shop'];
  const namespaces = [
    ...names.map((name) => namespace(name, true)),
    namespace('other', false),
    namespace('denied', true),
  ];
  const clock = new TestClock();
  const sweep = new HeldPodSweep({
    operatorNamespace: 'keptn-system',
    deniedNamespaces: ['denied'],
    clock,
    random: () => 0,
    onFailure: (what) => void failed.push(what),
    lookup: {
      get: () => undefined,
      byIndex: () => [],
      byOwner: () => [],
      list: <T extends KubernetesObject>(kind: Kind<T>): readonly T[] => {
        const found: readonly KubernetesObject[] = kind.kind === 'Namespace' ? namespaces : [];
        return found.filter((object): object is T => object.kind === kind.kind);
      },
    },
    pods: {
      async *pendingPods(name) {
        listed.push(name);
        const error = refuse(name);
        if (error !== undefined) throw error;
        yield pods[name] ?? [];
      },
    },
    cluster: {
      patch: async (ref, operations) => {
        const error = refuse(ref.name);
        if (error !== undefined) throw error;
        patches.push({ ref, operations });
        return pod(ref.name, []);
      },
    },
  });
  return { sweep, patches, listed, clock, failed };
}

describe('the sweep for held Pods without our label', () => {
  const forever = new AbortController().signal;

  test('labels Pods with our gate that nobody watches, and no others', async () => {
    const { sweep, patches } = aSweep({
      shop: [
        pod('by-keptn', [gate]),
        pod('foreign', ['kueue.x-k8s.io/admission']),
        pod('watched', [gate], { 'sluice.keptn.sh/watched': 'true' }),
        pod('with-labels', ['other', gate], { app: 'cart' }),
      ],
    });
    expect(await sweep.sweep(forever)).toBe(2);
    expect(patches.map(({ ref }) => ref.name)).toEqual(['by-keptn', 'with-labels']);
    expect(patches[0]?.operations).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-by-keptn' },
      { op: 'add', path: '/metadata/labels', value: { 'sluice.keptn.sh/watched': 'true' } },
    ]);
    expect(patches[1]?.operations.at(-1)).toEqual({
      op: 'add',
      path: '/metadata/labels/sluice.keptn.sh~1watched',
      value: 'true',
    });
  });

  test('looks only into namespaces that are opted in', async () => {
    const { sweep, listed } = aSweep({ other: [pod('x', [gate])] });
    expect(await sweep.sweep(forever)).toBe(0);
    expect(listed).toEqual(['broken', 'shop']);
  });

  test.each([404, 409, 422])(
    'a Pod that changed meanwhile (%i) is nobody’s fault',
    async (code) => {
      const message = 'the server rejected our request due to an error in our request: test failed';
      const { sweep, failed } = aSweep({ shop: [pod('a', [gate])] }, (name) =>
        name === 'a' ? new ClusterError({ code, reason: 'x', message }) : undefined,
      );
      expect(await sweep.sweep(forever)).toBe(0);
      expect(failed).toEqual([]);
    },
  );

  test.each([403, 422, 500])(
    'a Pod or Namespace that is refused (%i) stops no other, and is tried again ever later',
    async (code) => {
      const refused = new Set(['broken', 'bad']);
      const { sweep, patches, failed, clock } = aSweep(
        { shop: [pod('bad', [gate]), pod('good', [gate])] },
        (name) =>
          refused.has(name)
            ? new ClusterError({ code, reason: 'x', message: 'denied by a policy' })
            : undefined,
      );
      expect(await sweep.sweep(forever)).toBe(1);
      expect(patches.map(({ ref }) => ref.name)).toEqual(['good']);
      expect(failed).toMatchObject([
        { namespace: 'broken', failures: 1 },
        { namespace: 'shop', pod: 'bad', failures: 1 },
      ]);
      // The second failure is waited out twice as long.
      for (let sweeps = 0; sweeps < 4; sweeps += 1) {
        clock.advance(10 * 60_000);
        await sweep.sweep(forever);
      }
      expect(failed.filter((one) => one.pod === 'bad').map(({ failures }) => failures)).toEqual([
        1, 2, 3,
      ]);
      refused.clear();
      clock.advance(6 * 60 * 60_000);
      expect(await sweep.sweep(forever)).toBe(2);
    },
  );

  test('is repeated every ten minutes and stops with its signal', async () => {
    const { sweep, listed, clock } = aSweep({});
    const stop = new AbortController();
    sweep.start(stop.signal);
    await clock.advanceAsync(0);
    expect(listed).toHaveLength(2);
    await clock.advanceAsync(10 * 60_000);
    expect(listed).toHaveLength(4);
    stop.abort();
    expect(clock.leftovers).toEqual([]);
  });
});
