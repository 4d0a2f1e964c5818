import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import type { Pod, ReplicaSet } from '../../../src/api/builtin.ts';
import {
  keptnAnnotations,
  schedulingGate,
  sluiceKeys,
} from '../../../src/api/keptn/annotations.ts';
import type { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { withProgress } from '../../../src/domain/conditions.ts';
import { identityOf } from '../../../src/domain/identity/identity.ts';
import type { OwnerChain } from '../../../src/domain/owner/owner-chain.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import {
  decidePodGate,
  gateIndex,
  liftGate,
  type PodGateSeen,
} from '../../../src/domain/gate/pod-gate.ts';
import { proofOf } from '../../../src/domain/owner/revision.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';
import { answers, type Asked, nowText, now } from '../../support/observed/lifecycle-seen.ts';
import { aStatefulSetAt, inShop } from '../../support/builders/owner-builders.ts';
import { aDeployment, aPod, aReplicaSet, ownedBy } from '../../support/builders/workloads.ts';

const gates = [{ name: 'foreign.example/first' }, { name: schedulingGate }, { name: 'kueue' }];
const annotated = {
  [keptnAnnotations.app]: 'shop',
  [keptnAnnotations.workload]: 'cart',
  [keptnAnnotations.version]: '1.0.0',
};
const deployment = inShop(aDeployment());
const replicaSet: ReplicaSet = inShop(aReplicaSet({ owners: [ownedBy(deployment)] }));

/** A Pod of `replicaSet` that our gate holds. */
function held(given: Parameters<typeof aPod>[0] = { annotations: annotated }): Pod {
  const labels = { [sluiceKeys.watched]: 'true' };
  const pod = inShop(aPod({ labels, owners: [ownedBy(replicaSet)], ...given }));
  return { ...pod, spec: { ...pod.spec, schedulingGates: gates } };
}

const condition = (type: string, message = '') => ({
  type,
  status: 'True' as const,
  reason: 'R',
  message,
  lastTransitionTime: nowText,
});
const released = aWorkloadVersion({ status: { conditions: [condition('Released')] } });
const stalled = aWorkloadVersion({
  status: { status: 'Failed', conditions: [condition('Stalled', 'smoke failed: exit code 3')] },
});

function gateSeen(
  given: Partial<Omit<PodGateSeen, 'live'>> &
    Pick<Asked, 'live'> & { version?: KeptnWorkloadVersion } = {},
): PodGateSeen {
  const { live, ...own } = given;
  const { pod = held(), chain = knownChain(pod) } = own;
  return {
    pod,
    chain,
    identity: identityOf(pod, chain),
    proof: proofOf(pod, chain),
    version: undefined,
    now,
    listing: undefined,
    isExplained: true,
    ...own,
    live: answers(live && { live }).live,
  };
}

function knownChain(pod: Pod, parent = deployment): OwnerChain {
  const [reference = ownedBy(replicaSet)] = pod.metadata.ownerReferences ?? [];
  return {
    type: 'known',
    reference,
    owner: {
      kind: 'ReplicaSet',
      object: replicaSet,
      parent: { kind: 'Deployment', object: parent },
    },
  };
}

/** The Pod after the patches of a plan. */
function patched(pod: Pod, { effects = [], afterwards = [] }: Plan): Pod {
  const patches = [...effects, ...afterwards].flatMap((effect) =>
    effect.type === 'patch' ? [effect.operations] : [],
  );
  return patches.reduce(
    (document, operations) =>
      jsonpatch.applyPatch(document, structuredClone([...operations]), true, false).newDocument,
    structuredClone(pod),
  );
}

