import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import { fieldOf } from '../../src/api/json.ts';
import {
  aDaemonSet,
  aDeployment,
  aTaskDefinition,
  keptnAnnotationsOf,
} from '../support/builders/apps.ts';
import { type EnabledNamespace, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { Tenant } from '../support/cluster/tenant.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/** No way round the gate for people with rights on Pods and workloads, nor for other webhooks. */

let sluice: RunningSluice;
let cluster: TestCluster;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  ({ cluster } = sluice);
});

const onPods = { apiGroups: [''], resources: ['pods'], verbs: ['patch', 'get', 'list'] };
const release = {
  apiGroups: ['lifecycle.keptn.sh'],
  resources: ['keptnworkloadversions'],
  verbs: ['release'],
};

/** A Pod whose check runs for longer than any test. */
async function heldPod(shop: EnabledNamespace): Promise<Pod> {
  await shop.apply(
    aTaskDefinition('endless', { outcome: 'run' }),
    aDeployment({ preDeploymentTasks: ['endless'] }),
  );
  const [pod] = await shop.untilPods(1, isHeld);
  if (pod === undefined) throw new Error('no Pod');
  return pod;
}

const placeOf = ({ metadata: { namespace = '', name } }: Pod) => ({ namespace, name });
const noGates = { spec: { schedulingGates: null } };

describe.concurrent('a held Pod', () => {
  it('is not freed by somebody who may patch Pods, who is told the right that is missing; with that right it is', async () => {
    await using shop = await sluice.namespace();
    const pod = await heldPod(shop);
    const tenant = new Tenant(cluster, shop.name);
    await tenant.grant(onPods);
    const free = () => tenant.cluster.patch(PodKind, placeOf(pod), noGates);
    await expect(free()).rejects.toThrow(
      `kubectl create role release-held --namespace ${shop.name} --verb=release --resource=keptnworkloadversions.lifecycle.keptn.sh`,
    );
    await tenant.grant(release);
    await free();
    await shop.untilPods(1, isReady);
  });

  it('cannot be made to stand for a version that is released, and takes any other change', async () => {
    await using shop = await sluice.namespace();
    const pod = await heldPod(shop);
    const tenant = new Tenant(cluster, shop.name);
    await tenant.grant(onPods);
    const patch = (metadata: object) => tenant.cluster.patch(PodKind, placeOf(pod), { metadata });
    for (const key of ['keptn.sh/version', 'app.kubernetes.io/name', 'keptn.sh/app']) {
      await expect(patch({ annotations: { [key]: 'x' } })).rejects.toThrow('held by Sluice');
      await expect(patch({ labels: { [key]: 'x' } })).rejects.toThrow('held by Sluice');
    }
    await patch({
      annotations: { 'keptn.sh/version': '1.0.0', other: 'x' },
      labels: { mine: 'y' },
    });
  });

  it('is bound to no node by the API server either', async () => {
    await using shop = await sluice.namespace();
    const { namespace, name } = placeOf(await heldPod(shop));
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: 'node-1' },
    };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    await expect(cluster.request(path, { method: 'POST', body: binding })).rejects.toThrow(
      'schedulingGates',
    );
  });
});

describe.concurrent('a workload whose template names a node', () => {
  const placed = { podSpec: { nodeName: 'node-1' } };

  it('is refused when it is annotated, in the template or around it', async () => {
    await using shop = await sluice.namespace();
    await expect(shop.apply(aDeployment(placed))).rejects.toThrow('spec.template.spec.nodeName');
    const { metadata, ...rest } = aDeployment({
      ...placed,
      annotations: { 'keptn.sh/workload': '' },
    });
    const around = { ...rest, metadata: { ...metadata, annotations: keptnAnnotationsOf({}) } };
    await expect(shop.apply(around)).rejects.toThrow('spec.template.spec.nodeName');
  });

  it('gets no Pods by way of a ReplicaSet that no webhook looks at', async () => {
    await using shop = await sluice.namespace();
    const { apiVersion } = aDeployment();
    const { metadata, spec } = aDeployment(placed);
    await shop.apply({ apiVersion, kind: 'ReplicaSet', metadata, spec });
    const failure = await eventually('the ReplicaSet says why', async () => {
      const [replicaSet] = await shop.replicaSets();
      const conditions = fieldOf(fieldOf(replicaSet, 'status'), 'conditions');
      return JSON.stringify(conditions ?? '').includes('ReplicaFailure') && conditions;
    });
    expect(JSON.stringify(failure)).toContain('spec.nodeName');
    expect(await shop.pods()).toEqual([]);
  });

  it('runs as ever when nothing is annotated; so do DaemonSets, which choose nodes by affinity', async () => {
    await using shop = await sluice.namespace();
    const plain = { ...placed, annotations: { 'keptn.sh/workload': '' }, name: 'plain' };
    await shop.apply(aDeployment(plain), aDaemonSet({ name: 'agent', workload: 'agent' }));
    await shop.untilPods(4, isReady, 60_000);
  });
});

describe('a webhook that comes after Sluice’s', () => {
  const allow = (uid: unknown, patch?: readonly unknown[]) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(patch && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      }),
    },
  });

  it('cannot let an annotated Pod start: what it takes off is put back, and what still lacks the gate is denied', async () => {
    await using shop = await sluice.namespace();
    const { directory, caFile } = sluice.installation;
    const [cert, key, ca] = await Promise.all(
      [join(directory, 'tls.crt'), join(directory, 'tls.key'), caFile].map((file) =>
        readFile(file),
      ),
    );
    const server = createServer({ cert, key }, (request, response) => {
      void json(request).then((review) => {
        const reviewed = fieldOf(review, 'request');
        const isGated = JSON.stringify(reviewed).includes(schedulingGate);
        const strip = [{ op: 'remove', path: '/spec/schedulingGates' }];
        const answer = allow(fieldOf(reviewed, 'uid'), isGated ? strip : undefined);
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const configuration: Manifest = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'zz-strips-gates' },
      webhooks: [
        {
          name: 'strips.gates.example',
          admissionReviewVersions: ['v1'],
          clientConfig: {
            url: `https://127.0.0.1:${port}/`,
            caBundle: ca?.toString('base64'),
          },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': shop.name } },
          // Asked again after Sluice has put its gate back: the stubborn kind.
          reinvocationPolicy: 'IfNeeded',
          sideEffects: 'None',
          failurePolicy: 'Fail',
        },
      ],
    };
    try {
      await cluster.apply(configuration);
      const pod = (name: string): Manifest => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace: shop.name,
          annotations: keptnAnnotationsOf({}),
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true },
          ],
        },
        spec: { containers: [{ name: 'c', image: 'registry.example/c:1' }] },
      });
      await eventually('the API server asks the other webhook', async () => {
        const { refusal = '' } = await cluster.verdictOn(pod('probe'));
        return refusal.includes('has taken the gate off');
      });
      const patient = { ...configuration };
      Object.assign(Object(patient['webhooks'])[0], { reinvocationPolicy: 'Never' });
      await cluster.apply(patient);
      await eventually('Sluice has the last word', async () => {
        const created = await cluster
          .create(PodKind, pod('probe'), { dryRun: true })
          .catch(() => undefined);
        return created !== undefined && isHeld(created);
      });
    } finally {
      await cluster.request(
        '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-strips-gates',
        { method: 'DELETE' },
      );
      server.closeAllConnections();
      server.close();
    }
  });
});
