import { describe, expect, test } from 'vitest';
import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { Change } from '../../../src/controllers/engine/effect-target.ts';
import { GateWatch } from '../../../src/controllers/loops/gate-watch.ts';
import { liftGate } from '../../../src/domain/gate/pod-gate.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { aReleasedStatus } from '../../support/builders/cart-version.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';
import { allIndexes } from '../../support/memory/all-indexes.ts';

const gate = 'keptn-prechecks-gate';

function watching() {
  const clock = new TestClock();
  const caches = new ObjectCaches({ clock, indexes: allIndexes });
  const feeds = new Map(
    [PodKind, KeptnWorkload, KeptnWorkloadVersion].map((kind) => [kind.kind, caches.feed(kind)]),
  );
  const removed: object[] = [];
  const watch = new GateWatch({
    caches,
    clock,
    operatorNamespace: 'keptn-system',
    metrics: { gateRemoved: (seen) => void removed.push(seen) },
  });
  let resourceVersion = 0;
  const stored = <T extends KubernetesObject>(object: T): T => {
    resourceVersion += 1;
    const { metadata } = object;
    return { ...object, metadata: { ...metadata, resourceVersion: String(resourceVersion) } };
  };
  const changed = (object: KubernetesObject): void =>
    feeds.get(object.kind)?.changed(stored(object));
  const deleted = (object: KubernetesObject): void =>
    feeds.get(object.kind)?.deleted(stored(object));
  const leading = new AbortController();
  return { clock, caches, watch, removed, changed, deleted, leading };
}

function aHeldPod(clock: TestClock, gates: readonly string[] = [gate], name = 'cart-1'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-of-${name}`,
      creationTimestamp: new Date(clock.now()).toISOString(),
      annotations: {
        'keptn.sh/app': 'shop',
        'keptn.sh/workload': 'cart',
        'keptn.sh/version': '1.0.0',
      },
    },
    spec: { schedulingGates: gates.map((one) => ({ name: one })) },
  };
}

/** The patch by which the controllers let a Pod go. */
const lifted = (pod: Pod): Change => {
  const effect = liftGate(pod);
  if (effect?.type !== 'patch') throw new Error('there is no gate');
  return effect;
};

const workload = aWorkload();
const version = (status?: KeptnWorkloadVersion['status']): KeptnWorkloadVersion =>
  aWorkloadVersion({
    metadata: {
      ownerReferences: [
        {
          apiVersion: KeptnWorkload.apiVersion,
          kind: KeptnWorkload.kind,
          name: workload.metadata.name,
          uid: workload.metadata.uid ?? '',
        },
      ],
    },
    status: status ?? { status: 'Progressing' },
  });

describe('the gates of Pods, for metrics', () => {
  test('a held Pod is counted by why it is held, with its age', () => {
    const { clock, watch, changed, leading } = watching();
    watch.start(leading.signal);
    changed(aHeldPod(clock));
    clock.advance(60_000);
    expect(watch.held()).toEqual(new Map([['VersionUnknown', { count: 1, oldestMs: 60_000 }]]));
    changed(workload);
    changed(version());
    expect(watch.held()).toEqual(new Map([['ChecksRunning', { count: 1, oldestMs: 60_000 }]]));
  });

  test('a gate that is removed tells how long the Pod was held, and how long after its release', () => {
    const { clock, watch, changed, removed, leading } = watching();
    watch.start(leading.signal);
    changed(workload);
    changed(version());
    const pod = aHeldPod(clock);
    changed(pod);
    clock.advance(30_000);
    changed(version(aReleasedStatus));
    clock.advance(20);
    expect([...watch.held().keys()]).toEqual(['Releasing']);
    watch.performed(lifted(pod));
    expect(removed).toEqual([{ waitedMs: 30_020, removalMs: 20 }]);
    expect(watch.held().size).toBe(0);
  });

  test('a version that is made after its first Pod was held is known once it is Released', () => {
    const { clock, watch, changed, deleted, removed, leading } = watching();
    watch.start(leading.signal);
    const pod = aHeldPod(clock);
    changed(pod);
    changed(workload);
    changed(version());
    clock.advance(5_000);
    changed(version(aReleasedStatus));
    clock.advance(20);
    deleted(pod);
    watch.performed(lifted(pod));
    expect(removed).toEqual([{ waitedMs: 5_020, removalMs: 20 }]);
  });

  test('a Pod that comes after the release waits from when it was seen', () => {
    const { clock, watch, changed, removed, leading } = watching();
    watch.start(leading.signal);
    changed(workload);
    changed(version());
    changed(version(aReleasedStatus));
    clock.advance(3_600_000);
    const pod = aHeldPod(clock);
    changed(pod);
    clock.advance(15);
    watch.performed(lifted(pod));
    expect(removed).toEqual([{ waitedMs: 15, removalMs: 15 }]);
  });

  test('a gate that goes although nothing was Released is no removal after a release', () => {
    const { clock, watch, changed, removed, leading } = watching();
    watch.start(leading.signal);
    const pod = aHeldPod(clock);
    changed(pod);
    clock.advance(1_000);
    watch.performed(lifted(pod));
    expect(removed).toEqual([{ waitedMs: 1_000, removalMs: undefined }]);
  });

  test('the watch may tell of the gate’s end before the API server has answered the patch', () => {
    const { clock, watch, changed, deleted, removed, leading } = watching();
    watch.start(leading.signal);
    changed(workload);
    changed(version(aReleasedStatus));
    const pod = aHeldPod(clock);
    changed(pod);
    clock.advance(10);
    deleted(pod);
    watch.performed(lifted(pod));
    watch.performed(lifted(pod));
    expect(removed).toEqual([{ waitedMs: 10, removalMs: 10 }]);
  });

  test('a Pod that is deleted while it is held, and one held by another gate, count for nothing', () => {
    const { clock, watch, changed, deleted, removed, leading } = watching();
    watch.start(leading.signal);
    const pod = aHeldPod(clock);
    changed(pod);
    deleted(pod);
    changed(aHeldPod(clock, ['other'], 'cart-2'));
    expect(watch.held().size).toBe(0);
    expect(removed).toEqual([]);
  });

  test('what is held when leading begins is known, and nothing is once it ends', async () => {
    const { clock, watch, changed, leading } = watching();
    changed(aHeldPod(clock));
    watch.start(leading.signal);
    await expect.poll(() => watch.held().size).toBe(1);
    leading.abort();
    expect(watch.held().size).toBe(0);
  });
});