describe('where released versions are listed, the gate of a Pod', () => {
  const nowMs = now;
  const listOf = (...entries: string[]) => ({
    list: { spec: { entries: Object.fromEntries(entries.map((entry) => [entry, true])) } },
    now: nowMs,
  });
  const pod = held();
  const revision = `revision/${replicaSet.metadata.uid ?? ''}`;

  test('goes only once its revision is on the list', () => {
    const waiting = decidePodGate(gateSeen({ pod, version: released, listing: listOf() }));
    expect(waiting).toEqual({ wakeAfterMs: 200 });
    const listed = gateSeen({ pod, version: released, listing: listOf(revision) });
    expect(decidePodGate(listed).afterwards).toHaveLength(1);
  });

  test.each([
    [
      'five seconds after the release, for a list that cannot be written',
      { ...listOf(), now: nowMs + 5_000 },
    ],
    [
      'of a list that has no room',
      { list: { spec: { entries: {} }, status: { leftOut: 3 } }, now: nowMs },
    ],
    ['where the clock stands before the release', { ...listOf(), now: nowMs - 60_000 }],
  ])('goes without it %s', (_, listing) => {
    const seen = gateSeen({ pod, version: released, listing });
    expect(decidePodGate(seen).afterwards).toHaveLength(1);
  });
});

describe('B4: a held Pod', () => {
  test('starts when the version it carries is Released, in one patch', () => {
    const status = { ...released.status, releasedRevisions: [replicaSet.metadata.uid ?? ''] };
    const seen = gateSeen({ version: { ...released, status } });
    const { afterwards = [] } = decidePodGate(seen);
    expect(afterwards).toHaveLength(1);
    const pod = patched(seen.pod, { afterwards });
    expect(pod.spec?.schedulingGates).toEqual([gates[0], gates[2]]);
    expect(pod.metadata.labels).toEqual({});
    expect(pod.metadata.annotations).toEqual({
      ...annotated,
      [keptnAnnotations.gateRemoved]: 'true',
    });
  });

  test('starts at once and stays watched while its revision is not on record, so that its owner is learnt of', () => {
    const seen = gateSeen({ version: released });
    const { afterwards = [] } = decidePodGate(seen);
    const pod = patched(seen.pod, { afterwards });
    expect(pod.spec?.schedulingGates).toEqual([gates[0], gates[2]]);
    expect(pod.metadata.labels).toEqual(seen.pod.metadata.labels);
    expect(decidePodGate({ ...seen, pod })).toEqual({});
  });

  test('stays held while its version is not Released, or not there', () => {
    expect(decidePodGate(gateSeen({ version: aWorkloadVersion() }))).toEqual({});
    expect(decidePodGate(gateSeen())).toEqual({});
  });

  test('B5: is not started by a marker that says its gate was removed', () => {
    const pod = held({ annotations: { ...annotated, [keptnAnnotations.gateRemoved]: 'true' } });
    expect(decidePodGate(gateSeen({ pod, version: aWorkloadVersion() }))).toEqual({});
  });

  test('is left alone while it is being deleted, and when it is none of our concern', () => {
    const going = held();
    going.metadata.deletionTimestamp = nowText;
    expect(decidePodGate(gateSeen({ pod: going, version: released }))).toEqual({});
    const pod = inShop(aPod({ annotations: annotated, owners: [ownedBy(replicaSet)] }));
    expect(decidePodGate(gateSeen({ pod, version: released }))).toEqual({});
  });
});

