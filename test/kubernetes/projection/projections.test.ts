import { describe, expect, it } from 'vitest';

import {
  ConfigMapKind,
  ConfigMapMetadataKind,
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../../src/api/builtin.ts';
import type { Kind } from '../../../src/api/object.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import { fieldOf } from '../../../src/api/json.ts';
import { sha256 } from '../../../src/domain/hash.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const metadata = {
  name: 'web',
  namespace: 'shop',
  uid: 'u1',
  resourceVersion: '7',
  generation: 2,
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { app: 'web' },
  annotations: { note: 'kept', [lastApplied]: '{"a":"very long"}' },
  managedFields: [{ manager: 'kubectl' }],
  ownerReferences: [
    { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u0', controller: true, odd: 1 },
  ],
  finalizers: ['a/b'],
};
const template = {
  metadata: {
    labels: { app: 'web', 'app.kubernetes.io/name': 'web', 'pod-template-hash': '5f' },
    annotations: {
      'keptn.sh/version': '1',
      'kubectl.kubernetes.io/restartedAt': 'then',
      other: 'x',
    },
  },
  spec: {
    containers: [
      {
        name: 'a',
        image: 'nginx:1',
        env: [
          { name: 'X', value: '1' },
          { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        ],
        resources: { limits: { cpu: '1' } },
      },
    ],
    volumes: [{ name: 'v' }],
  },
};

const projected = (kind: Kind, raw: object): Record<string, unknown> => ({
  ...project(kind, { metadata, ...raw }),
});

describe('a projected object', () => {
  it('loses managedFields and what kubectl last applied, and nothing else of its metadata', () => {
    const { managedFields: _, ...kept } = metadata;
    const owners = metadata.ownerReferences.map(({ odd: _odd, ...owner }) => owner);
    expect(projected(NamespaceKind, {})['metadata']).toEqual({
      ...kept,
      annotations: { note: 'kept' },
      ownerReferences: owners,
    });
  });

  it('says what it is, though items of a list do not', () => {
    expect(projected(PodKind, {})).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
  });

  it('is none when it has no name', () => {
    expect(project(PodKind, { metadata: {} })).toBeUndefined();
    expect(project(PodKind, {})).toBeUndefined();
  });

  it('stays whole when it is of a kind of our own', () => {
    const kind: Kind = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      plural: 'keptntasks',
      namespaced: true,
    };
    const raw = {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      spec: { a: [1] },
      status: { b: null },
    };
    const { metadata: kept, ...rest } = projected(kind, raw);
    expect(rest).toEqual(raw);
    expect(kept).not.toHaveProperty('managedFields');
  });
});

describe('the metadata view of a kind', () => {
  it('keeps that there is an object of this name, and is of its kind whatever the API server calls it', () => {
    const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' };
    const kept = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'shop', resourceVersion: '7' },
    };
    expect(projected(ConfigMapMetadataKind, partial)).toEqual(kept);
    expect(projected(ConfigMapMetadataKind, { data: { large: 'x' } })).toEqual(kept);
    expect(project(ConfigMapMetadataKind, { metadata: {} })).toBeUndefined();
  });
});

