import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Namespace, NamespaceKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { fieldOf } from '../../src/api/json.ts';
import type { Kind } from '../../src/api/object.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { mustRunHelm, renderedChart } from '../support/cluster/chart.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import {
  operatorNamespace,
  serviceAccountKubeconfig,
} from '../support/cluster/sluice-installation.ts';
import { flags, mustRunSluice } from '../support/cluster/sluice-process.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';
import { forbiddenRequests } from '../support/observed/forbidden-requests.ts';

/** No way of removing Sluice leaves a held Pod, a webhook or a policy. */

let controlPlane: ControlPlane;
let cluster: TestCluster;

beforeAll(async () => {
  controlPlane = await startControlPlane({ audit: true, owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
});
afterAll(() => controlPlane.stop());

const admission = (kind: string, plural: string): Kind => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural,
  namespaced: false,
});
const admissionKinds = [
  admission('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
  admission('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'),
  admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  admission('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
];
const crdKind: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const gate = { name: 'keptn-prechecks-gate' };
const foreignGate = { name: 'other.example/gate' };
let shop: string;

/** What one test leaves does not stand in the way of the next. */
afterEach(async () => {
  // A test may have deleted it already.
  await cluster.delete(NamespaceKind, { name: operatorNamespace });
  await eventually('the namespace of Sluice is gone', async () =>
    cluster.get(NamespaceKind, { name: operatorNamespace }).then((found) => found === undefined),
  );
  await mustRunSluice([
    'uninstall',
    '--crds',
    '--force',
    ...flags({ kubeconfig: controlPlane.kubeconfig }),
  ]);
});

/** A Namespace with Pods that are held, as a Sluice that worked there would have left them. */
beforeEach(async () => {
  const namespace = await cluster.namespace({
    annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' },
  });
  shop = namespace.name;
  for (const [name, schedulingGates] of [
    ['cart', [gate]],
    ['catalogue', [foreignGate, gate]],
    ['other', [foreignGate]],
  ] as const) {
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: shop, labels: { 'sluice.keptn.sh/watched': 'true' } },
      spec: { schedulingGates, containers: [{ name: 'x', image: 'x' }] },
    });
  }
  const label = { metadata: { labels: { 'sluice.keptn.sh/enabled': 'true' } } };
  await cluster.patch<Namespace>(NamespaceKind, { name: shop }, label);
});

async function gates(): Promise<Record<string, readonly string[]>> {
  const pods = await cluster.list<Pod>(PodKind, { namespace: shop });
  return Object.fromEntries(
    pods.map(({ metadata, spec }) => [
      metadata.name,
      (spec?.schedulingGates ?? []).map(({ name }) => name),
    ]),
  );
}

const released = { cart: [], catalogue: [foreignGate.name], other: [foreignGate.name] };

async function leftOfAdmission(): Promise<readonly string[]> {
  const lists = await Promise.all(admissionKinds.map((kind) => cluster.list(kind)));
  return lists
    .flat()
    .map(({ metadata }) => metadata.name)
    .filter((name) => /keptn\.sh$|^lifecycle-/u.test(name));
}

const release = ['sluice', '--namespace', operatorNamespace];
const connection = () => ['--kubeconfig', controlPlane.kubeconfig];
/** As the README says it for a checkout. */
function helmInstall(): Promise<string> {
  const [, command = ''] = documentedCommands('README.md', '## Install it').split('\n');
  const [words = ''] = command.split('#');
  const [helm, ...args] = words.trim().split(/\s+/u);
  expect([helm, args.includes('manifests/chart')]).toEqual(['helm', true]);
  return mustRunHelm([...args, ...connection()]);
}

/** As a process does that has made its certificate: into each CRD that is converted, and not by server-side apply. */
async function fillInAuthority(): Promise<void> {
  const path = '/spec/conversion/webhook/clientConfig/caBundle';
  const value = readFileSync(controlPlane.caFile).toString('base64');
  const converted = (await cluster.list(crdKind)).filter(
    (crd) => fieldOf(fieldOf(fieldOf(crd, 'spec'), 'conversion'), 'strategy') === 'Webhook',
  );
  expect(converted.length).toBeGreaterThan(0);
  for (const { metadata } of converted)
    await cluster.patch(crdKind, { name: metadata.name, type: 'json' }, [
      { op: 'add', path, value },
    ]);
}