describe('a held Pod that has lost something', () => {
  const unowned = { type: 'unowned' } as const;

  test('its owner: it starts when the version it carries is Released, and not before', () => {
    const pod = held({ annotations: annotated, owners: [] });
    const version = aWorkloadVersion();
    expect(decidePodGate(gateSeen({ pod, chain: unowned, version }))).toEqual({});
    const started = patched(
      pod,
      decidePodGate(gateSeen({ pod, chain: unowned, version: released })),
    );
    expect(gateIndex(started)).toBe(-1);
  });

  test.each([
    [
      'a version that was never made',
      annotated,
      /KeptnWorkloadVersion for workload shop-cart version 1.0.0/,
    ],
    ['nothing it could be told by', {}, /does not name its workload/],
  ])('its owner, with %s: it is held, and says what helps', (_, annotations, says) => {
    const pod = held({ annotations, owners: [] });
    const plan = decidePodGate(gateSeen({ pod, chain: unowned }));
    expect(plan.effects?.map(({ type }) => type)).toEqual(['patch', 'event']);
    const told = patched(pod, plan);
    expect(gateIndex(told)).toBe(1);
    expect(told.metadata.annotations?.[sluiceKeys.explanation]).toMatch(says);
    expect(told.metadata.annotations?.[sluiceKeys.explanation]).toMatch(/Create its owner again/);
    expect(decidePodGate(gateSeen({ pod: told, chain: unowned }))).toEqual({});
  });

  test('its owner and the gate, or never had them: the label goes, and one Event says that nothing is checked', () => {
    const pod = { ...held({ annotations: annotated, owners: [] }), spec: {} };
    pod.metadata.labels = { [sluiceKeys.watched]: 'true' };
    const plan = decidePodGate(gateSeen({ pod, chain: unowned }));
    expect(plan.effects?.map(({ type }) => type)).toEqual(['patch', 'event']);
    expect(plan.effects?.[1]).toMatchObject({ note: { about: pod, reason: 'NothingChecked' } });
    const after = patched(pod, plan);
    expect(after.metadata.labels).toEqual({});
    expect(decidePodGate(gateSeen({ pod: after, chain: unowned }))).toEqual({});
    const bare = decidePodGate(gateSeen({ pod, chain: unowned, version: released }));
    expect(bare.effects).toBeUndefined();
  });

  test('its annotations: the template it was made from still says what it is', () => {
    const pod = held({});
    const chain: OwnerChain = {
      type: 'known',
      reference: ownedBy(replicaSet),
      owner: {
        kind: 'ReplicaSet',
        object: { ...replicaSet, template: { ...replicaSet.template, annotations: annotated } },
        parent: { kind: 'Deployment', object: deployment },
      },
    };
    expect(gateIndex(patched(pod, decidePodGate(gateSeen({ pod, chain }))))).toBe(1);
    const version = aWorkloadVersion();
    expect(gateIndex(patched(pod, decidePodGate(gateSeen({ pod, chain, version }))))).toBe(1);
    expect(
      gateIndex(patched(pod, decidePodGate(gateSeen({ pod, chain, version: released })))),
    ).toBe(-1);
  });

  test('gets what its owner says written on it as soon as that is proven, so that losing the owner changes nothing', () => {
    const says = inShop(aDeployment({ annotations: annotated }));
    const pod = held({ annotations: { [sluiceKeys.explanation]: 'waiting until it is known' } });
    const seen = gateSeen({ pod, chain: knownChain(pod, says) });
    const written = patched(pod, decidePodGate(seen));
    expect(written.metadata.annotations).toMatchObject(annotated);
    expect(written.metadata.annotations?.[sluiceKeys.explanation]).toMatch(/version 1.0.0/);
    expect(decidePodGate(gateSeen({ pod: written, chain: knownChain(written, says) }))).toEqual({});
    const moved = inShop(aDeployment({ annotations: annotated, template: { digest: 'other' } }));
    const live = {
      'ReplicaSet shop/cart-5d4': 'present',
      'Deployment shop/cart': 'present',
    } as const;
    expect(decidePodGate(gateSeen({ pod, chain: knownChain(pod, moved), live }))).toEqual({});
  });
});

describe('what a cache says of a Pod’s owner', () => {
  const bare = held({});

  test('starts no Pod that is not annotated before the owner was read live, unless it cannot be outdated', () => {
    expect(
      patched(bare, decidePodGate(gateSeen({ pod: bare }))).spec?.schedulingGates,
    ).toHaveLength(2);
    const moved = inShop(aDeployment({ template: { digest: 'template-2' } }));
    const seen = gateSeen({ pod: bare, chain: knownChain(bare, moved) });
    expect(decidePodGate(seen)).toEqual({
      look: [
        expect.objectContaining({ name: 'cart-5d4' }),
        expect.objectContaining({ name: 'cart' }),
      ],
    });
    const live = {
      'ReplicaSet shop/cart-5d4': 'present',
      'Deployment shop/cart': 'present',
    } as const;
    const read = gateSeen({ pod: bare, chain: knownChain(bare, moved), live });
    expect(gateIndex(patched(bare, decidePodGate(read)))).toBe(-1);
  });

  test('is not needed for a Pod that names workload and version itself', () => {
    const chain: OwnerChain = {
      type: 'unknown',
      reference: ownedBy(replicaSet),
      missing: {
        kind: {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          plural: 'replicasets',
          namespaced: true,
        },
        namespace: 'shop',
        name: 'cart-5d4',
      },
    };
    expect(decidePodGate(gateSeen({ chain, version: released })).afterwards).toHaveLength(1);
    expect(decidePodGate(gateSeen({ pod: bare, chain }))).toMatchObject({
      look: [{ name: 'cart-5d4' }],
    });
    const live = { 'ReplicaSet shop/cart-5d4': 'absent' } as const;
    expect(decidePodGate(gateSeen({ pod: bare, chain, live }))).toEqual({});
  });
});

