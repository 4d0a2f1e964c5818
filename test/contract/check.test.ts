import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../src/cli/check/line.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { installSluice, type SluiceInstallation } from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  runSluice,
  startSluice,
  type SluiceProcess,
} from '../support/cluster/sluice-process.ts';
import { patchTypes, TestCluster } from '../support/cluster/test-cluster.ts';

/** `sluice check` of a real installation, with one fault after the other. The control plane is its own: what is broken here serves nobody else. */

let directory: string;
let controlPlane: ControlPlane;
let cluster: TestCluster;
let installation: SluiceInstallation;
let sluice: SluiceProcess;

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-check-')));
  const dataDirectory = join(directory, 'data');
  controlPlane = await startControlPlane({ dataDirectory, owner: process.pid, removeData: true });
  cluster = new TestCluster(controlPlane);
});

afterAll(async () => {
  await sluice?.stop();
  await controlPlane?.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Report {
  readonly exitCode: number;
  readonly lines: readonly Line[];
}

async function check(...more: readonly string[]): Promise<Report> {
  const { kubeconfig } = controlPlane;
  const { exitCode, output } = await runSluice([
    'check',
    ...flags({ kubeconfig, output: 'json' }),
    ...more,
  ]);
  const report = JSON.parse(output) as Report;
  expect(report.exitCode).toBe(exitCode);
  return report;
}

const bad = ({ lines }: Report) => lines.filter(({ status }) => status !== 'ok');
const about = ({ lines }: Report, name: string) => lines.filter((line) => line.check === name);

describe('before an installation', () => {
  it('the cluster will do', async () => {
    const report = await check('--pre');
    expect(bad(report)).toEqual([]);
    expect(report.exitCode).toBe(0);
  });

  it('without one, everything is said to be missing, with the command that makes it', async () => {
    const report = await check();
    expect(report.exitCode).toBe(3);
    const failedChecks = new Set(bad(report).map((line) => line.check));
    for (const name of [
      'CustomResourceDefinitions',
      'webhooks',
      'admission policies',
      'rights',
      'leader',
    ])
      expect([...failedChecks]).toContain(name);
    for (const { remedy } of bad(report)) expect(remedy).toMatch(/\w/u);
  });
});

describe('of a Sluice that runs', () => {
  beforeAll(async () => {
    installation = await installSluice(cluster);
    sluice = await start();
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' } },
    });
    await untilWell();
  });

  it('all is well: exit code 0', async () => {
    const report = await check();
    expect(report.lines.map((line) => line.check)).toEqual([
      'Kubernetes version',
      'CustomResourceDefinitions',
      'webhooks',
      'clock',
      'certificate authority',
      'serving certificate',
      'webhook call',
      'admission policies',
      'rights',
      'leader',
      'replicas',
      'namespaces',
      'held Pods',
      'bypassed Pods',
    ]);
    expect(report.exitCode).toBe(0);
  });

  it('a role that was changed is told by the resource and the verbs that are missing', async () => {
    await cluster.request('/apis/rbac.authorization.k8s.io/v1/clusterroles/sluice', {
      method: 'PATCH',
      contentType: patchTypes.json,
      body: [{ op: 'replace', path: '/rules', value: [] }],
    });
    const report = await check();
    expect(report.exitCode).toBe(3);
    expect(about(report, 'rights').map(({ says }) => says)).toContainEqual(
      expect.stringMatching(/may not .*patch.* pods$/u),
    );
    await mend('--rights');
  });

  it('a definition that was deleted is told by its name', async () => {
    await cluster.request(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/keptnmetrics.metrics.keptn.sh',
      { method: 'DELETE' },
    );
    const lines = about(await check(), 'CustomResourceDefinitions');
    expect(lines.map(({ says }) => says).join()).toContain(
      'keptnmetrics.metrics.keptn.sh is missing',
    );
    await mend('--crds');
  });

  it('a policy that was deleted, and a binding that only audits, are told', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
    const name = 'held-pods.sluice.keptn.sh';
    await cluster.request(`${path}/${name}`, {
      method: 'PATCH',
      contentType: patchTypes.merge,
      body: { spec: { validationActions: ['Audit'] } },
    });
    const [line] = about(await check(), 'admission policies');
    expect(line).toMatchObject({ status: 'failed' });
    expect(line?.says).toContain(`${name} does Audit, where it has to Deny`);
    await mend('--policy');
  });

  it('a caBundle of another authority is told by the certificate and by the call', async () => {
    const other = join(directory, 'other');
    await mustRunSluice(['certs', ...flags({ directory: other })]);
    await install(['--webhooks'], join(other, 'ca.crt'));
    const report = await check();
    expect(about(report, 'serving certificate')[0]).toMatchObject({ status: 'failed' });
    await eventually('the API server goes by the new caBundle', async () => {
      const [call] = about(await check(), 'webhook call');
      return call?.status === 'failed' && call.says.includes('x509');
    });
    await mend('--webhooks');
  });

  it('an installation with the gate of the API server is well, too, and what is missing of it is told', async () => {
    const parts = ['--crds', '--rights', '--webhooks', '--policy'];
    await install([...parts, '--webhook-mode', 'admissionPolicy'], installation.caFile);
    // The process was started without a backstop, so that it keeps no list.
    await untilWell('released lists');
    const report = await check();
    expect(about(report, 'released lists')[0]?.remedy).toContain('--backstop true');
    expect(report.exitCode).toBe(4);
    const name = 'listed.gate.sluice.keptn.sh';
    await cluster.request(
      `/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings/${name}`,
      { method: 'DELETE' },
    );
    const lines = about(await check(), 'admission policies');
    expect(lines[0]?.says).toContain(`MutatingAdmissionPolicyBinding ${name} is missing`);
    await mend('--webhooks', '--policy', '--rights');
  });

  it('a webhook that only ignores is a warning: exit code 4', async () => {
    await cluster.request(
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/lifecycle-mutating-webhook-configuration',
      {
        method: 'PATCH',
        contentType: patchTypes.json,
        body: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
      },
    );
    const report = await check();
    expect(bad(report).map(({ status }) => status)).toEqual(['warning']);
    expect(report.exitCode).toBe(4);
    await mend('--webhooks');
  });

  it('a Pod that is held for long is named, with the command that explains it', async () => {
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'waits',
        namespace: 'shop',
        annotations: { 'keptn.sh/workload': 'waits', 'keptn.sh/version': '1' },
      },
      spec: {
        schedulingGates: [{ name: 'keptn-prechecks-gate' }],
        containers: [{ name: 'c', image: 'busybox' }],
      },
    });
    const held = () => check('--held-for', '0s');
    await eventually(
      'it is held',
      async () => about(await held(), 'held Pods')[0]?.status === 'warning',
    );
    const [line] = about(await held(), 'held Pods');
    expect(line?.says).toContain('Pod shop/waits has been held');
    expect(line?.remedy).toBe('sluice explain pod/waits -n shop');
  });

  it('a Sluice that was killed is told by its address and, when its Lease has run out, by its name', async () => {
    await sluice.kill();
    const report = await check();
    expect(about(report, 'serving certificate')[0]?.says).toContain('cannot be reached');
    expect(about(report, 'webhook call')[0]?.says).toContain('failed calling webhook');
    await eventually(
      'the Lease has run out',
      async () =>
        about(await check(), 'leader')[0]?.says.includes('has not renewed the Lease') === true,
      60_000,
    );
  });
});

function start(): Promise<SluiceProcess> {
  const { args, caFile, port } = installation;
  return startSluice({
    args,
    caFile,
    port,
    logFile: join(directory, 'sluice.log'),
    signal: new AbortController().signal,
  });
}

async function install(parts: readonly string[], caFile: string): Promise<void> {
  const { kubeconfig } = controlPlane;
  const { namespace, port } = installation;
  const url = `https://127.0.0.1:${port}`;
  const settings = flags({ kubeconfig, namespace, url, 'ca-file': caFile });
  await mustRunSluice(['install', ...parts, '--force-conflicts', ...settings]);
}

/** Resolves when all is well, but for this check, if one is named. */
async function untilWell(except?: string): Promise<void> {
  await eventually(
    'all is well',
    async () => {
      const lines = bad(await check()).filter((line) => line.check !== except);
      if (lines.length > 0) throw new Error(JSON.stringify(lines));
      return true;
    },
    60_000,
  );
}

/** What the remedy says, and back to where all is well. */
async function mend(...parts: readonly string[]): Promise<void> {
  await install(parts, installation.caFile);
  await untilWell();
}
