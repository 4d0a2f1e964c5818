import { describe, expect, test } from 'vitest';
import { KeptnApp } from '../../../src/api/keptn/app.ts';
import type { KeptnWorkload, KeptnWorkloadStatus } from '../../../src/api/keptn/workload.ts';
import { ownedBy } from '../../../src/api/object.ts';
import type { OwnerSeen } from '../../../src/domain/identity/current-revision.ts';
import type { Effect } from '../../../src/domain/plan.ts';
import { hashedName } from '../../../src/domain/names.ts';
import { decideWorkload, type WorkloadSeen } from '../../../src/domain/workload/workload.ts';
import {
  anApp,
  anAppCreationRequest,
  anAppVersion,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import {
  asksForWrite,
  conditionIn,
  created,
  nowText,
  reasons,
  stored,
  workloadSeen,
} from '../../support/observed/lifecycle-seen.ts';
import {
  aBareReplicaSetSeen,
  aDeploymentSeen,
  aMovingOwnerSeen,
  anIdentity,
} from '../../support/builders/owner-builders.ts';

const managed = { labels: { 'app.kubernetes.io/managed-by': 'keptn' } };
const listing = (...versions: string[]) =>
  anApp({
    metadata: managed,
    spec: { workloads: versions.map((version) => ({ name: 'cart', version })) },
  });

/** The workload as the controller makes it from its owners. */
function made(seen: WorkloadSeen = workloadSeen()): KeptnWorkload {
  const [effect] = decideWorkload(seen).effects ?? [];
  if (effect?.type !== 'create') throw new Error('no workload is made');
  const { metadata } = effect.object;
  const built = aWorkload({ metadata });
  return { ...built, ...effect.object, metadata: { ...built.metadata, ...metadata } };
}

/** A workload that is in step with its owners, with its version and an app that lists it. */
function inStep(more: Parameters<typeof workloadSeen>[0] = {}): WorkloadSeen {
  const { workload = made(workloadSeen(more)) } = more;
  return workloadSeen({
    workload,
    versions: [aWorkloadVersion()],
    app: listing('1.0.0'),
    ...more,
  });
}

function after(seen: WorkloadSeen): KeptnWorkloadStatus {
  if (seen.workload === undefined) throw new Error('there is no workload');
  return stored(seen.workload, decideWorkload(seen)).status ?? {};
}

function patches({ effects = [] }: { effects?: readonly Effect[] }) {
  return effects.flatMap((effect) => (effect.type === 'patch' ? [effect] : []));
}

describe('a workload', () => {
  test('begins with its first Pods: owned by the top owner, referring to the revision', () => {
    const identity = {
      preTasks: ['smoke'],
      onSuccess: ['tell'],
      onFailure: ['roll-back'],
      metadata: { team: 'fruit' },
    };
    expect(made(workloadSeen({ owners: [aDeploymentSeen({ identity })] }))).toMatchObject({
      metadata: {
        name: 'shop-cart',
        namespace: 'shop',
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' }],
      },
      spec: {
        app: 'shop',
        version: '1.0.0',
        preDeploymentTasks: ['smoke'],
        onSuccess: ['tell'],
        onFailure: ['roll-back'],
        resourceReference: { kind: 'ReplicaSet', name: 'cart-1.0.0', uid: 'uid-of-cart-1.0.0' },
        metadata: { team: 'fruit' },
      },
    });
    expect(made().metadata.ownerReferences?.[0]).not.toHaveProperty('controller');
    expect(made().spec).not.toHaveProperty('preDeploymentTasks');
  });

  test('of a ReplicaSet that stands alone is owned by it', () => {
    expect(made(workloadSeen({ owners: [aBareReplicaSetSeen()] }))).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: 'solo' }] },
    });
  });

  test('is not begun while nobody can tell what is current, or which version it is', () => {
    for (const owners of [
      [],
      [aMovingOwnerSeen()],
      [impossibleVersion()],
      [aDeploymentSeen({ identity: { workload: 'pay' } })],
    ])
      expect(decideWorkload(workloadSeen({ owners }))).toEqual({});
  });

  test('B9: that cannot be created is an Event on the owner, in the words of the API server', () => {
    const refusals = { 'KeptnWorkload shop/shop-cart': 'Forbidden' } as const;
    const { effects = [] } = decideWorkload(workloadSeen({ refusals }));
    expect(effects[1]).toMatchObject({
      type: 'event',
      note: { about: { kind: 'Deployment' }, reason: 'CreateWorkloadFailed', type: 'Warning' },
    });
  });

  test('gets its version and asks for its app, on itself as it is live', () => {
    const plan = decideWorkload(inStep({ versions: [], app: undefined }));
    expect(created(plan)).toEqual([
      'KeptnWorkloadVersion shop-cart-1.0.0',
      'KeptnAppCreationRequest shop',
    ]);
    expect(plan.onlyIfCurrent).toMatchObject({ name: 'shop-cart', resourceVersion: '1000' });
  });

  test('whose version is computed has it stand for the template that it was computed from', () => {
    const identity = { versionSource: 'computed', templateDigest: 'abc' } as const;
    const owners = [aDeploymentSeen({ identity })];
    const { effects } = decideWorkload(inStep({ owners, versions: [] }));
    expect(effects?.[0]).toMatchObject({ object: { spec: { templateDigest: 'abc' } } });
    const given = decideWorkload(inStep({ versions: [] })).effects?.[0];
    expect(given).not.toHaveProperty('object.spec.templateDigest');
  });

  test('that has everything states so once, with its owners', () => {
    const seen = inStep();
    const status = after(seen);
    expect(status).toMatchObject({
      currentVersion: '1.0.0',
      owners: [{ kind: 'Deployment', name: 'cart', version: '1.0.0' }],
    });
    expect(conditionIn(status, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'VersionCreated',
    });
    const again = { ...seen, workload: seen.workload && { ...seen.workload, status } };
    expect(asksForWrite(decideWorkload(again))).toBe(false);
  });

  test('B9: whose version cannot be created says so in a condition and an Event', () => {
    const refusals = { 'KeptnWorkloadVersion shop/shop-cart-1.0.0': 'Invalid' } as const;
    const seen = inStep({ versions: [], refusals });
    expect(conditionIn(after(seen), 'Ready')).toMatchObject({ status: 'False', reason: 'Invalid' });
    expect(reasons(decideWorkload(seen))).toEqual(['CreateWorkloadVersionFailed']);
  });

  test('that is being deleted, or whose owners are gone, is left alone', () => {
    const workload = aWorkload({ metadata: { deletionTimestamp: nowText } });
    expect(decideWorkload(workloadSeen({ workload }))).toEqual({});
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'd' }];
    const left = aWorkload({ metadata: { ownerReferences } });
    expect(decideWorkload(workloadSeen({ workload: left, owners: [] }))).toEqual({});
  });
});