describe('B15: a Pod whose version needs help', () => {
  test('says why, and one Event does', () => {
    const seen = gateSeen({ version: stalled });
    const plan = decidePodGate(seen);
    expect(plan.effects?.map(({ type }) => type)).toEqual(['patch', 'event']);
    const pod = patched(seen.pod, plan);
    expect(pod.metadata.annotations?.[sluiceKeys.explanation]).toMatch(/smoke failed: exit code 3/);
    expect(pod.spec?.schedulingGates).toEqual(gates);
    expect(decidePodGate({ ...seen, pod })).toEqual({});
  });

  test('says also what an evaluation goes on waiting for, and nothing of a check that merely runs', () => {
    const waiting = (reason: string) => {
      const progress = { kind: 'waiting', reason, message: 'cpu: 3 is too low' } as const;
      const conditions = withProgress([], progress, { now: 0 });
      return decidePodGate(gateSeen({ version: aWorkloadVersion({ status: { conditions } }) }));
    };
    expect(waiting('ObjectivesNotMet').effects?.[1]).toMatchObject({
      note: { reason: 'Held', message: expect.stringContaining('cpu: 3 is too low') },
    });
    expect(waiting('WaitingForEvaluations')).toEqual({});
  });

  test('T6: stays silent when enough of its version have spoken', () => {
    expect(decidePodGate(gateSeen({ version: stalled, isExplained: false }))).toEqual({});
  });

  test('forgets the explanation when it starts', () => {
    const pod = held({
      annotations: { ...annotated, [sluiceKeys.explanation]: 'Held by Sluice: …' },
    });
    const started = patched(pod, decidePodGate(gateSeen({ pod, version: released })));
    expect(started.metadata.annotations).not.toHaveProperty([sluiceKeys.explanation]);
  });

  test('says so when no version can be computed for it', () => {
    const { [keptnAnnotations.version]: _, ...unversioned } = annotated;
    const pod = held({ annotations: { ...unversioned, [keptnAnnotations.container]: 'ghost' } });
    const explained = patched(pod, decidePodGate(gateSeen({ pod })));
    expect(explained.metadata.annotations?.[sluiceKeys.explanation]).toContain("'ghost'");
    expect(gateIndex(explained)).toBe(1);
  });
});

describe('B11: a held Pod of an old StatefulSet revision', () => {
  const owner = (spec = {}, updateRevision = 'db-2') =>
    aStatefulSetAt({ updateRevision, currentRevision: 'db-1' }, { replicas: 2, ...spec });
  const old = (set = owner()): Pod => ({
    ...held({
      name: 'db-0',
      annotations: annotated,
      labels: { [sluiceKeys.watched]: 'true', 'controller-revision-hash': 'db-1' },
      owners: [ownedBy(set)],
    }),
  });
  const seenOf = (given: {
    set?: ReturnType<typeof owner>;
    version?: KeptnWorkloadVersion;
    read?: boolean;
  }) => {
    const { set = owner(), version, read = true } = given;
    const pod = old(set);
    return gateSeen({
      pod,
      chain: {
        type: 'known',
        reference: ownedBy(set),
        owner: { kind: 'StatefulSet', object: set },
      },
      ...(version && { version }),
      ...(read && { live: { [`StatefulSet shop/${set.metadata.name}`]: 'present' as const } }),
    });
  };
  const superseded = aWorkloadVersion({ status: { status: 'Deprecated' } });

  test('is deleted once its version is over, as it was seen: gated', () => {
    const seen = seenOf({ version: superseded });
    expect(decidePodGate(seen).effects).toMatchObject([
      { type: 'delete', ref: { name: 'db-0' }, uid: seen.pod.metadata.uid },
    ]);
    const [effect] = decidePodGate(seen).effects ?? [];
    expect(effect).toHaveProperty('resourceVersion');
  });

  test('is deleted also when there is no version that could release it, so that the roll-out can go on', () => {
    expect(decidePodGate(seenOf({})).effects).toMatchObject([{ type: 'delete' }]);
  });

  test('has its StatefulSet read live first', () => {
    expect(decidePodGate(seenOf({ version: superseded, read: false }))).toMatchObject({
      look: [{ name: 'db' }],
    });
  });

  test('stays while its version may still be Released, and starts when it is', () => {
    expect(
      decidePodGate(seenOf({ version: aWorkloadVersion({ status: { status: 'Progressing' } }) })),
    ).toEqual({});
    expect(decidePodGate(seenOf({ version: released })).afterwards).toHaveLength(1);
  });

  test('stays where it would come back as it is: below the partition', () => {
    const set = owner({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
    });
    expect(decidePodGate(seenOf({ set, version: superseded }))).toEqual({});
  });

  test('stays when its revision is the current one after all', () => {
    expect(decidePodGate(seenOf({ set: owner({}, 'db-1'), version: superseded }))).toEqual({});
  });
});

