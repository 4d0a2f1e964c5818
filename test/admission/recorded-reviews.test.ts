import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { webhooks } from '../../src/admission/registry.ts';
import { respond } from '../../src/admission/respond.ts';
import type { JsonPatchOperation } from '../../src/api/json-patch.ts';
import type { KubernetesObject, OwnerReference } from '../../src/api/object.ts';
import { type AdmissionRequest, parseReview } from '../../src/api/review.ts';
import { aWorkload, aWorkloadVersion } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aReplicaSet,
  aStatefulSet,
  ownedBy,
} from '../support/builders/workloads.ts';

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

const daemonSet: World = (request) => [aDaemonSet({ name: 'agent', uid: ownerIn(request).uid })];
const statefulSet: World = (request) => [aStatefulSet({ name: 'db', uid: ownerIn(request).uid })];

interface Case {
  readonly file: string;
  readonly situation: string;
  readonly world: World;
  /** The parts of the object that the answer changes. */
  readonly touched: readonly string[];
}

const ofDeployment = 'pod-of-deployment-annotated.json';
const ofPlainDeployment = 'pod-of-deployment-foreign-gate.json';
const ofStatefulSet = 'pod-of-stateful-set-recommended-labels.json';
const ofDaemonSet = 'pod-of-daemon-set-annotated.json';
const optedIn = 'namespace-created-opted-in.json';
const optedOut = 'namespace-updated-opted-out.json';
const labels = ['/metadata/labels'];

const cases: readonly Case[] = [
  { file: ofDeployment, situation: 'nothing Released', world: nothing, touched: held },
  { file: ofDeployment, situation: 'its version Released', world: releasedCart, touched: [] },
  { file: ofPlainDeployment, situation: 'owner not cached', world: nothing, touched: held },
  {
    file: ofPlainDeployment,
    situation: 'owner not annotated',
    world: plainDeployment,
    touched: [],
  },
  { file: ofStatefulSet, situation: 'nothing Released', world: statefulSet, touched: held },
  { file: ofDaemonSet, situation: 'nothing Released', world: daemonSet, touched: held },
  { file: optedIn, situation: 'not labelled yet', world: nothing, touched: labels },
  { file: optedOut, situation: 'still labelled', world: nothing, touched: labels },
  { file: 'task-definition-created.json', situation: 'good', world: nothing, touched: [] },
  { file: 'task-definition-updated.json', situation: 'good', world: nothing, touched: [] },
];

describe('a recorded review', () => {
  test.each(cases)('$file, $situation', ({ file, world, touched }) => {
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
    expect([...new Set(cases.map(({ file }) => file))].toSorted()).toEqual(
      readdirSync(folder).toSorted(),
    );
  });
});

function patchIn(patch: string | undefined): readonly JsonPatchOperation[] {
  return patch === undefined ? [] : JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}
