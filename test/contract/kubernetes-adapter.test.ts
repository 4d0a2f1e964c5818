import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  ConfigMapKind,
  ConfigMapMetadataKind,
  DeploymentKind,
  PodKind,
  ReplicaSetKind,
  type Deployment,
  type Pod,
} from '../../src/api/builtin.ts';
import { refOf, type Kind, type KubernetesObject } from '../../src/api/object.ts';
import { ObjectCaches } from '../../src/kubernetes/cache/caches.ts';
import { connect, type Connection } from '../../src/kubernetes/connect.ts';
import { EventKind } from '../../src/kubernetes/events/event-series.ts';
import { EventRecorder } from '../../src/kubernetes/events/events.ts';
import { LeaderElection } from '../../src/kubernetes/lease/lease.ts';
import { mediaTypeOf } from '../../src/kubernetes/wire/media-type.ts';
import { collectionPath } from '../../src/kubernetes/wire/resource-path.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import type { TestCluster, TestNamespace } from '../support/cluster/test-cluster.ts';

// What the adapter takes for granted of an API server, tried on a real one. Its behaviour under faults is in test/kubernetes.

interface Widget extends KubernetesObject {
  spec?: { size?: number };
  status?: { phase?: string };
}

const WidgetKind: Kind<Widget> = {
  apiVersion: 'adapter.sluice.test/v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
};