/** An owner whose Pods have no version: the container that is to give it does not exist. */
function impossibleVersion(): OwnerSeen {
  const { version: _, ...identity } = anIdentity({ versionSource: 'impossible' });
  const { owner, current } = aDeploymentSeen();
  return { owner, current: current && { ...current, identity } };
}

describe('when an owner goes to another version', () => {
  const second = aDeploymentSeen({ identity: { version: '2' }, madeAt: 2 });
  const moved = (more: Parameters<typeof workloadSeen>[0] = {}) =>
    inStep({ workload: made(), owners: [second], ...more });
  const live = { 'Deployment shop/cart': 'present' } as const;

  test('the owner is read live first: a cache that lags would take the workload back', () => {
    expect(decideWorkload(moved())).toEqual({
      look: [expect.objectContaining({ namespace: 'shop', name: 'cart' })],
    });
  });

  test('spec and resourceReference follow in one patch, on the workload as it was seen', () => {
    const [patch] = patches(decideWorkload(moved({ live })));
    expect(patch?.operations.slice(0, 2)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-keptnworkload-shop-shop-cart' },
      { op: 'test', path: '/metadata/resourceVersion', value: '1000' },
    ]);
    expect(patch?.operations.at(-1)).toMatchObject({
      path: '/spec',
      value: { version: '2', resourceReference: { name: 'cart-2' } },
    });
  });

  test('the version gets its own object, which names the one before it', () => {
    const workload = {
      ...made(workloadSeen({ owners: [second] })),
      status: { currentVersion: '1.0.0' },
    };
    const [effect] = decideWorkload(moved({ workload })).effects ?? [];
    expect(effect).toMatchObject({
      object: {
        metadata: { name: 'shop-cart-2' },
        spec: { version: '2', previousVersion: '1.0.0', workloadName: 'shop-cart' },
      },
    });
  });

  test('a restart, with a new revision of the same version, needs no live look', () => {
    const restarted = aDeploymentSeen({ name: 'cart' });
    const revision = { kind: 'ReplicaSet', name: 'cart-b', uid: 'uid-of-cart-b' };
    const owners = [
      { ...restarted, current: restarted.current && { ...restarted.current, reference: revision } },
    ];
    const [patch] = patches(decideWorkload(moved({ owners })));
    expect(patch?.operations.at(-1)).toMatchObject({ value: { resourceReference: revision } });
  });

  test('W6: back to a version that is Released is a Warning on the owner', () => {
    const releasedBefore = aWorkloadVersion({
      spec: { version: '2' },
      status: {
        conditions: [
          {
            type: 'Released',
            status: 'True',
            reason: 'ChecksPassed',
            message: '',
            lastTransitionTime: nowText,
          },
        ],
      },
    });
    const { effects = [] } = decideWorkload(moved({ live, versions: [releasedBefore] }));
    expect(effects.at(-1)).toMatchObject({
      type: 'event',
      note: { type: 'Warning', reason: 'VersionAlreadyReleased', about: { kind: 'Deployment' } },
    });
    expect(decideWorkload(moved({ live })).effects).toHaveLength(1);
  });

  test("Keptn's reference to a ReplicaSet gives way to the top owner", () => {
    const workload = made();
    const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-1', uid: 'rs' };
    const keptns = {
      ...workload,
      metadata: { ...workload.metadata, ownerReferences: [replicaSet] },
    };
    const [patch] = patches(decideWorkload(inStep({ workload: keptns, live })));
    expect(patch?.operations[2]).toMatchObject({
      path: '/metadata/ownerReferences',
      value: [{ kind: 'Deployment', name: 'cart' }],
    });
  });
});

