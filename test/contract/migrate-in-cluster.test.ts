import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf } from '../../src/api/json.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Kind } from '../../src/api/object.ts';
import type { Resource } from '../../src/api/resource.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../../src/api/registration-kinds.ts';
import { certificateSecretName } from '../../src/api/secret.ts';
import { issueAuthority } from '../../src/certificates/issue.ts';
import { LeaseKind } from '../../src/kubernetes/lease/lease-record.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { chartFolder, mustRunHelm } from '../support/cluster/chart.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import { keptnNamespace } from '../support/cluster/keptn-chart.ts';
import { KeptnStandIn } from '../support/cluster/keptn-stand-in.ts';
import { PodStorm } from '../support/cluster/pod-storm.ts';
import { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { flags, runSluice } from '../support/cluster/sluice-process.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/**
 * A Keptn that gives way to a Sluice in the cluster. The Pods of Sluice are played: they become ready and answer nothing, so
 * what the API server is told is looked at, and not what comes of it. One story; each test goes on from the last.
 */

let controlPlane: ControlPlane;
let cluster: TestCluster;
let keptn: KeptnStandIn;
let shop: EnabledNamespace;

beforeAll(async () => {
  controlPlane = await startControlPlane({ owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
  keptn = await KeptnStandIn.installed(cluster);
  shop = await EnabledNamespace.create(cluster);
  for (const one of kept) {
    await cluster.apply({ ...one, metadata: { ...one.metadata, namespace: shop.name } });
  }
}, 120_000);

afterAll(async () => {
  await keptn[Symbol.asyncDispose]();
  await controlPlane.stop();
});

/** What a Sluice that runs keeps in its Secret. */
async function playCertificates(): Promise<void> {
  const now = Date.now();
  const { cert } = await issueAuthority({ validFrom: now - 1000, validUntil: now + 86_400_000 });
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: certificateSecretName, namespace: keptnNamespace },
    data: { 'ca.crt': Buffer.from(cert).toString('base64') },
  });
}

let values: string;
const connection = () => flags({ kubeconfig: controlPlane.kubeconfig });
const place = flags({ namespace: keptnNamespace });
const keptnsPlace = flags({ 'keptn-namespace': keptnNamespace });
const migrate = (...args: readonly string[]) => runSluice(['migrate', ...args, ...connection()]);

const DeploymentKind: Kind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

const ServiceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};

const deployments = async () =>
  Object.fromEntries(
    (await cluster.list(DeploymentKind, { namespace: keptnNamespace })).map((one) => [
      one.metadata.name,
      fieldOf(fieldOf(one, 'spec'), 'replicas'),
    ]),
  );
const webhooks = async () => {
  const found = [
    ...(await cluster.list(MutatingWebhookConfigurationKind)),
    ...(await cluster.list(ValidatingWebhookConfigurationKind)),
  ];
  return found.map((one) => [one.metadata.name, fieldOf(one, 'webhooks')]);
};
const services = async (): Promise<unknown[]> =>
  (await webhooks())
    .flatMap(([, hooks]) => (Array.isArray(hooks) ? hooks : []))
    .map((hook: unknown) => fieldOf(fieldOf(fieldOf(hook, 'clientConfig'), 'service'), 'name'));

/** What a command has written to standard output as JSON; what it says to people comes after that. */
function jsonIn({ output, exitCode }: { output: string; exitCode: number }): unknown {
  if (exitCode !== 0) throw new Error(output);
  return JSON.parse(output.slice(0, output.indexOf('\n}\n') + 2));
}
const keysOf = (value: unknown): readonly string[] => Object.keys(Object(value));
const listIn = (value: unknown, field: string): readonly unknown[] => {
  const list = fieldOf(value, field);
  if (!Array.isArray(list)) throw new Error(`${field} is no list`);
  return list;
};

