import type { CacheChange } from '../../../src/ports/cache-change.ts';
import { describe, expect, test } from 'vitest';
import { NamespaceKind, type Namespace, type Pod } from '../../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import { BypassedPods } from '../../../src/controllers/loops/bypassed-pods.ts';
import type { Caches } from '../../../src/controllers/engine/cluster.ts';
import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../../src/api/keptn/workload-version.ts';
import type { EventNote } from '../../../src/domain/plan.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { settled, TestClock } from '../../support/clock-and-chance/test-clock.ts';
import {
  aDeployment,
  aPod,
  aReplicaSet,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const enabled = (name: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    uid: `uid-${name}`,
    annotations: {
      'keptn.sh/lifecycle-toolkit': 'enabled',
      'sluice.keptn.sh/opt-in-recorded': `uid-${name}`,
    },
  },
});

const annotations = {
  'keptn.sh/app': 'shop',
  'keptn.sh/workload': 'cart',
  'keptn.sh/version': '1.2.0',
};
const deployment = aDeployment();
const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
const owners = [ownedBy(replicaSet)];
const running = (pod: Pod): Pod => ({ ...pod, status: { phase: 'Running' } });

const versionsByOwner = {
  kind: KeptnWorkloadVersion,
  name: 'owner-uid',
  values: ({ metadata }: KubernetesObject) =>
    (metadata.ownerReferences ?? []).map(({ uid }) => uid),
};

function aReport(pods: readonly Pod[], world: readonly KubernetesObject[] = []) {
  const notes: EventNote[] = [];
  const reporters: string[] = [];
  const counts: [string, number][] = [];
  const asked: string[] = [];
  const listeners: ((change: CacheChange<Namespace>) => void)[] = [];
  const lookup = fixedLookup([deployment, replicaSet, ...world], [versionsByOwner]);
  const caches: Caches = {
    get: (kind, place, name) => lookup.get(kind, place, name),
    list: (kind, place) => lookup.list(kind, place),
    byIndex: (index, value) => lookup.byIndex(index, value),
    byOwner: (kind, uid) => lookup.byOwner(kind, uid),
    walk: (kind) => lookup.list(kind),
    observe: () => undefined,
    forget: () => undefined,
    subscribe<T extends KubernetesObject>(
      kind: Kind<T>,
      listener: (change: CacheChange<T>) => void,
    ) {
      expect(kind.kind).toBe(NamespaceKind.kind);
      const typed: (change: CacheChange<never>) => void = listener;
      listeners.push((change) => Reflect.apply(typed, undefined, [change]));
      return () => void listeners.pop();
    },
  };
  const clock = new TestClock();
  const report = new BypassedPods({
    caches,
    clock,
    events: {
      record: (note, reporter) => void (notes.push(note), reporters.push(reporter)),
    },
    operatorNamespace: 'keptn-system',
    deniedNamespaces: ['denied'],
    pods: {
      async *runningPods(name) {
        asked.push(name);
        yield pods;
      },
    },
    onFound: (name, count) => void counts.push([name, count]),
    onFailure: (_name, error) => {
      throw error;
    },
  });
  return { report, notes, reporters, counts, asked, listeners, clock };
}