describe('a projected owner of Pods', () => {
  it('keeps of its template identity, containers and digest, and of variables only what is literal', () => {
    const deployment = projected(DeploymentKind, {
      spec: { replicas: 2, paused: true, progressDeadlineSeconds: 60, selector: {}, template },
      status: {
        observedGeneration: 2,
        replicas: 2,
        conditions: [{ type: 'Available' }],
        collisionCount: 1,
      },
    });
    expect(deployment).toMatchObject({
      spec: { replicas: 2, paused: true, progressDeadlineSeconds: 60 },
      status: { observedGeneration: 2, replicas: 2, conditions: [{ type: 'Available' }] },
      template: {
        labels: template.metadata.labels,
        annotations: template.metadata.annotations,
        containers: [
          { name: 'a', image: 'nginx:1', env: [{ name: 'X', value: '1' }, { name: 'SECRET' }] },
        ],
      },
    });
    expect(JSON.stringify(deployment)).not.toMatch(
      /secretKeyRef|volumes|limits|selector|collisionCount/u,
    );
  });

  it('keeps of an old ReplicaSet only the keys that identity and revision are read from', () => {
    const replicaSet = project(ReplicaSetKind, {
      metadata: {
        ...metadata,
        labels: { app: 'web', 'pod-template-hash': '5f', 'rollouts-pod-template-hash': '6f' },
        annotations: {
          'deployment.kubernetes.io/revision': '3',
          'deployment.kubernetes.io/desired-replicas': '1',
          'sluice.keptn.sh/mode': 'warn',
        },
      },
      spec: { replicas: 0, template },
      status: {},
    });
    expect(replicaSet).toMatchObject({
      metadata: {
        labels: { 'pod-template-hash': '5f', 'rollouts-pod-template-hash': '6f' },
        annotations: { 'deployment.kubernetes.io/revision': '3', 'sluice.keptn.sh/mode': 'warn' },
      },
      template: {
        labels: { 'app.kubernetes.io/name': 'web' },
        annotations: { 'keptn.sh/version': '1', 'kubectl.kubernetes.io/restartedAt': 'then' },
      },
    });
    expect(JSON.stringify(replicaSet)).not.toMatch(/desired-replicas|"app"|other/u);
  });

  it('has the digest of its owner’s template', () => {
    const { 'pod-template-hash': _, ...labels } = template.metadata.labels;
    const own = { ...template, metadata: { ...template.metadata, labels } };
    const digests = [
      project(DeploymentKind, { metadata, spec: { template: own } }),
      project(ReplicaSetKind, { metadata, spec: { template } }),
    ].map((object) => (object as unknown as { template: { digest: string } }).template.digest);
    expect(digests[0]).toBe(digests[1]);
  });

  it('has the digest that its template had before it was restarted', () => {
    const digestsOf = (annotations: Record<string, string>) => {
      const metadataOf = { ...template.metadata, annotations };
      return projected(DeploymentKind, {
        metadata,
        spec: { template: { ...template, metadata: metadataOf } },
      })['template'];
    };
    const { 'kubectl.kubernetes.io/restartedAt': _, ...own } = template.metadata.annotations;
    const before = digestsOf(own);
    expect(before).not.toHaveProperty('unrestartedDigest');
    const after = digestsOf({ ...own, 'kubectl.kubernetes.io/restartedAt': 'now' });
    expect(after).toHaveProperty(
      'unrestartedDigest',
      before && Reflect.get(Object(before), 'digest'),
    );
    expect(after).not.toHaveProperty('digest', Reflect.get(Object(before), 'digest'));
  });

  it('keeps how its roll-out goes', () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    expect(
      projected(StatefulSetKind, {
        spec: { replicas: 1, updateStrategy, template },
        status: { updateRevision: 'b', currentRevision: 'a', updatedReplicas: 1 },
      }),
    ).toMatchObject({
      spec: { replicas: 1, updateStrategy },
      status: { updateRevision: 'b', currentRevision: 'a', updatedReplicas: 1 },
    });
    expect(
      projected(DaemonSetKind, {
        spec: { template },
        status: { numberReady: 1, desiredNumberScheduled: 2 },
      }),
    ).toMatchObject({ status: { numberReady: 1, desiredNumberScheduled: 2 } });
    expect(
      projected(RolloutKind, {
        spec: { template },
        status: { observedGeneration: '4', currentPodHash: '6f' },
      }),
    ).toMatchObject({ status: { observedGeneration: '4', currentPodHash: '6f' } });
  });
});

describe('a projected Pod', () => {
  it('keeps what holds it and how its containers fare, and no environment', () => {
    const terminated = { exitCode: 1, reason: 'Error', message: 'said this' };
    const pod = projected(PodKind, {
      spec: {
        nodeName: 'n1',
        schedulingGates: [{ name: 'other/gate' }, { name: 'keptn-prechecks-gate' }],
        containers: template.spec.containers,
        initContainers: [{ name: 'i', image: 'busybox' }],
        tolerations: [{}],
      },
      status: {
        phase: 'Pending',
        reason: 'Evicted',
        message: 'no room',
        podIP: '10.0.0.1',
        conditions: [
          { type: 'Ready', status: 'False', reason: 'R', message: 'M', lastProbeTime: null },
        ],
        containerStatuses: [
          {
            name: 'a',
            ready: false,
            restartCount: 2,
            image: 'nginx:1',
            imageID: 'x',
            state: { waiting: {} },
            lastState: { terminated },
          },
        ],
        initContainerStatuses: [{ name: 'i', state: { terminated } }],
      },
    });
    expect(pod).toMatchObject({
      spec: {
        nodeName: 'n1',
        schedulingGates: [{ name: 'other/gate' }, { name: 'keptn-prechecks-gate' }],
        containers: [{ name: 'a', image: 'nginx:1' }],
        initContainers: [{ name: 'i', image: 'busybox' }],
      },
      status: {
        phase: 'Pending',
        reason: 'Evicted',
        message: 'no room',
        conditions: [{ type: 'Ready', status: 'False', reason: 'R', message: 'M' }],
        containerStatuses: [
          { name: 'a', ready: false, restartCount: 2, lastState: { terminated } },
        ],
        initContainerStatuses: [{ name: 'i', state: { terminated } }],
      },
    });
    expect(JSON.stringify(pod)).not.toMatch(/env|tolerations|podIP|imageID|lastProbeTime/u);
  });
});

