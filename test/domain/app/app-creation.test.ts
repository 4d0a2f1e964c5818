import { answering } from '../../support/observed/answering.ts';
import { describe, expect, test } from 'vitest';
import type { KeptnAppCreationRequest } from '../../../src/api/keptn/app-creation-request.ts';
import { type AppWorkload, KeptnApp } from '../../../src/api/keptn/app.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type { ObjectMeta } from '../../../src/api/object.ts';
import {
  type AppCreationObservation,
  decideAppCreation,
} from '../../../src/domain/app/app-creation.ts';
import { discoveredVersion } from '../../../src/domain/app/discovered-app.ts';

/** What tells an app that discovery has written from one that others keep. */
const mark = 'sluice.keptn.sh/generated';

const createdAt = '2026-01-01T12:00:00Z';
const created = Date.parse(createdAt);
const singleService = { 'keptn.sh/app-type': 'single-service' };

function aRequest(annotations?: Record<string, string>): KeptnAppCreationRequest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnAppCreationRequest',
    metadata: {
      namespace: 'shop',
      name: 'shop',
      uid: 'r1',
      resourceVersion: '3',
      generation: 1,
      creationTimestamp: createdAt,
      ...(annotations && { annotations }),
    },
    spec: { appName: 'shop' },
  };
}

function aWorkload(
  name: string,
  version: string,
  metadata: Partial<ObjectMeta> = {},
): KeptnWorkload {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnWorkload',
    metadata: { namespace: 'shop', name, ...metadata },
    spec: { app: 'shop', version, resourceReference: { uid: 'u', kind: 'ReplicaSet', name } },
  };
}

function anApp(
  version: string,
  workloads: AppWorkload[],
  labels: Record<string, string> = { 'app.kubernetes.io/managed-by': 'keptn' },
): KeptnApp {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnApp',
    metadata: { namespace: 'shop', name: 'shop', uid: 'a1', resourceVersion: '9', labels },
    spec: { version, workloads },
  };
}

/** The world after the window has closed and everything has been read live. */
function seen(more: Partial<AppCreationObservation> = {}): AppCreationObservation {
  return {
    now: created + 30_000,
    request: aRequest(),
    optIn: 'yes',
    app: undefined,
    workloads: [],
    listed: true,
    windowMs: 30_000,
    appVersions: [],
    workloadVersions: [],
    promotionAfterSupersessions: 2,
    promotionTasksEnabled: true,
    live: answering(() => 'present'),
    refusals: new Map(),
    ...more,
  };
}

const removal = {
  isBookkeeping: true,
  effects: [{ type: 'delete', uid: 'r1', ref: expect.objectContaining({ name: 'shop' }) }],
};

