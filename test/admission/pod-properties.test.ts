import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeFinalPod } from '../../src/admission/pod/final-pod.ts';
import { gatePod } from '../../src/admission/pod/gate-pod.ts';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import type { Pod } from '../../src/api/builtin.ts';
import { aWorkload, aWorkloadVersion } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { admitted, patchOf, requestFor } from '../support/builders/reviews.ts';
import {
  aDaemonSet,
  aDeployment,
  aPod,
  aReplicaSet,
  aStatefulSet,
  namespace,
  ownedBy,
} from '../support/builders/workloads.ts';

const settings = { operatorNamespace: 'keptn-system' };
const released = {
  type: 'Released',
  status: 'True',
  reason: 'ChecksPassed',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

const deployment = aDeployment({
  annotations: { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '2' },
});
const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)] });
const olderSet = aReplicaSet({
  name: 'cart-old',
  template: { digest: 'older' },
  owners: [ownedBy(deployment)],
});
const plain = aDeployment({ name: 'plain' });
const plainSet = aReplicaSet({ name: 'plain-1', owners: [ownedBy(plain)] });
const statefulSet = aStatefulSet({ annotations: { 'app.kubernetes.io/name': 'DB_1' } });
const daemonSet = aDaemonSet({
  annotations: { 'keptn.sh/workload': 'agent', 'keptn.sh/container': 'no' },
});
const unknownSet = aReplicaSet({ name: 'not-cached' });

const lookup = fixedLookup(
  [
    deployment,
    replicaSet,
    olderSet,
    plain,
    plainSet,
    statefulSet,
    daemonSet,
    aWorkload({ metadata: { name: 'cart-cart', namespace }, spec: { app: 'cart', version: '1' } }),
    aWorkloadVersion({
      metadata: { name: 'cart-cart-1', namespace },
      spec: { app: 'cart', workloadName: 'cart-cart', version: '1' },
      status: { conditions: [released], releasedRevisions: [olderSet.metadata.uid ?? ''] },
    }),
  ],
  admissionIndexes,
);

const owners = [replicaSet, olderSet, plainSet, statefulSet, daemonSet, unknownSet];
const key = fc.oneof(
  fc.constantFrom(
    'keptn.sh/app',
    'keptn.sh/workload',
    'keptn.sh/version',
    'keptn.sh/container',
    'keptn.sh/scheduling-gate-removed',
    'keptn.sh/app-type',
    'app.kubernetes.io/name',
    'app.kubernetes.io/version',
    'controller-revision-hash',
    'sluice.keptn.sh/watched',
    'sluice.keptn.sh/explanation',
    '__proto__',
    'constructor',
    'a/b~1c',
  ),
  fc.string(),
);
const value = fc.oneof(
  fc.constantFrom('', '1', '2', 'cart', 'rev-1', 'single-service'),
  fc.string({ unit: 'binary' }),
);
// As JSON.parse makes it: `__proto__` is a key like any other.
const stringMap = fc
  .array(fc.tuple(key, value), { maxLength: 6 })
  .map((entries): Record<string, string> => Object.fromEntries(entries));
const gates = fc.array(
  fc.record({ name: fc.constantFrom('keptn-prechecks-gate', 'kueue.x-k8s.io/admission', 'z') }),
  { maxLength: 3 },
);
const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const anyPod: fc.Arbitrary<Pod> = fc
  .record({
    labels: option(stringMap),
    annotations: option(stringMap),
    owner: option(fc.constantFrom(...owners)),
    schedulingGates: option(gates),
    foreign: fc.jsonValue({ depthSize: 'small' }),
  })
  .map(({ labels, annotations, owner, schedulingGates, foreign }) => {
    const pod = aPod({
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(owner && { owners: [ownedBy(owner)] }),
    });
    return {
      ...pod,
      spec: { ...pod.spec, ...(schedulingGates && { schedulingGates }), newField: foreign },
    };
  });