describe('the programs of a task', () => {
  const sidecar = { name: 'proxy', image: 'mesh:1' };
  const main = { name: 'main', image: 'tool:1', command: ['tool'], args: ['check'] };
  const programIn = (
    container: Record<string, unknown>,
    labels: object = { [sluiceKeys.task]: 'check' },
  ) =>
    projected(PodKind, {
      metadata: { name: 'p', labels },
      spec: { containers: [sidecar, container] },
    });
  const job = projected(JobKind, {
    metadata: { name: 'j' },
    spec: { template: { spec: { containers: [main] } } },
  });

  it('are the same in its Job and its Pod, whatever webhooks have added', () => {
    const program = /^[\w-]{22}$/u;
    expect(job).toMatchObject({ programs: { main: expect.stringMatching(program) } });
    const injected = {
      ...main,
      env: [{ name: 'X', value: '1' }],
      volumeMounts: [{ name: 'token' }],
    };
    expect(programIn(injected)).toMatchObject({
      spec: { containers: [{}, { program: fieldOf(job['programs'], 'main') }] },
    });
  });

  it.each([{ image: 'other:1' }, { command: ['true'] }, { args: [] }])(
    'are others where a container runs something else: %j',
    (other) => {
      expect(programIn({ ...main, ...other })).not.toMatchObject({
        spec: { containers: [{}, { program: fieldOf(job['programs'], 'main') }] },
      });
    },
  );

  it('are not kept of Pods of workloads, of which there are many', () => {
    expect(JSON.stringify(programIn(main, {}))).not.toContain('program');
  });
});

describe('further projections', () => {
  it('keep a Job’s settings and status, not its template', () => {
    const spec = {
      backoffLimit: 1,
      activeDeadlineSeconds: 9,
      ttlSecondsAfterFinished: 5,
      suspend: false,
    };
    const status = {
      failed: 1,
      conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }],
    };
    const job = projected(JobKind, { spec: { ...spec, template, selector: {} }, status });
    expect(job).toMatchObject({ spec: { ...spec, template: { spec: {} } }, status });
    expect(JSON.stringify(job)).not.toMatch(/nginx|selector/u);
  });

  it('keep a ControllerRevision’s number, a Namespace’s phase, and nothing else', () => {
    const fields = (kind: Kind, raw: object): object => {
      const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = projected(kind, raw);
      return rest;
    };
    expect(fields(ControllerRevisionKind, { revision: 3, data: { spec: {} } })).toEqual({
      revision: 3,
    });
    expect(
      fields(NamespaceKind, {
        spec: { finalizers: [] },
        status: { phase: 'Active', conditions: [] },
      }),
    ).toEqual({
      status: { phase: 'Active' },
    });
  });
});

describe('of a KeptnApp the caches know that somebody applies it', () => {
  const app = (more: Record<string, unknown>) =>
    project(KeptnApp, {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnApp',
      metadata: { name: 'shop', ...more },
      spec: { version: '1' },
    })?.metadata.annotations;
  const spec = { 'f:spec': { 'f:version': {} } };

  it.each([
    ['by kubectl', { annotations: { [lastApplied]: '{}' } }],
    [
      'on the server’s side',
      { managedFields: [{ manager: 'flux', operation: 'Apply', fieldsV1: spec }] },
    ],
    [
      'by kubectl create',
      { managedFields: [{ manager: 'kubectl-create', operation: 'Update', fieldsV1: spec }] },
    ],
  ])('%s', (_how, more) => {
    expect(app(more)).toEqual({ [lastApplied]: '' });
  });

  it('and that nobody does: a controller made it, or only a label of it is applied', () => {
    const updated = { manager: 'sluice', operation: 'Update', fieldsV1: spec };
    const labelled = {
      manager: 'labeller',
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:labels': {} } },
    };
    expect(app({ managedFields: [updated, labelled] })).toBeUndefined();
  });
});

describe('a projected ConfigMap', () => {
  const of = (raw: object) => project(ConfigMapKind, { metadata, ...raw });

  it('does not grow with its data, binary data and annotations', () => {
    const large = (length: number) =>
      of({
        metadata: { ...metadata, annotations: { note: 'x'.repeat(length) } },
        data: {
          code: 'x'.repeat(length),
          [`k${'x'.repeat(length)}`]: 'y',
          other: 'z'.repeat(length),
        },
        binaryData: { b: 'eHg='.repeat(length) },
      });
    expect(JSON.stringify(large(100_000))).toHaveLength(JSON.stringify(large(1)).length);
    expect(JSON.stringify(large(100_000)).length).toBeLessThan(500);
    expect(large(1)?.metadata.labels).toEqual(metadata.labels);
  });

  it('says what code it holds, and whether it holds anything else', () => {
    const content = (data?: object) => fieldOf(of(data === undefined ? {} : { data }), 'content');
    expect(content({ code: 'ü' })).toEqual({ codeDigest: sha256('ü'), hasOtherKeys: false });
    expect(content({ code: 'x', a: '' })).toEqual({ codeDigest: sha256('x'), hasOtherKeys: true });
    expect(content({ a: 'b' })).toEqual({ hasOtherKeys: true });
    expect(content({})).toEqual({ hasOtherKeys: false });
    expect(content()).toBeUndefined();
  });
});
