import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf } from '../../src/api/json.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { flags, mustRunSluice, runSluice } from '../support/cluster/sluice-process.ts';
import type { TestCluster } from '../support/cluster/test-cluster.ts';

/** An installation on a real API server that others have worked on since: what is theirs stays. */

const namespace = 'install-again';
const webhooksName = 'lifecycle-mutating-webhook-configuration';
const Configurations: Kind<KubernetesObject & { webhooks?: unknown }> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
};
const Accounts: Kind<KubernetesObject & { imagePullSecrets?: unknown }> = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

let cluster: TestCluster;
let directory: string;
const base = () => ({
  kubeconfig: cluster.controlPlane.kubeconfig,
  namespace,
  url: 'https://127.0.0.1:9',
});
const install = (more: Record<string, string> = {}, ...switches: readonly string[]) =>
  runSluice(['install', ...flags({ ...base(), ...more }), ...switches]);

beforeAll(async () => {
  cluster = await sharedCluster();
  directory = await mkdtemp(join(tmpdir(), 'sluice-install-'));
  await mustRunSluice(['certs', ...flags({ directory })]);
});

afterAll(async () => {
  const { kubeconfig } = base();
  await mustRunSluice(['uninstall', ...flags({ kubeconfig, namespace })]);
  await cluster.request(`/api/v1/namespaces/${namespace}`, { method: 'DELETE' });
  await rm(directory, { recursive: true });
});

const configuration = async () => {
  const found = await cluster.get(Configurations, { name: webhooksName });
  if (found === undefined) throw new Error('no webhook configuration');
  return found;
};

it('keeps what others have added, and takes nothing from them unless forced', async () => {
  // Other test files may have left CRDs of their own.
  const first = await install({ 'ca-file': join(directory, 'ca.crt') }, '--force-conflicts');
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.output).toContain(`MutatingWebhookConfiguration ${webhooksName} created`);

  const account = { namespace, name: 'sluice' };
  await cluster.patch(Accounts, account, { imagePullSecrets: [{ name: 'registry' }] });
  await cluster.patch(Accounts, account, { metadata: { annotations: { 'cloud/role': 'x' } } });
  const inject = { 'cert-manager.io/inject-ca-from': 'x/y' };
  await cluster.patch(
    Configurations,
    { name: webhooksName },
    { metadata: { annotations: inject } },
  );
  const before = await configuration();

  const second = await install();
  expect(second).toMatchObject({ exitCode: 0 });
  expect(second.output).not.toMatch(/ (?:created|changed|removed)$/mu);
  const after = await configuration();
  expect(JSON.stringify(after.webhooks)).toContain('"caBundle"');
  expect(after.webhooks).toEqual(before.webhooks);
  expect(after.metadata.annotations).toEqual(inject);
  expect(await cluster.get(Accounts, account)).toMatchObject({
    imagePullSecrets: [{ name: 'registry' }],
    metadata: { annotations: { 'cloud/role': 'x' } },
  });

  await cluster.patch(Configurations, { name: webhooksName, type: 'json' }, [
    { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' },
  ]);
  const third = await install({ 'ca-file': join(directory, 'ca.crt') });
  expect(third.exitCode).not.toBe(0);
  expect(third.output).toMatch(
    /sluice-test owns \.webhooks\[name="mpod\.keptn\.sh"\]\.failurePolicy/u,
  );
  expect(third.output).toContain('--force-conflicts');
  const policyOf = (object: { webhooks?: unknown }) =>
    fieldOf(Array.isArray(object.webhooks) ? object.webhooks[0] : undefined, 'failurePolicy');
  expect(policyOf(await configuration())).toBe('Ignore');

  expect(await install({}, '--force-conflicts')).toMatchObject({ exitCode: 0 });
  expect(policyOf(await configuration())).toBe('Fail');
});

it('comes back after an uninstall, which says what it leaves', async () => {
  const { kubeconfig } = base();
  const said = await mustRunSluice(['uninstall', ...flags({ kubeconfig, namespace })]);
  expect(said).toContain(`Namespace ${namespace} with what else is in it`);
  expect(await cluster.get(Configurations, { name: webhooksName })).toBeUndefined();
  const again = await install({ 'ca-file': join(directory, 'ca.crt') });
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.output).toContain(
    'CustomResourceDefinition keptntaskdefinitions.lifecycle.keptn.sh changed',
  );
});