const judge = (pod: Pod) => gatePod(requestFor(pod), lookup, settings);
const ownGate = 'keptn-prechecks-gate';
const foreignGates = (pod: Pod) =>
  (pod.spec?.schedulingGates ?? []).filter(({ name }) => name !== ownGate);

/** Without what is Sluice's to change. */
function foreignPart(pod: Pod): unknown {
  const { labels: _labels, annotations: _annotations, ...metadata } = pod.metadata;
  const { schedulingGates: _gates, ...spec } = pod.spec ?? {};
  return { ...pod, metadata, spec };
}

describe('whatever Pod is created', () => {
  const holds = (claim: (pod: Pod) => void) => () => {
    fc.assert(fc.property(anyPod, claim), { numRuns: 500 });
  };

  test(
    'B7: no operation addresses anything but the own gate, labels and annotations',
    holds((pod) => {
      for (const { path } of patchOf(judge(pod))) {
        expect(path).toMatch(
          /^\/(metadata\/(labels|annotations)(\/(sluice\.)?keptn\.sh~1[a-z-]+)?|spec\/schedulingGates(\/-)?)$/,
        );
      }
    }),
  );

  test(
    'a map or list is only added as a whole where there was none',
    holds((pod) => {
      for (const { op, path } of patchOf(judge(pod))) {
        if (path === '/metadata/labels')
          expect([op, pod.metadata.labels]).toEqual(['add', undefined]);
        if (path === '/metadata/annotations') {
          expect([op, pod.metadata.annotations]).toEqual(['add', undefined]);
        }
        if (path === '/spec/schedulingGates') {
          expect([op, pod.spec?.schedulingGates]).toEqual(['add', undefined]);
        }
      }
    }),
  );

  test(
    'judging it again changes nothing more',
    holds((pod) => {
      const once = admitted(pod, judge(pod));
      expect(patchOf(judge(once))).toEqual([]);
    }),
  );

  test(
    'everything that is not Sluice’s stays as it was, foreign gates and keys included',
    holds((pod) => {
      const entered = admitted(pod, judge(pod));
      expect(foreignGates(entered)).toEqual(foreignGates(pod));
      expect(foreignPart(entered)).toEqual(foreignPart(pod));
      const isOwn = ([name]: [string, string]) => /^(sluice\.)?keptn\.sh\//.test(name);
      const kept = (map?: Record<string, string>) =>
        Object.entries(map ?? {}).filter((entry) => !isOwn(entry));
      expect(kept(entered.metadata.labels)).toEqual(kept(pod.metadata.labels));
      expect(kept(entered.metadata.annotations)).toEqual(kept(pod.metadata.annotations));
    }),
  );

  test(
    'a held Pod carries the gate once, the label by which it is watched and an explanation of one line',
    holds((pod) => {
      const patched = patchOf(judge(pod)).some(({ path }) =>
        path.startsWith('/spec/schedulingGates'),
      );
      const entered = admitted(pod, judge(pod));
      if (!patched) return;
      const own = entered.spec?.schedulingGates?.filter(({ name }) => name === ownGate);
      expect(own).toHaveLength(1);
      expect(entered.metadata.labels?.['sluice.keptn.sh/watched']).toBe('true');
      expect(entered.metadata.annotations?.['sluice.keptn.sh/explanation']).toMatch(
        /^Held by Sluice: .{1,1000}$/u,
      );
    }),
  );

  test(
    'what Sluice let in passes the last look at the end of admission',
    holds((pod) => {
      const entered = admitted(pod, judge(pod));
      expect(judgeFinalPod(requestFor(entered), lookup, settings).type).toBe('allowed');
    }),
  );

  test('each way of judging occurs among them', () => {
    const kinds = new Set<string>();
    for (const pod of fc.sample(anyPod, { numRuns: 2000, seed: 7 })) {
      const paths = patchOf(judge(pod)).map(({ path }) => path.split('/').slice(0, 3).join('/'));
      kinds.add([...new Set(paths)].toSorted().join(' '));
    }
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        '',
        '/metadata/annotations /metadata/labels',
        '/metadata/annotations /metadata/labels /spec/schedulingGates',
      ]),
    );
  });
});