describe('decideAppCreation', () => {
  test('waits until the discovery window closes, and says until when', () => {
    const plan = decideAppCreation(
      seen({ now: created + 10_000, workloads: [aWorkload('shop-a', '1')] }),
    );
    expect(plan.wakeAfterMs).toBe(20_000);
    expect(plan.effects).toBeUndefined();
    expect(plan.status?.to).toMatchObject({
      conditions: [
        { type: 'Succeeded', status: 'Unknown' },
        {
          type: 'Reconciling',
          status: 'True',
          reason: 'DiscoveryWindow',
          message: 'Workloads of application shop are gathered until 2026-01-01T12:00:30Z.',
        },
        { type: 'Stalled', status: 'False' },
      ],
    });
  });

  test('does not wait for a single service, nor with a window of nothing: no status is written', () => {
    const workloads = [aWorkload('shop-shop', '1')];
    const single = decideAppCreation(
      seen({ now: created, request: aRequest(singleService), workloads }),
    );
    const closed = decideAppCreation(seen({ now: created, windowMs: 0, workloads }));
    expect(single.effects).toMatchObject([{ type: 'create' }]);
    expect(closed.effects).toMatchObject([{ type: 'create' }]);
    expect([single.status, closed.status]).toEqual([undefined, undefined]);
  });

  test('B17: when the window closes, app and workloads are read live before anything is done', () => {
    const plan = decideAppCreation(seen({ listed: false, live: new Map() }));
    expect(plan).toEqual({
      look: [
        { kind: KeptnApp, namespace: 'shop', name: 'shop' },
        { kind: KeptnWorkload, namespace: 'shop', labelSelector: '' },
      ],
    });
  });

  test('of a single service only its own workload is read, and the namespace if that is not there', () => {
    const request = aRequest(singleService);
    const own = { kind: KeptnWorkload, namespace: 'shop', name: 'shop-shop' };
    expect(decideAppCreation(seen({ request, listed: false, live: new Map() })).look).toEqual([
      own,
    ]);
    expect(
      decideAppCreation(seen({ request, listed: false, live: answering(() => 'absent') })).look,
    ).toEqual([{ kind: KeptnWorkload, namespace: 'shop', labelSelector: '' }]);
    const workloads = [aWorkload('shop-shop', '1')];
    expect(decideAppCreation(seen({ request, workloads, listed: false })).look).toBeUndefined();
  });

  test('makes the app of all workloads that name it, with Keptn’s label, annotations and version', () => {
    const workloads = [aWorkload('shop-b', '2'), aWorkload('shop-a', '1')];
    const request = aRequest({
      'keptn.sh/x': 'y',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    });
    expect(decideAppCreation(seen({ request, workloads }))).toEqual({
      effects: [
        {
          type: 'create',
          kind: KeptnApp,
          object: {
            apiVersion: 'lifecycle.keptn.sh/v1',
            kind: 'KeptnApp',
            metadata: {
              namespace: 'shop',
              name: 'shop',
              labels: { 'app.kubernetes.io/managed-by': 'keptn' },
              annotations: { 'keptn.sh/x': 'y', [mark]: expect.stringMatching(/^[0-9a-f]{16}$/u) },
            },
            spec: {
              version: discoveredVersion(workloads.toReversed()),
              workloads: [
                { name: 'a', version: '1' },
                { name: 'b', version: '2' },
              ],
            },
          },
        },
      ],
    });
  });

  test('an app that lists exactly these workloads is left alone and the request goes', () => {
    const workloads = [aWorkload('shop-a', '1'), aWorkload('shop-b', '2')];
    const app = anApp(discoveredVersion(workloads), [
      { name: 'b', version: '2' },
      { name: 'a', version: '1' },
    ]);
    expect(decideAppCreation(seen({ app, workloads }))).toEqual(removal);
  });

  test('W34: a workload that is gone, changed or new changes the app, in one guarded patch', () => {
    const workloads = [aWorkload('shop-b', '3'), aWorkload('shop-c', '1')];
    const app = anApp('old', [
      { name: 'a', version: '1' },
      { name: 'b', version: '2' },
    ]);
    expect(decideAppCreation(seen({ app, workloads })).effects).toEqual([
      {
        type: 'patch',
        ref: { kind: KeptnApp, namespace: 'shop', name: 'shop' },
        operations: [
          { op: 'test', path: '/metadata/uid', value: 'a1' },
          { op: 'test', path: '/metadata/resourceVersion', value: '9' },
          { op: 'replace', path: '/spec/version', value: discoveredVersion(workloads) },
          {
            op: 'add',
            path: '/spec/workloads',
            value: [
              { name: 'b', version: '3' },
              { name: 'c', version: '1' },
            ],
          },
          { op: 'add', path: '/metadata/annotations', value: { [mark]: expect.any(String) } },
        ],
      },
    ]);
  });

  test('a workload that is being deleted is no longer part of the app', () => {
    const workloads = [
      aWorkload('shop-a', '1'),
      aWorkload('shop-b', '2', { deletionTimestamp: createdAt }),
    ];
    const app = anApp('1', [{ name: 'a', version: '1' }]);
    expect(decideAppCreation(seen({ app, workloads }))).toEqual(removal);
  });

  test('an app of the users’ own wins at once, once it was seen live', () => {
    const workloads = [aWorkload('shop-a', '1')];
    for (const labels of [{}, { 'app.kubernetes.io/managed-by': 'Helm' }]) {
      const early = seen({ now: created, app: anApp('7', [], labels), workloads });
      expect(decideAppCreation({ ...early, live: new Map() })).toEqual({
        look: [{ kind: KeptnApp, namespace: 'shop', name: 'shop' }],
      });
      expect(decideAppCreation(early)).toEqual(removal);
    }
  });

  test.each([
    ['kubectl', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '' } }],
    ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:lifecycle' } }],
    ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }],
    [
      'an owner',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Release', name: 'shop', uid: 'u' }] },
    ],
  ])('a generated app that was exported and that %s applies is its users’', (_who, kept) => {
    const app = anApp('9.9', [{ name: 'other', version: '0.1.0' }]);
    const labels = { ...app.metadata.labels, ...('labels' in kept && kept.labels) };
    const applied = { ...app, metadata: { ...app.metadata, ...kept, labels } };
    const workloads = [aWorkload('shop-a', '1')];
    expect(decideAppCreation(seen({ app, workloads })).effects).toMatchObject([{ type: 'patch' }]);
    expect(decideAppCreation(seen({ app: applied, workloads }))).toEqual(removal);
  });

  test('without any workload nothing is made or emptied: the request goes', () => {
    expect(decideAppCreation(seen())).toEqual(removal);
    expect(decideAppCreation(seen({ app: anApp('1', [{ name: 'a', version: '1' }]) }))).toEqual(
      removal,
    );
  });

  test('an app that the API server refuses is a condition on the request', () => {
    const workloads = [aWorkload('shop-a', '1')];
    const effect = {
      type: 'event',
      note: { about: aRequest(), type: 'Warning', reason: 'R', message: 'm' },
    } as const;
    const plan = decideAppCreation(
      seen({
        workloads,
        refusals: answering(() => ({ effect, reason: 'Forbidden', message: 'exceeded quota' })),
      }),
    );
    expect(plan.effects).toMatchObject([{ type: 'create' }]);
    expect(JSON.stringify(plan.status?.to)).toContain(
      'The KeptnApp could not be written: exceeded quota',
    );
  });
});

