import { describe, expect, test } from 'vitest';
import type { Namespace, Pod } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import type { JsonPatchOperation } from '../../src/api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import { HeldPodSweep } from '../../src/controllers/held-pods.ts';
import { TestClock } from '../support/test-clock.ts';

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

function aSweep(pods: Record<string, Pod[]>, refuse?: number) {
  const patches: { ref: ObjectRef; operations: readonly JsonPatchOperation[] }[] = [];
  const listed: string[] = [];
  const namespaces = [namespace('shop', true), namespace('other', false)];
  const clock = new TestClock();
  const sweep = new HeldPodSweep({
    clock,
    lookup: {
      get: () => undefined,
      byIndex: () => [],
      list: <T extends KubernetesObject>(kind: Kind<T>): readonly T[] => {
        const found: readonly KubernetesObject[] = kind.kind === 'Namespace' ? namespaces : [];
        return found.filter((object): object is T => object.kind === kind.kind);
      },
    },
    pods: {
      async *pendingPods(name) {
        listed.push(name);
        yield pods[name] ?? [];
      },
    },
    cluster: {
      patch: async (ref, operations) => {
        if (refuse !== undefined)
          throw new ClusterError({ code: refuse, reason: 'x', message: 'no' });
        patches.push({ ref, operations });
        return pod(ref.name, []);
      },
    },
  });
  return { sweep, patches, listed, clock };
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
    expect(listed).toEqual(['shop']);
  });

  test.each([404, 409, 422])('a Pod that changed meanwhile (%i) does not stop it', async (code) => {
    const { sweep } = aSweep({ shop: [pod('a', [gate])] }, code);
    expect(await sweep.sweep(forever)).toBe(0);
  });

  test('is repeated every ten minutes and stops with its signal', async () => {
    const { sweep, listed, clock } = aSweep({});
    const stop = new AbortController();
    sweep.start(stop.signal);
    await clock.advanceAsync(0);
    expect(listed).toHaveLength(1);
    await clock.advanceAsync(10 * 60_000);
    expect(listed).toHaveLength(2);
    stop.abort();
    expect(clock.leftovers).toEqual([]);
  });
});