const DefinitionKind: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const definition = {
  apiVersion: DefinitionKind.apiVersion,
  kind: DefinitionKind.kind,
  metadata: { name: 'widgets.adapter.sluice.test' },
  spec: {
    group: 'adapter.sluice.test',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};

function deployment(namespace: string, labels: Record<string, string> = {}) {
  const pod = {
    metadata: { labels: { app: 'web', ...labels }, annotations: { 'keptn.sh/version': '1' } },
    spec: { containers: [{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: pod },
  };
}

const open = ({ kubeconfig }: ControlPlane): Promise<Connection> =>
  connect({ kubeconfig, env: {}, clock: systemClock, version: 'contract-test' });

let cluster: TestCluster;
let connection: Connection;
let namespace: TestNamespace;
beforeAll(async () => {
  cluster = await sharedCluster();
  connection = await open(cluster.controlPlane);
  namespace = await cluster.namespace();
});
afterAll(async () => {
  await cluster.delete(DefinitionKind, { name: definition.metadata.name });
  await namespace[Symbol.asyncDispose]();
  await connection.close();
});

describe('on a real API server', () => {
  it('a custom kind is watched from the moment it exists, and its status is written on one version only', async () => {
    const caches = new ObjectCaches({ clock: systemClock });
    const watching = connection.watchAll([{ kind: WidgetKind, optional: true }], caches);
    await caches.synced();
    await connection.client.createOrReplace(DefinitionKind, definition);
    await connection.client.createOrReplace(DefinitionKind, definition);
    const { apiVersion, kind } = WidgetKind;
    const widget = { apiVersion, kind, metadata: { name: 'w', namespace: namespace.name } };
    const made = await eventually('the kind is served', () =>
      connection.client.create(WidgetKind, widget),
    );
    await eventually('the widget is cached', () => caches.list(WidgetKind).length === 1);

    const ref = refOf(WidgetKind, made);
    const size = { op: 'add', path: '/spec', value: { size: 2 } } as const;
    const { resourceVersion: newest = '' } = (await connection.client.patch(ref, [size])).metadata;
    const stale = connection.client.writeStatus(ref, made.metadata.resourceVersion ?? '', {
      phase: 'Old',
    });
    await expect(stale).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    const written = await connection.client.writeStatus(ref, newest, { phase: 'New' });
    expect(written).toMatchObject({ spec: { size: 2 }, status: { phase: 'New' } });
    await eventually('the status is cached', () => {
      return caches.get(WidgetKind, namespace.name, 'w')?.status?.phase === 'New';
    });
    await watching.stop();
  });

  it('a Deployment and its ReplicaSet have one template digest, and a stale status is a conflict', async () => {
    const made = await connection.client.create(DeploymentKind, deployment(namespace.name));
    const replicaSet = await eventually('the ReplicaSet is made', async () => {
      const [found] = await connection.client.list(ReplicaSetKind, namespace.name, 'app=web');
      return found;
    });
    expect(replicaSet).toMatchObject({
      template: { digest: (made as Deployment).template.digest },
    });
    expect(replicaSet.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    const ref = refOf(DeploymentKind, made);
    await eventually('the Deployment has a newer version', async () => {
      const live = await connection.client.get(ref);
      return live?.metadata.resourceVersion !== made.metadata.resourceVersion;
    });
    const stale = connection.client.writeStatus(ref, made.metadata.resourceVersion ?? '', {});
    await expect(stale).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    const otherUid = connection.client.delete(ref, { uid: 'other' });
    await expect(otherUid).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    const failedTest = connection.client.patch(ref, [
      { op: 'test', path: '/metadata/uid', value: 'x' },
    ]);
    await expect(failedTest).rejects.toMatchObject({ code: 422, reason: 'Invalid' });
    await connection.client.delete(ref, {
      uid: made.metadata.uid ?? '',
      propagation: 'Background',
    });
  });

  it('a Pod leaves the cache when it leaves the selector, and the answer to our own patch does not bring it back', async () => {
    const caches = new ObjectCaches({ clock: systemClock });
    const labelSelector = 'adapter.sluice.test/watched';
    const watching = connection.watchAll([{ kind: PodKind, labelSelector }], caches);
    await caches.synced();
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: namespace.name, labels: { [labelSelector]: '' } },
      spec: {
        schedulingGates: [{ name: 'sluice.test/gate' }],
        containers: [{ name: 'c', image: 'nginx' }],
      },
    };
    const made = await connection.client.create(PodKind, pod);
    caches.observe(PodKind, made);
    const types: string[] = [];
    caches.subscribe(PodKind, ({ type }) => void types.push(type));
    const path = '/metadata/labels';
    const patched = await connection.client.patch(refOf(PodKind, made), [{ op: 'remove', path }]);
    caches.observe(PodKind, patched);
    await eventually('the Pod has left', () => caches.sizes().get('v1/Pod') === 0);
    expect(types.at(-1)).toBe('deleted');
    await watching.stop();
  });

  it('the metadata view of ConfigMaps brings their names without their content, as they come and go', async () => {
    const form = mediaTypeOf(ConfigMapMetadataKind, 'list');
    const answer = await connection.transport.request({
      verb: 'list',
      path: collectionPath(ConfigMapMetadataKind, namespace.name),
      accept: form,
    });
    expect(answer).toMatchObject({ kind: 'PartialObjectMetadataList' });
    const caches = new ObjectCaches({ clock: systemClock });
    const watching = connection.watchAll([{ kind: ConfigMapMetadataKind }], caches);
    await caches.synced();
    const settings = () => caches.get(ConfigMapMetadataKind, namespace.name, 'settings');
    expect(settings()).toBeUndefined();
    const made = await connection.client.create(ConfigMapKind, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: namespace.name },
    });
    const { resourceVersion = '', uid = '' } = made.metadata;
    const cached = await eventually('it is cached', settings);
    expect(cached.metadata).toEqual({
      name: 'settings',
      namespace: namespace.name,
      resourceVersion,
    });
    // What nothing holds is gone when the API server answers: it need not be read again.
    expect(await connection.client.delete(refOf(ConfigMapKind, made), { uid })).toBe('gone');
    await eventually('it is cached no more', () => settings() === undefined);
    await watching.stop();
  });

  it('Events are accepted, and repetitions are counted on the first one', async () => {
    const about = await connection.client.get({
      kind: PodKind,
      namespace: namespace.name,
      name: 'p',
    });
    if (about === undefined) throw new Error('the Pod is gone');
    const recorder = new EventRecorder({
      client: connection.client,
      clock: systemClock,
      random: () => 0,
      instance: 'contract-test',
    });
    const message = 'ä'.repeat(2000);
    const note = {
      about,
      type: 'Warning',
      reason: 'Tried',
      message,
      annotations: { a: 'b' },
    } as const;
    recorder.record(note, 'contract-controller');
    await eventually('the Event is written', () => recorder.counts.written === 1);
    recorder.record(note, 'contract-controller');
    await recorder.stop();
    expect(recorder.counts).toEqual({
      written: 2,
      dropped: { queueFull: 0, refused: 0, unavailable: 0, stopped: 0 },
    });
    const events = await cluster.list(EventKind, { namespace: namespace.name });
    expect(events.filter((event) => 'reason' in event && event.reason === 'Tried')).toMatchObject([
      {
        count: 2,
        series: { count: 2 },
        lastTimestamp: expect.any(String),
        metadata: { annotations: { a: 'b' } },
        involvedObject: { name: 'p' },
      },
    ]);
  });

  it('leadership passes on when the leader stops', async () => {
    const log: string[] = [];
    const stand = (identity: string) => {
      const stopping = new AbortController();
      const election = new LeaderElection({
        client: connection.client,
        clock: systemClock,
        random: () => 0,
        namespace: namespace.name,
        name: 'sluice',
        identity,
        times: { leaseMs: 3000, renewDeadlineMs: 2000, retryMs: 200 },
        async onLeading(signal) {
          log.push(identity);
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        },
      });
      const done = election.run(stopping.signal);
      const stop = (): Promise<void> => {
        stopping.abort();
        return done;
      };
      return { election, stop };
    };
    const first = stand('first');
    await eventually('the first leads', () => first.election.isLeader);
    const second = stand('second');
    await first.stop();
    await eventually('the second leads', () => second.election.isLeader);
    await second.stop();
    expect(log).toEqual(['first', 'second']);
  });

  it('two hundred requests need few connections', async () => {
    const fresh = await open(cluster.controlPlane);
    for (let index = 0; index < 200; index += 1) {
      await fresh.client.get({ kind: PodKind, namespace: namespace.name, name: 'p' });
    }
    expect(fresh.transport.counts.connections).toBeLessThanOrEqual(2);
    await fresh.close();
  });
});