describe('a Pod that starts without our gate', () => {
  const watched = (): Pod => ({ ...held(), spec: {} });

  test('loses the label once its revision is on record, and nothing else', () => {
    const version = aWorkloadVersion({
      status: {
        conditions: [condition('Released')],
        releasedRevisions: [replicaSet.metadata.uid ?? ''],
      },
    });
    const pod = watched();
    const after = patched(pod, decidePodGate(gateSeen({ pod, version })));
    expect(after.metadata.labels).toEqual({});
    expect(after.metadata.annotations).toEqual(annotated);
  });

  test('keeps it until then', () => {
    expect(decidePodGate(gateSeen({ pod: watched(), version: released }))).toEqual({});
  });
});

describe('lifting the gate', () => {
  const aGate = fc.constantFrom<string>('a.example/x', 'kueue', 'keptn', 'keptn-prechecks-gate-2');
  const aMap = fc.option(
    fc.dictionary(
      fc.constantFrom(
        'a/b',
        'c~d',
        sluiceKeys.watched,
        sluiceKeys.explanation,
        keptnAnnotations.gateRemoved,
      ),
      fc.string(),
    ),
    { nil: undefined },
  );

  test('B5: touches no foreign gate, label or annotation, whatever the Pod has', () => {
    fc.assert(
      fc.property(
        fc.record({
          foreign: fc.uniqueArray(aGate),
          at: fc.option(fc.nat(4), { nil: undefined }),
          labels: aMap,
          annotations: aMap,
        }),
        ({ foreign, at, labels, annotations }) => {
          const names = at === undefined ? foreign : foreign.toSpliced(at, 0, schedulingGate);
          const pod = held({ ...(labels && { labels }), ...(annotations && { annotations }) });
          if (labels === undefined) delete pod.metadata.labels;
          if (annotations === undefined) delete pod.metadata.annotations;
          pod.spec = { schedulingGates: names.map((name) => ({ name })) };
          const effect = liftGate(pod);
          const after = patched(pod, { effects: effect === undefined ? [] : [effect] });
          expect(after.spec?.schedulingGates?.map(({ name }) => name)).toEqual(foreign);
          const others = (map: Record<string, string> | undefined) =>
            Object.entries(map ?? {}).filter(([key]) => key === 'a/b' || key === 'c~d');
          expect(others(after.metadata.labels)).toEqual(others(labels));
          expect(others(after.metadata.annotations)).toEqual(others(annotations));
          expect(liftGate(after)).toBeUndefined();
        },
      ),
    );
  });

  test('B5: holds for this Pod as it was seen only: another uid or another gate at its place fail the patch', () => {
    const effect = liftGate(held());
    if (effect?.type !== 'patch') throw new Error('there is no patch');
    expect(effect).toMatchObject({ goneIsDone: true });
    const other = held();
    other.metadata.uid = 'another';
    const reordered = held();
    reordered.spec = { schedulingGates: gates.toReversed().slice(1) };
    for (const pod of [other, reordered])
      expect(() => patched(pod, { effects: [effect] })).toThrow(/test/i);
  });
});