describe('Pods that run without ever having been judged', () => {
  const forever = new AbortController().signal;

  test('are not looked for in Namespaces that the installation leaves out', async () => {
    const stop = new AbortController();
    const { report, asked } = aReport([], [enabled('denied'), enabled('shop')]);
    report.start(stop.signal);
    await settled();
    expect(asked).toEqual(['shop']);
    stop.abort();
  });

  test('are counted and reported with one Event on their owner', async () => {
    const pods = ['cart-a', 'cart-b'].map((name) => running(aPod({ name, owners, annotations })));
    const { report, notes } = aReport(pods);
    expect(await report.report(namespace, forever)).toBe(2);
    expect(notes).toMatchObject([{ reason: 'Bypassed', type: 'Warning', about: deployment }]);
    expect(notes[0]?.message).toContain('2 Pods run');
  });

  test.each([
    ['is not annotated', aPod({ owners })],
    [
      'is held',
      {
        ...aPod({ owners, annotations }),
        spec: { schedulingGates: [{ name: 'keptn-prechecks-gate' }] },
      },
    ],
  ])('a Pod that %s is none of them', async (_what, pod) => {
    const { report, notes } = aReport([running(pod)]);
    expect(await report.report(namespace, forever)).toBe(0);
    expect(notes).toEqual([]);
  });

  test('a marker that says its gate was removed hides no Pod of which no release is on record', async () => {
    const marker = { 'keptn.sh/scheduling-gate-removed': 'true' };
    const { report, notes } = aReport([
      running(aPod({ owners, annotations: { ...annotations, ...marker } })),
    ]);
    expect(await report.report(namespace, forever)).toBe(1);
    expect(notes[0]?.message).toContain('with the gate removed by hand');
  });

  test('of a Namespace that is gone are forgotten, and told of again in one of its name', async () => {
    const pods = [running(aPod({ owners, annotations }))];
    const { report, notes, listeners } = aReport(pods);
    const stop = new AbortController();
    report.start(stop.signal);
    await report.report(namespace, forever);
    for (const listener of listeners) listener({ type: 'deleted', object: enabled(namespace) });
    expect(report.found).toBeUndefined();
    await report.report(namespace, forever);
    expect(notes).toHaveLength(2);
    stop.abort();
  });

  test('are looked for every ten minutes, and told of again when there are more', async () => {
    const pods = [running(aPod({ owners, annotations }))];
    const { report, notes, asked, clock } = aReport(pods, [enabled(namespace)]);
    const stop = new AbortController();
    report.start(stop.signal);
    await expect.poll(() => clock.leftovers).toEqual([600_000]);
    await clock.advanceAsync(600_000);
    await expect.poll(() => clock.leftovers).toEqual([600_000]);
    expect(asked).toEqual([namespace, namespace]);
    expect(notes).toHaveLength(1);
    pods.push(running(aPod({ name: 'cart-b', owners, annotations })));
    await clock.advanceAsync(600_000);
    await expect.poll(() => notes).toHaveLength(2);
    await expect.poll(() => clock.leftovers).toEqual([600_000]);
    stop.abort();
    expect(clock.leftovers).toEqual([]);
  });

  test('a Pod that nothing owns is told of itself, if it carries Keptn’s own keys', async () => {
    const labels = { 'app.kubernetes.io/name': 'db' };
    const bare = running(aPod({ name: 'bare', annotations }));
    const { report, notes, reporters } = aReport([bare, running(aPod({ name: 'db-1', labels }))]);
    expect(await report.report(namespace, forever)).toBe(1);
    expect(notes).toMatchObject([{ about: bare, reason: 'NothingChecked' }]);
    // The controller of Pods says the same when the Pod is made: under one name it is one Event with a count.
    expect(reporters).toEqual(['pod-gate']);
  });

  describe('of a version with a release on record', () => {
    const workload = aWorkload({ metadata: { name: 'shop-cart', namespace, uid: 'uid-cart' } });
    const owner = { apiVersion: 'v1', kind: 'KeptnWorkload', name: 'shop-cart', uid: 'uid-cart' };
    const withStatus = (status: KeptnWorkloadVersionStatus) => [
      { ...workload, spec: { ...workload.spec, app: 'shop' } },
      aWorkloadVersion({
        metadata: { name: 'shop-cart-1.2.0', namespace, ownerReferences: [owner] },
        spec: { app: 'shop', workloadName: 'shop-cart', version: '1.2.0' },
        status,
      }),
    ];
    const at = (creationTimestamp: string): Pod => {
      const pod = running(aPod({ owners, annotations }));
      return { ...pod, metadata: { ...pod.metadata, creationTimestamp } };
    };

    test('a Pod is none of them', async () => {
      const released = {
        type: 'Released',
        status: 'True',
        reason: 'ChecksPassed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      } as const;
      const { report } = aReport(
        [at('2026-01-01T00:00:00Z')],
        withStatus({ conditions: [released] }),
      );
      expect(await report.report(namespace, forever)).toBe(0);
    });

    test('by hand that is over, a Pod that came in time is none of them, and a later one is', async () => {
      const releasedByHand = {
        user: 'alice',
        time: '2026-01-01T10:00:00Z',
        reason: 'hotfix',
        until: '2026-01-01T11:00:00Z',
      };
      const pods = [at('2026-01-01T10:59:00Z'), at('2026-01-01T11:01:00Z')];
      const { report } = aReport(pods, withStatus({ releasedByHand }));
      expect(await report.report(namespace, forever)).toBe(1);
    });
  });

  test('are looked for in every enabled Namespace at start, and in one that opts in later', async () => {
    const pods = [running(aPod({ owners, annotations }))];
    const { report, counts, asked, listeners } = aReport(pods, [enabled(namespace)]);
    const stop = new AbortController();
    report.start(stop.signal);
    await expect.poll(() => counts).toEqual([[namespace, 1]]);
    const later = enabled('later');
    listeners[0]?.({
      type: 'modified',
      object: later,
      previous: { ...later, metadata: { name: 'later' } },
    });
    await expect.poll(() => asked).toEqual([namespace, 'later']);
    listeners[0]?.({ type: 'modified', object: later, previous: later });
    stop.abort();
    expect(listeners).toEqual([]);
    expect(asked).toEqual([namespace, 'later']);
  });
});
