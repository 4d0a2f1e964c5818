import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { webhooks } from '../../src/admission/registry.ts';
import { respond } from '../../src/admission/respond.ts';
import type { JsonPatchOperation } from '../../src/api/json-patch.ts';
import type { KubernetesObject, OwnerReference } from '../../src/api/object.ts';
import { type AdmissionRequest, parseReview } from '../../src/api/review.ts';
import { aWorkload, aWorkloadVersion } from '../support/builders.ts';
import { fixedLookup } from '../support/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aReplicaSet,
  aStatefulSet,
  ownedBy,
} from '../support/workloads.ts';

/** Reviews as a real API server (1.36) sent them. */

const folder = new URL('../fixtures/reviews/', import.meta.url);

function recorded(name: string): { body: unknown; request: AdmissionRequest } {
  const body: unknown = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
  const parsed = parseReview(body);
  if (!parsed.ok) throw new Error(`${name} is no review`);
  return { body, request: parsed.value.request };
}

function ownerIn({ object }: AdmissionRequest): OwnerReference {
  const isOwned = (value: unknown): value is KubernetesObject =>
    typeof value === 'object' && value !== null && 'metadata' in value;
  const owner = isOwned(object) ? object.metadata.ownerReferences?.[0] : undefined;
  if (owner === undefined) throw new Error('the recorded Pod has no owner');
  return owner;
}

type World = (request: AdmissionRequest) => readonly KubernetesObject[];

const nothing: World = () => [];

const released = {
  type: 'Released',
  status: 'True',
  reason: 'ChecksPassed',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

/** Version 1.2.0 of the workload is current and Released for the revision of the recorded Pod. */
const releasedCart: World = (request) => {
  const namespace = 'shop-team';
  return [
    aWorkload({
      metadata: { name: 'shop-cart', namespace },
      spec: { app: 'shop', version: '1.2.0' },
    }),
    aWorkloadVersion({
      metadata: { name: 'shop-cart-1.2.0', namespace },
      spec: { app: 'shop', workloadName: 'shop-cart', version: '1.2.0' },
      status: { conditions: [released], releasedRevisions: [ownerIn(request).uid] },
    }),
  ];
};

const plainDeployment: World = (request) => {
  const { name, uid } = ownerIn(request);
  const deployment = aDeployment({ name: 'plain' });
  return [deployment, aReplicaSet({ name, uid, owners: [ownedBy(deployment)] })];
};

const held = ['/metadata/annotations', '/metadata/labels', '/spec/schedulingGates'];

const cases: readonly [
  file: string,
  situation: string,
  world: World,
  touched: readonly string[],
][] = [
  ['pod-of-deployment-annotated.json', 'nothing Released', nothing, held],
  ['pod-of-deployment-annotated.json', 'its version Released', releasedCart, []],
  ['pod-of-deployment-foreign-gate.json', 'its owner not cached', nothing, held],
  ['pod-of-deployment-foreign-gate.json', 'its owner plain', plainDeployment, []],
  [
    'pod-of-stateful-set-recommended-labels.json',
    'nothing Released',
    (request) => [aStatefulSet({ name: 'db', uid: ownerIn(request).uid })],
    held,
  ],
  [
    'pod-of-daemon-set-annotated.json',
    'nothing Released',
    (request) => [aDaemonSet({ name: 'agent', uid: ownerIn(request).uid })],
    held,
  ],
  ['namespace-created-opted-in.json', 'no label', nothing, ['/metadata/labels']],
  ['namespace-updated-opted-out.json', 'a label left over', nothing, ['/metadata/labels']],
  ['task-definition-created.json', 'one runner', nothing, []],
  ['task-definition-updated.json', 'one runner', nothing, []],
];

describe('a recorded review', () => {
  test.each(cases)('%s, %s', (file, _situation, world, touched) => {
    const { body, request } = recorded(file);
    const row = webhooks({ operatorNamespace: 'keptn-system' }).find(
      ({ resource }) => resource.kind === request.kind.kind,
    );
    if (row === undefined) throw new Error(`no webhook for ${request.kind.kind}`);
    const lookup = fixedLookup(world(request), admissionIndexes);
    const { response } = respond(row, body, { lookup, now: 0 });
    expect(response).toMatchObject({ uid: request.uid, allowed: true });
    const parts = patchIn(response.patch).map(({ path }) => path.split('/').slice(0, 3).join('/'));
    expect([...new Set(parts)].toSorted()).toEqual(touched);
  });

  test('of every file is in the table', () => {
    expect([...new Set(cases.map(([file]) => file))].toSorted()).toEqual(
      readdirSync(folder).toSorted(),
    );
  });
});

function patchIn(patch: string | undefined): readonly JsonPatchOperation[] {
  return patch === undefined ? [] : JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}