/** The hook's Job is played by KWOK, which runs nothing: its command, with its service account, is run here. */
async function runUninstallJob(values: object = {}): Promise<string> {
  const rights = await renderedChart(values, 'uninstall-rights.yaml');
  await cluster.apply(...rights);
  const [job] = await renderedChart(values, 'uninstall-job.yaml');
  const containers = fieldOf(fieldOf(fieldOf(job?.['spec'], 'template'), 'spec'), 'containers');
  const args = Array.isArray(containers) ? fieldOf(containers[0], 'args') : undefined;
  if (!Array.isArray(args)) throw new Error('the Job has no command');
  const { dataDirectory } = controlPlane;
  const kubeconfig = await serviceAccountKubeconfig(cluster, dataDirectory, 'sluice-uninstall');
  return mustRunSluice([...args.map(String), ...flags({ kubeconfig })]);
}

const forbidden = () =>
  forbiddenRequests(
    controlPlane.auditLog,
    `system:serviceaccount:${operatorNamespace}:sluice-uninstall`,
  );

/** The block of commands behind these words in the document. */
function documentedCommands(file: string, words: string): string {
  const page = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const [, after = ''] = page.split(words);
  return /```sh\n(.*?)```/su.exec(after)?.[1] ?? '';
}

describe('helm uninstall', () => {
  it('lets go every Pod that is held, with the rights of the Job, keeps CRDs with what is in them, and can be undone', async () => {
    await helmInstall();
    await fillInAuthority();
    const definition = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTaskDefinition',
      metadata: { name: 'kept', namespace: shop },
      spec: { container: { name: 'x', image: 'x' } },
    };
    await mustRunHelm(['uninstall', ...release, ...connection()]);
    expect(await leftOfAdmission()).toEqual([]);
    await runUninstallJob();
    expect(await gates()).toEqual(released);
    const namespace = await cluster.get<Namespace>(NamespaceKind, { name: shop });
    expect(namespace?.metadata.labels).not.toHaveProperty('sluice.keptn.sh/enabled');
    expect(forbidden()).toEqual([]);

    // Nobody converts, and what is stored can still be read and written.
    const crds = (await cluster.list(crdKind)).filter(({ metadata }) =>
      metadata.name.endsWith('.keptn.sh'),
    );
    expect(crds.length).toBeGreaterThan(10);
    for (const crd of crds) {
      expect(fieldOf(fieldOf(crd, 'spec'), 'conversion')).toMatchObject({ strategy: 'None' });
    }
    await cluster.apply(definition);

    await helmInstall();
    expect(await leftOfAdmission()).not.toEqual([]);
    await mustRunHelm(['uninstall', ...release, ...connection()]);
  });
});

describe('without hooks', () => {
  it('uninstall.now leaves a release without webhooks and policies whose Job lets go every Pod', async () => {
    const before = await renderedChart();
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: operatorNamespace },
    });
    await cluster.apply(...before.filter(isNoHook));
    const values = { uninstall: { now: true } };
    const after = await renderedChart(values);
    // As Argo CD: what is wanted is applied, what is not wanted any more goes.
    await cluster.apply(...after);
    const wanted = new Set(after.map(nameOf));
    await deleteAll(before.filter((object) => isNoHook(object) && !wanted.has(nameOf(object))));
    await runUninstallJob(values);
    expect(await leftOfAdmission()).toEqual([]);
    expect(await gates()).toEqual(released);
    expect(forbidden()).toEqual([]);
  });

  it('the documented commands do it when Sluice and its namespace are gone', async () => {
    await helmInstall();
    await cluster.request(`/api/v1/namespaces/${operatorNamespace}`, { method: 'DELETE' });
    const commands = documentedCommands('docs/install.md', '**Sluice is already gone**');
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: controlPlane.kubeconfig },
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(await leftOfAdmission()).toEqual([]);
    expect(await gates()).toEqual(released);
  });
});

const isNoHook = ({ metadata }: Manifest) =>
  fieldOf(metadata['annotations'], 'helm.sh/hook') === undefined;
const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name ?? ''}`;

async function deleteAll(objects: readonly Manifest[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await cluster.kubectl(
    ['delete', '--ignore-not-found', '--wait=false', '-f', '-'],
    JSON.stringify(list),
  );
}