describe('two owners that share app and workload', () => {
  const blue = aDeploymentSeen({ name: 'blue', identity: { version: '1.0.0' }, madeAt: 1 });
  const green = aDeploymentSeen({ name: 'green', identity: { version: '2' }, madeAt: 2 });
  const both = [blue, green];
  const workload = made(workloadSeen({ owners: both }));
  const versions = [
    aWorkloadVersion(),
    aWorkloadVersion({ metadata: { name: 'shop-cart-2' }, spec: { version: '2' } }),
  ];
  const stated = {
    ...workload,
    status: {
      observedGeneration: 1,
      owners: [
        { kind: 'Deployment', name: 'green', uid: 'g', version: '2' },
        { kind: 'Deployment', name: 'blue', uid: 'b', version: '1.0.0' },
      ],
    },
  };

  test('share the workload, which names the newest revision, whatever the order they are seen in', () => {
    expect(workload.spec).toMatchObject({ version: '2', resourceReference: { name: 'green-2' } });
    expect(made(workloadSeen({ owners: [green, blue] })).spec).toEqual(workload.spec);
    expect(workload.metadata.ownerReferences).toHaveLength(2);
  });

  test('do not fight: of two revisions of one moment the one with the first uid counts', () => {
    const twin = aDeploymentSeen({ name: 'azure', identity: { version: '3' }, madeAt: 2 });
    const spec = made(workloadSeen({ owners: [green, twin] })).spec;
    expect(spec.version).toBe('3');
    expect(made(workloadSeen({ owners: [twin, green] })).spec).toEqual(spec);
  });

  test('get a version each', () => {
    const seen = inStep({ workload, owners: both, versions: [] });
    expect(created(decideWorkload(seen))).toEqual([
      'KeptnWorkloadVersion shop-cart-2',
      'KeptnWorkloadVersion shop-cart-1.0.0',
    ]);
    const [, second] = decideWorkload(seen).effects ?? [];
    expect(second).toMatchObject({
      object: { spec: { resourceReference: { name: 'blue-1.0.0' } } },
    });
  });

  test('are named with their versions, and a condition says that there are several', () => {
    const status = after(inStep({ workload, owners: both, versions }));
    expect(status.owners?.map(({ name, version }) => [name, version])).toEqual([
      ['green', '2'],
      ['blue', '1.0.0'],
    ]);
    expect(conditionIn(status, 'SeveralOwners')).toMatchObject({ status: 'True' });
    const alone = inStep({
      workload: { ...workload, status },
      owners: [green],
      versions,
      live: { 'Deployment shop/green': 'present' },
    });
    expect(conditionIn(after(alone), 'SeveralOwners')).toBeUndefined();
  });

  test('are both asked for, once the status says which versions there are', () => {
    const asks = (seen: WorkloadSeen): boolean =>
      created(decideWorkload(seen)).some((one) => one.startsWith('KeptnAppCreationRequest'));
    const at = (given: KeptnWorkload, ...listed: string[]) =>
      asks(inStep({ workload: given, owners: both, versions, app: listing(...listed) }));
    expect(at(workload, '2')).toBe(false);
    expect(at(stated, '2')).toBe(true);
    expect(at(stated, '1.0.0', '2')).toBe(false);
  });

  test('are asked for again when the app lists a version that none carries any more', () => {
    const owners = [
      green,
      aDeploymentSeen({ name: 'blue', identity: { version: '2' }, madeAt: 1 }),
    ];
    const seen = inStep({ workload: stated, owners, versions, app: listing('1.0.0', '2') });
    expect(created(decideWorkload(seen))).toEqual(['KeptnAppCreationRequest shop']);
  });
});