describe('when the API server restarts', () => {
  it('watches come back by themselves, with one further list each at most', async () => {
    await using controlPlane = await startControlPlane({ removeData: true, owner: process.pid });
    const own = await open(controlPlane);
    const caches = new ObjectCaches({ clock: systemClock });
    const watching = own.watchAll([{ kind: DeploymentKind }, { kind: ReplicaSetKind }], caches);
    await caches.synced();
    await own.client.create(DeploymentKind, deployment('default'));
    await eventually('the ReplicaSet is cached', () => caches.list(ReplicaSetKind).length === 1);
    const lists = own.transport.counts.requests.list;

    await controlPlane.killApiServer();
    const ref = { kind: DeploymentKind, namespace: 'default', name: 'web' };
    await expect(own.client.patch(ref, [])).rejects.toMatchObject({
      code: 0,
      reason: 'Unavailable',
    });
    await controlPlane.startApiServer();
    const image = {
      op: 'replace',
      path: '/spec/template/spec/containers/0/image',
      value: 'nginx:2',
    } as const;
    await eventually('the Deployment can be changed', () => own.client.patch(ref, [image]));
    await eventually(
      'the new ReplicaSet is cached',
      () => caches.list(ReplicaSetKind).length === 2,
    );
    // Its watch cache begins anew, so what was the newest version is too old for it.
    expect(own.transport.counts.requests.list).toBeLessThanOrEqual(lists + 2);
    await watching.stop();
    await own.close();
  });
});