const kept: readonly Manifest[] = [
  { ...anObject(KeptnApp), spec: { version: '1', workloads: [{ name: 'cart', version: '1' }] } },
  { ...anObject(KeptnTaskDefinition), spec: { deno: { inline: { code: 'console.log(1)' } } } },
  { ...anObject(KeptnAppContext), spec: { preDeploymentTasks: ['kept'] } },
];

function anObject({ apiVersion, kind }: Resource) {
  return { apiVersion, kind, metadata: { name: 'kept' } };
}

/** The objects of people, as they are read now. */
const objects = async () =>
  Promise.all(
    [KeptnApp, KeptnTaskDefinition, KeptnAppContext].map(async (resource) => {
      const { apiVersion, kind, plural, namespaced } = resource;
      const at = { namespace: shop.name, name: 'kept' };
      const object = await cluster.get({ apiVersion, kind, plural, namespaced }, at);
      return fieldOf(object, 'spec');
    }),
  );
const inKeptnsNamespace = async (kind: Kind) =>
  (await cluster.list(kind, { namespace: keptnNamespace })).map(({ metadata }) => metadata.name);
const crds = async () =>
  (await cluster.list(CustomResourceDefinitionKind)).map(({ metadata }) => metadata.name);

/** Keptn's parts, as they have to be again after the way back. */
const keptns = async () => ({
  webhooks: await webhooks(),
  services: await inKeptnsNamespace(ServiceKind),
  deployments: await deployments(),
});
let before: Awaited<ReturnType<typeof keptns>>;