describe('the app of a workload', () => {
  test('is asked for when it does not list this version, and not otherwise', () => {
    expect(created(decideWorkload(inStep({ app: listing('0.9') })))).toEqual([
      'KeptnAppCreationRequest shop',
    ]);
    expect(created(decideWorkload(inStep()))).toEqual([]);
  });

  test('is not asked for twice', () => {
    const request = anAppCreationRequest();
    expect(created(decideWorkload(inStep({ app: undefined, request })))).toEqual([]);
  });

  test('is not asked for when its users keep it themselves', () => {
    const users = anApp({ spec: { workloads: [] } });
    expect(created(decideWorkload(inStep({ app: users })))).toEqual([]);
  });

  describe('of a single service', () => {
    const owners = [aDeploymentSeen({ identity: { app: 'cart', singleService: true } })];
    const own = (more: Parameters<typeof workloadSeen>[0] = {}) =>
      inStep({ name: 'cart-cart', owners, versions: [], app: undefined, ...more });
    const before = (): KeptnApp =>
      anApp({
        metadata: { ...managed, name: 'cart' },
        spec: { version: '0.9', workloads: [{ name: 'cart', version: '0.9' }] },
      });

    test('is made together with its version, without a request', () => {
      const plan = decideWorkload(own());
      expect(created(plan)).toEqual(['KeptnWorkloadVersion cart-cart-1.0.0', 'KeptnApp cart']);
      expect(plan.effects?.[1]).toMatchObject({
        object: {
          metadata: {
            name: 'cart',
            annotations: { 'keptn.sh/app-type': 'single-service' },
            labels: { 'app.kubernetes.io/managed-by': 'keptn' },
          },
          spec: { version: '1.0.0', workloads: [{ name: 'cart', version: '1.0.0' }] },
        },
      });
    });

    test('follows the workload in place, as it was seen', () => {
      const plan = decideWorkload(own({ app: before() }));
      expect(created(plan)).toEqual(['KeptnWorkloadVersion cart-cart-1.0.0']);
      const [patch] = patches(plan);
      expect(patch?.ref).toMatchObject({ kind: KeptnApp, name: 'cart' });
      expect(patch?.operations).toEqual(
        expect.arrayContaining([
          { op: 'test', path: '/metadata/resourceVersion', value: '1000' },
          { op: 'replace', path: '/spec/version', value: '1.0.0' },
        ]),
      );
    });

    test('that could not be written is said on the workload', () => {
      const refusals = { 'KeptnApp shop/cart': 'Forbidden' } as const;
      const version = aWorkloadVersion({ spec: { app: 'cart', workloadName: 'cart-cart' } });
      const seen = own({ versions: [version], refusals });
      expect(conditionIn(after(seen), 'Ready')).toMatchObject({ reason: 'Forbidden' });
    });

    test('is asked for where another workload names it, too', () => {
      const other = aWorkload({ metadata: { name: 'cart-more' }, spec: { app: 'cart' } });
      expect(created(decideWorkload(own({ ofSameApp: [other] })))).toEqual([
        'KeptnWorkloadVersion cart-cart-1.0.0',
        'KeptnAppCreationRequest cart',
      ]);
    });

    test('is asked for where its present version comes to its promotion first', () => {
      const app = before();
      const version = anAppVersion({
        metadata: {
          name: 'cart-0.9-6b86b273',
          ownerReferences: [ownedBy(KeptnApp, app)],
        },
        spec: { appName: 'cart', version: '0.9', promotionTasks: ['tell'], workloads: [] },
        status: { supersessions: 5 },
      });
      expect(created(decideWorkload(own({ app: app, appVersions: [version] })))).toEqual([
        'KeptnWorkloadVersion cart-cart-1.0.0',
        'KeptnAppCreationRequest cart',
      ]);
    });
  });
});

