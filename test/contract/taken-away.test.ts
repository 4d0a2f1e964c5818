import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NamespaceKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { CustomResourceDefinitionKind } from '../../src/api/registration-kinds.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { send } from '../control-plane/http.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import { EnabledNamespace, isCompleted } from '../support/cluster/enabled-namespace.ts';
import { keptnConfig } from '../support/cluster/running-sluice.ts';
import {
  installSluice,
  serviceAccountKubeconfig,
  type SluiceInstallation,
} from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';

/**
 * What is taken away from an installation is named, and everything goes on when it is back. The Secret with the certificates and
 * the caBundles are in `certificates.test.ts`.
 */

// A control plane of its own: others look at all that was ever forbidden.
let controlPlane: ControlPlane;
let cluster: TestCluster;
let installation: SluiceInstallation;
let process: SluiceProcess | undefined;

beforeAll(async () => {
  controlPlane = await startControlPlane({ owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
  installation = await installSluice(cluster);
  await cluster.apply(keptnConfig());
  await start();
});
afterAll(async () => {
  await process?.stop();
  await controlPlane.stop();
});

async function start(): Promise<void> {
  const { args, port, caFile } = installation;
  const shortLease = flags({
    'lease-duration': '4s',
    'lease-renew-deadline': '3s',
    'lease-retry-period': '500ms',
  });
  process = await startSluice({
    args: [...args, ...shortLease],
    port,
    caFile,
    logFile: logFile(),
    signal: new AbortController().signal,
    owner: testRunPid(),
  });
}

const ClusterRoleKind: Kind<KubernetesObject & { readonly rules?: unknown }> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
};
interface Failing extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly message?: string }[] };
}
const ReplicaSetKind: Kind<Failing> = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
};

const role = { name: 'sluice' };
const logFile = (): string => join(installation.directory, 'sluice.log');
const lengthOfLog = async (): Promise<number> => (await readFile(logFile(), 'utf8')).length;
/** What the log has got since it had this length. */
const logFrom = async (length: number): Promise<string> =>
  (await readFile(logFile(), 'utf8')).slice(length);

async function readiness(): Promise<string> {
  const { port, caFile } = installation;
  const ca = await readFile(caFile, 'utf8');
  const url = `https://127.0.0.1:${port}/readyz`;
  return (await send({ url, ca, timeoutMs: 1_000 })).body;
}

async function install(...parts: readonly string[]): Promise<void> {
  const { kubeconfig } = controlPlane;
  const { port, caFile, namespace } = installation;
  const url = `https://127.0.0.1:${port}`;
  const places = flags({ kubeconfig, namespace, url, 'ca-file': caFile });
  await mustRunSluice(['install', ...parts, '--force-conflicts', ...places]);
}

async function rulesOf(): Promise<unknown> {
  return (await cluster.get(ClusterRoleKind, role))?.rules;
}

async function setRules(rules: unknown): Promise<void> {
  await cluster.patch(ClusterRoleKind, { ...role, type: 'json' }, [
    { op: 'replace', path: '/rules', value: rules },
  ]);
}

const checked = (version: string) => aDeployment({ version, preDeploymentTasks: ['check'] });

describe('a ClusterRole that was revoked', () => {
  it('while Sluice runs: the log names what it may not write, and what waited goes on when it is back', async () => {
    await using shop = await EnabledNamespace.create(cluster);
    await shop.apply(aTaskDefinition('check'));
    const rules = await rulesOf();
    const length = await lengthOfLog();
    await setRules([]);
    try {
      await shop.apply(checked('1.0.0'));
      await eventually('the log names what is refused', async () =>
        /keptnworkloads.* is forbidden: User "system:serviceaccount:keptn-system:sluice" cannot create/u.test(
          await logFrom(length),
        ),
      );
    } finally {
      await setRules(rules);
    }
    await shop.untilVersion({ withinMs: 90_000 }, isCompleted);
  }, 180_000);

  it('while it starts: log and /readyz name what it may not list, and it becomes ready when it is back', async () => {
    const rules = await rulesOf();
    const length = await lengthOfLog();
    await process?.stop();
    await setRules([]);
    const started = start();
    try {
      await eventually('the log names what cannot be listed', async () =>
        (await logFrom(length)).includes('deployments cannot be listed'),
      );
      await eventually('/readyz says what it waits for', async () =>
        /\[-\] caches: waiting for .*Deployment/u.test(await readiness()),
      );
    } finally {
      await setRules(rules);
    }
    await started;
    expect(await readiness()).toContain('[+] caches ok');
  }, 180_000);
});

describe('a CustomResourceDefinition that was deleted', () => {
  it('is named by the log and by /readyz, and everything goes on when it is made again', async () => {
    const length = await lengthOfLog();
    const name = 'keptnmetricsproviders.metrics.keptn.sh';
    await cluster.delete(CustomResourceDefinitionKind, { name });
    await eventually('the log names it', async () =>
      (await logFrom(length)).includes(`is CustomResourceDefinition ${name} missing?`),
    );
    await eventually('so does /readyz', async () =>
      (await readiness()).includes('without metrics.keptn.sh/v1/KeptnMetricsProvider'),
    );
    await install('--crds');
    await eventually('it is served again', async () =>
      (await logFrom(length)).includes('serves keptnmetricsproviders again'),
    );
    await eventually(
      'and /readyz is content',
      async () => !(await readiness()).includes('without'),
    );
    await using shop = await EnabledNamespace.create(cluster);
    await shop.apply(aTaskDefinition('check'), checked('1.0.0'));
    await shop.untilVersion({ withinMs: 90_000 }, isCompleted);
  }, 180_000);
});

describe('the namespace of Sluice, deleted', () => {
  it('is told by the log while a process is left and by what the API server says of Pods, and an installation brings everything back', async () => {
    const { namespace, directory } = installation;
    await using shop = await EnabledNamespace.create(cluster);
    await shop.apply(aTaskDefinition('check'), checked('1.0.0'));
    await shop.untilVersion({}, isCompleted);
    const length = await lengthOfLog();
    await cluster.delete(NamespaceKind, { name: namespace });
    await eventually(
      'the namespace is gone',
      async () => (await cluster.get(NamespaceKind, { name: namespace })) === undefined,
      60_000,
    );
    await eventually(
      'the log says so',
      async () => /Unauthorized|namespaces? "keptn-system"/u.test(await logFrom(length)),
      90_000,
    ).catch(async (error: unknown) => {
      throw new Error(`the log says only:\n${(await logFrom(length)).slice(-3_000)}`, {
        cause: error,
      });
    });
    // In the cluster, its Pods go with it.
    await process?.stop();
    await shop.apply(checked('2.0.0'));
    await eventually('the refusal of its Pods names the webhook', async () => {
      const sets = await cluster.list(ReplicaSetKind, { namespace: shop.name });
      const said = sets.flatMap(({ status }) => status?.conditions ?? []);
      return said.some(({ message = '' }) =>
        message.includes('failed calling webhook "mpod.keptn.sh"'),
      );
    });
    await install();
    await serviceAccountKubeconfig(cluster, directory);
    await cluster.apply(keptnConfig());
    await start();
    await shop.untilVersion({ version: '2.0.0', withinMs: 90_000 }, isCompleted);
  }, 300_000);
});