describe('in the cluster', () => {
  it('is described as JSON, each part with what it is and what becomes of it', async () => {
    before = await keptns();
    const report = jsonIn(await migrate('-o', 'json'));
    expect(keysOf(report)).toEqual([
      'namespace',
      'operators',
      'ignored',
      'webhooks',
      'apiServices',
      'kinds',
      'inFlight',
      'configs',
      'releases',
      'others',
      'values',
      'withoutMeaning',
      'obstacles',
      'done',
    ]);
    expect(listIn(report, 'operators')).toContainEqual({
      what: 'Deployment keptn-system/lifecycle-operator v2.0.0',
      becomes: 'is scaled from 1 to 0, which is recorded on it, once Sluice answers in its place',
    });
    expect(report).toMatchObject({ namespace: keptnNamespace, obstacles: [], done: [] });
    expect(await keptns()).toEqual(before);
  });

  it('a Sluice that does not come to answer leaves a Keptn that does', async () => {
    const { exitCode, output } = await migrate('--apply', '--wait', '2s');
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'Sluice does not run in keptn-system after 2 s (Secret keptn-system/sluice-certificates has no ca.crt yet)',
    );
    expect(output).toContain('Keptn still answers admission');
    expect(await webhooks()).toEqual(before.webhooks);
    expect(await deployments()).toMatchObject({ 'lifecycle-operator': 1, sluice: 2 });
    const storm = PodStorm.over(shop);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { unchecked, refused } = await storm.end();
    expect({ unchecked, refused }).toEqual({ unchecked: [], refused: [] });
  }, 120_000);

  it('goes on once Sluice runs, by a Service that leads to no Keptn, with where Keptn’s Pods may run', async () => {
    await playCertificates();
    const report = jsonIn(await migrate('--apply', '-o', 'json'));
    expect(listIn(report, 'done')).toContain('the controllers of Sluice may start');
    expect(listIn(report, 'operators')).toHaveLength(3);
    expect(new Set(await services())).toEqual(new Set(['sluice']));
    expect(await deployments()).toEqual({
      'certificate-operator': 0,
      'lifecycle-operator': 0,
      'metrics-operator': 0,
      sluice: 2,
    });
    const sluice = await cluster.get(DeploymentKind, { namespace: keptnNamespace, name: 'sluice' });
    const pod = fieldOf(fieldOf(fieldOf(sluice, 'spec'), 'template'), 'spec');
    expect(fieldOf(pod, 'tolerations')).toEqual([{ key: 'dedicated', operator: 'Exists' }]);
    const lease = await cluster.get(LeaseKind, { namespace: keptnNamespace, name: 'sluice' });
    expect(lease?.spec?.holderIdentity).toBe('');
  }, 240_000);

  it('has a way back, which is described as JSON, and nothing is changed', async () => {
    const report = jsonIn(await migrate('--back', '-o', 'json'));
    expect(keysOf(report)).toEqual([
      'namespace',
      'operators',
      'ignored',
      'restored',
      'lost',
      'obstacles',
      'done',
    ]);
    expect(listIn(report, 'operators')).toContainEqual({
      what: 'Deployment keptn-system/lifecycle-operator',
      becomes: 'is scaled to 1, as it was before',
    });
    expect(listIn(report, 'restored')).toContainEqual({
      what: 'ValidatingWebhookConfiguration metrics-validating-webhook-configuration',
      becomes: 'is as it was before',
    });
    expect(report).toMatchObject({ lost: [], done: [] });
    expect(await deployments()).toMatchObject({ 'lifecycle-operator': 0, sluice: 2 });
  });

  it('is uninstalled without any loss: what is Keptn’s stays and is named, and every object is whole', async () => {
    const { exitCode, output } = await runSluice(['uninstall', ...connection(), ...place]);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    expect(output).toContain(
      `Service ${keptnNamespace}/lifecycle-webhook-service is Keptn’s and stays as it is`,
    );
    expect(output).toContain('Back to Keptn: sluice migrate --back --apply');
    expect(await inKeptnsNamespace(ServiceKind)).toEqual(
      before.services.filter((name) => name !== 'lifecycle-operator-metrics-service'),
    );
    expect(await deployments()).toEqual({
      'certificate-operator': 0,
      'lifecycle-operator': 0,
      'metrics-operator': 0,
    });
    expect(await objects()).toMatchObject(kept.map(({ spec }) => spec));
  }, 240_000);

  it('gives the cluster back to Keptn even then', async () => {
    const report = jsonIn(
      await migrate('--back', '--apply', '-o', 'json', ...place, ...keptnsPlace),
    );
    expect(listIn(report, 'done')).toContain(
      'Keptn runs again; its KeptnConfigs, definitions and versions are where they were',
    );
    expect(await keptns()).toEqual(before);
    expect(await objects()).toMatchObject(kept.map(({ spec }) => spec));
  }, 240_000);

  it('gives way again, and helm uninstall leaves CRDs, objects and Sluice', async () => {
    await playCertificates();
    const { exitCode, output } = await migrate('--apply');
    expect({ exitCode, output: exitCode === 0 ? '' : output }).toEqual({ exitCode: 0, output: '' });
    const crdsBefore = await crds();
    const webhooksBefore = await webhooks();
    values = (await migrate('-o', 'values')).output;
    await mustRunHelm(['uninstall', 'keptn', ...keptn.helm]);
    expect(await deployments()).toEqual({ sluice: 2 });
    expect(await crds()).toEqual(crdsBefore);
    expect(await webhooks()).toEqual(webhooksBefore);
    expect(await inKeptnsNamespace(ServiceKind)).toEqual([
      'lifecycle-operator-metrics-service',
      'sluice',
      'sluice-conversion',
    ]);
    expect(await objects()).toMatchObject(kept.map(({ spec }) => spec));
  }, 240_000);

  it('Helm keeps Sluice from then on', async () => {
    const taking = ['--take-ownership', '--force-conflicts'];
    await mustRunHelm(
      ['install', 'sluice', chartFolder, ...keptn.helm, ...taking, '--values', '-'],
      { stdin: values },
    );
    expect(await deployments()).toEqual({ sluice: 2 });
    expect(new Set(await services())).toEqual(new Set(['lifecycle-webhook-service']));
    expect(await objects()).toMatchObject(kept.map(({ spec }) => spec));
  }, 240_000);
});