describe('B3: names that collide', () => {
  const theirs = aDeploymentSeen({
    name: 'theirs',
    identity: { app: 'shop-c', workload: 'art' },
    madeAt: 9,
  });
  const ours = aDeploymentSeen({ identity: { app: 'shop', workload: 'c-art' } });

  test('a workload follows the owners of its own application only', () => {
    const name = 'shop-c-art';
    const workload = made(workloadSeen({ name, owners: [ours] }));
    expect(workload.spec.app).toBe('shop');
    const seen = workloadSeen({ name, workload, owners: [ours, theirs], versions: [] });
    expect(patches(decideWorkload(seen))).toEqual([]);
    expect(
      made(workloadSeen({ name, owners: [ours, theirs] })).metadata.ownerReferences,
    ).toHaveLength(1);
  });

  test('the second of two workloads says that its name is another one', () => {
    const name = hashedName('shop-c-art', ['shop-c', 'art']);
    const workload = made(workloadSeen({ name, owners: [theirs] }));
    const version = aWorkloadVersion({ metadata: { name: `${name}-1.0.0` } });
    const status = after(
      workloadSeen({
        name,
        workload,
        owners: [theirs],
        versions: [version],
        app: undefined,
        request: anAppCreationRequest(),
      }),
    );
    expect(conditionIn(status, 'NameTaken')?.message).toContain(
      'shop-c-art belongs to something else',
    );
  });

  test('the second of two versions gets a hash, and the workload says so', () => {
    const refusals = { 'KeptnWorkloadVersion shop/shop-cart-1.0.0': 'NameTaken' } as const;
    const [name = ''] = created(decideWorkload(inStep({ versions: [], refusals })));
    expect(name).toMatch(/^KeptnWorkloadVersion shop-cart-1\.0\.0-[a-z0-9]{10}$/);
    const renamed = aWorkloadVersion({
      metadata: { name: name.replace('KeptnWorkloadVersion ', '') },
    });
    const status = after(inStep({ versions: [renamed] }));
    expect(conditionIn(status, 'Ready')).toMatchObject({ status: 'True' });
    expect(conditionIn(status, 'NameTaken')?.message).toContain('shop-cart-1.0.0 belongs');
  });
});

describe('what ran when its Namespace opted in', () => {
  const ran = aWorkloadVersion({
    metadata: { annotations: { 'sluice.keptn.sh/running-at-opt-in': 'true' } },
  });
  const other = (creationTimestamp: string, status: 'Succeeded' | 'Progressing' = 'Succeeded') =>
    aWorkloadVersion({
      metadata: { name: 'shop-cart-2', creationTimestamp },
      spec: { version: '2' },
      status: { status },
    });
  const asked = (more: Parameters<typeof workloadSeen>[0]) =>
    created(decideWorkload(inStep({ versions: [ran], ...more })));

  test('makes no version of its application', () => {
    expect(asked({ app: undefined })).toEqual([]);
    const earlier = other('2025-12-31T00:00:00Z');
    expect(asked({ versions: [earlier, ran], app: listing('2') })).toEqual([]);
  });

  test('is listed by an application that waits for a version which was in flight at the opt-out', () => {
    const inFlight = other('2025-12-31T00:00:00Z', 'Progressing');
    expect(asked({ versions: [inFlight, ran], app: listing('2') })).toHaveLength(1);
  });

  test('is listed again by an application that lists the version it is a rollback from', () => {
    const versions = [ran, other('2026-01-01T00:00:30Z')];
    expect(asked({ versions, app: listing('2') })).toEqual([
      expect.stringContaining('KeptnAppCreationRequest'),
    ]);
    expect(asked({ versions, app: listing('1.0.0') })).toEqual([]);
  });
});
