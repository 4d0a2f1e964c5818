import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf } from '../../src/api/json.ts';
import type { Kind } from '../../src/api/object.ts';
import {
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
import { TestCluster } from '../support/cluster/test-cluster.ts';

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
}, 120_000);

afterAll(async () => {
  await keptn[Symbol.asyncDispose]();
  await controlPlane.stop();
});

const migrate = (...args: readonly string[]) =>
  runSluice(['migrate', ...args, ...flags({ kubeconfig: controlPlane.kubeconfig })]);

const DeploymentKind: Kind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
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

describe('in the cluster', () => {
  it('a Sluice that does not come to answer leaves a Keptn that does', async () => {
    const before = await webhooks();
    const { exitCode, output } = await migrate('--apply', '--wait', '2s');
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'Sluice does not run in keptn-system after 2 s (Secret keptn-system/sluice-certificates has no ca.crt yet)',
    );
    expect(output).toContain('Keptn still answers admission');
    expect(await webhooks()).toEqual(before);
    expect(await deployments()).toMatchObject({ 'lifecycle-operator': 1, sluice: 2 });
    const storm = PodStorm.over(shop);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { unchecked, refused } = await storm.end();
    expect({ unchecked, refused }).toEqual({ unchecked: [], refused: [] });
  }, 120_000);

  it('goes on once Sluice runs, by a Service that leads to no Keptn, with where Keptn’s Pods may run', async () => {
    const now = Date.now();
    const { cert } = await issueAuthority({ validFrom: now - 1000, validUntil: now + 86_400_000 });
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: certificateSecretName, namespace: keptnNamespace },
      data: { 'ca.crt': Buffer.from(cert).toString('base64') },
    });
    const { exitCode, output } = await migrate('--apply');
    expect({ exitCode, output: exitCode === 0 ? '' : output }).toEqual({ exitCode: 0, output: '' });
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

  it('Helm keeps Sluice from then on, after it has removed what was left of Keptn', async () => {
    const taking = ['--take-ownership', '--force-conflicts'];
    const { output } = await migrate('-o', 'values');
    await mustRunHelm(['uninstall', 'keptn', ...keptn.helm]);
    await mustRunHelm(
      ['install', 'sluice', chartFolder, ...keptn.helm, ...taking, '--values', '-'],
      { stdin: output },
    );
    expect(await deployments()).toEqual({ sluice: 2 });
    expect(new Set(await services())).toEqual(new Set(['lifecycle-webhook-service']));
  }, 240_000);
});