describe('discoveredVersion', () => {
  test('of one workload is that workload’s version as it stands', () => {
    expect(discoveredVersion([aWorkload('shop-a', 'v1.2+x')])).toBe('v1.2+x');
  });

  test('of several is Keptn’s hash over their names and versions', () => {
    // First ten hex digits of: printf 'shop-a-1shop-b-2' | sha256sum
    expect(discoveredVersion([aWorkload('shop-a', '1'), aWorkload('shop-b', '2')])).toBe(
      '0d12cea1c0',
    );
  });

  test('a workload that several owners carry in several versions is listed in each of them', () => {
    const owners = ['2', '1', '2'].map((version) => ({
      kind: 'Deployment',
      name: 'x',
      uid: 'x',
      version,
    }));
    const shared = (observedGeneration: number): KeptnWorkload => ({
      ...aWorkload('shop-a', '2', { generation: 3 }),
      status: { observedGeneration, owners },
    });
    const app = anApp('2', [{ name: 'a', version: '2' }]);
    const listed = (workload: KeptnWorkload) => {
      const [effect] = decideAppCreation(seen({ app, workloads: [workload] })).effects ?? [];
      return effect?.type === 'patch'
        ? effect.operations.find((one) => one.path === '/spec/workloads')
        : effect?.type;
    };
    expect(listed(shared(3))).toMatchObject({
      value: [
        { name: 'a', version: '2' },
        { name: 'a', version: '1' },
      ],
    });
    // A status of before the last change may name versions that have passed.
    expect(listed(shared(2))).toBe('delete');
  });
});
