import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountUser } from '../../src/admission/sluice-user.ts';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { MutatingWebhookConfigurationKind } from '../../src/api/registration-kinds.ts';
import { certificateSecretName, type Secret, SecretKind } from '../../src/api/secret.ts';
import { webhookConfigurationNames } from '../../src/controllers/certificates/trust-places.ts';
import { freePorts } from '../control-plane/ports.ts';
import { TcpForwarder } from '../support/api-server/tcp-forwarder.ts';
import { aDeployment, aTaskDefinition, keptnAnnotationsOf } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isHeld,
} from '../support/cluster/enabled-namespace.ts';
import { storeOldAuthority } from '../support/cluster/old-authority.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  operatorNamespace,
  serviceAccountKubeconfig,
} from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';

/** Two replicas that keep their own certificates, behind what stands for a Service. */

const place = { namespace: operatorNamespace, name: certificateSecretName };
const configuration = { name: webhookConfigurationNames.mutating };

interface Configuration extends KubernetesObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}
const ConfigurationKind: Kind<Configuration> =
  MutatingWebhookConfigurationKind as Kind<Configuration>;

let sluice: RunningSluice;
let forwarder: TcpForwarder;
let caFile: string;
const ports: number[] = [];
const replicas = new Map<number, SluiceProcess>();

beforeAll(async () => {
  sluice = await RunningSluice.shared();
  await sluice.stop();
  const { server, etcd } = await freePorts();
  ports.push(server, etcd);
  forwarder = await TcpForwarder.on(sluice.installation.port);
  forwarder.to(...ports);
  caFile = join(sluice.installation.directory, 'old-authority.crt');
  await writeFile(caFile, await storeOldAuthority(sluice.cluster));
  await Promise.all(ports.map((port) => start(port)));
});

afterAll(async () => {
  await Promise.all([...replicas.values()].map((one) => one.stop()));
  await forwarder[Symbol.asyncDispose]();
  await sluice.cluster.delete(SecretKind, place);
  const { kubeconfig } = sluice.cluster.controlPlane;
  const { port, caFile: usual, namespace } = sluice.installation;
  const url = `https://127.0.0.1:${port}`;
  await mustRunSluice([
    'install',
    '--force-conflicts',
    ...flags({ kubeconfig, namespace, url, 'ca-file': usual }),
  ]);
  await sluice.start();
});

async function start(port: number): Promise<void> {
  const { args, directory } = sluice.installation;
  const own = flags({
    certificates: 'own',
    'certificate-hosts': '127.0.0.1',
    drain: '3s',
    'lease-duration': '4s',
    'lease-renew-deadline': '3s',
    'lease-retry-period': '500ms',
  });
  const process = await startSluice({
    args: [...args, ...own],
    port,
    caFile,
    logFile: join(directory, `certificates-${port}.log`),
    signal: new AbortController().signal,
  });
  replicas.set(port, process);
}

const secret = () => sluice.cluster.get<Secret>(SecretKind, place);
async function entry(name: string): Promise<string | undefined> {
  const value = (await secret())?.data?.[name];
  return value && Buffer.from(value, 'base64').toString('utf8');
}

async function bundles(): Promise<string[]> {
  const found = await sluice.cluster.get(ConfigurationKind, configuration);
  return (found?.webhooks ?? []).map(({ clientConfig: { caBundle = '' } }) =>
    Buffer.from(caBundle, 'base64').toString('utf8'),
  );
}

/** The authority the replicas are asked to prove themselves by, as it is now. */
async function trustNewAuthority(): Promise<void> {
  await writeFile(caFile, (await bundles())[0] ?? '');
}

interface Answers {
  asked: number;
  held: number;
  /** In flight when a process was killed, and answered when asked for again, as controllers do. */
  repeated: number;
  readonly failed: string[];
}

/** Asks for Pods, ten a second, until told to stop; each must be held. */
function asking(shop: EnabledNamespace) {
  const answers: Answers = { asked: 0, held: 0, repeated: 0, failed: [] };
  const open = new Set<Promise<void>>();
  let death = { fromMs: Infinity, untilMs: -Infinity };
  const ask = async (isRepeated: boolean): Promise<void> => {
    const startedAt = Date.now();
    try {
      const pod = await sluice.cluster.create<Pod>(PodKind, askedPod(shop.name), { dryRun: true });
      if (isHeld(pod)) answers.held += 1;
      if (isRepeated) answers.repeated += 1;
    } catch (error) {
      const isLost = startedAt <= death.untilMs && Date.now() >= death.fromMs;
      if (isLost && !isRepeated) return ask(true);
      const message = error instanceof Error ? error.message : '';
      answers.failed.push(`${new Date().toISOString()} ${message}`);
    }
  };
  const timer = setInterval(() => {
    answers.asked += 1;
    const asked = ask(false).finally(() => open.delete(asked));
    open.add(asked);
  }, 100);
  return {
    answers,
    /** Kills a process; what was under way at that moment is lost. */
    async whileKilling(kill: () => Promise<void>): Promise<void> {
      death = { fromMs: Date.now(), untilMs: Infinity };
      await kill();
      death = { ...death, untilMs: Date.now() };
    },
    async stop(): Promise<Answers> {
      clearInterval(timer);
      await Promise.all(open);
      return answers;
    },
  };
}

const askedPod = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'asked-',
    namespace,
    annotations: keptnAnnotationsOf({ version: '9.9.9' }),
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'cart-1',
        uid: 'not-there',
        controller: true,
      },
    ],
  },
  spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
});

interface Lease extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string };
}
const LeaseKind: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

async function leader(): Promise<number> {
  return eventually('one of the two leads', async () => {
    const lease = await sluice.cluster.get(LeaseKind, {
      namespace: operatorNamespace,
      name: 'sluice',
    });
    const holder = lease?.spec?.holderIdentity ?? '';
    return ports.find((port) => holder.includes(`_${replicas.get(port)?.pid}_`));
  });
}

describe('two replicas with certificates of their own', () => {
  it('answer every review through a rotation, a rolling restart and a kill of the leader, and no Job runs twice', async () => {
    await using shop = await sluice.namespace();
    const before = await entry('ca.crt');
    await eventually('the first caBundle is there', async () =>
      (await bundles()).every((bundle) => bundle.includes(before ?? 'none')),
    );
    await shop.apply(
      aTaskDefinition('check'),
      aDeployment({ preDeploymentTasks: ['check'], postDeploymentTasks: ['check'] }),
    );
    const reviews = asking(shop);
    await eventually(
      'a new authority signs',
      async () => (await entry('ca.crt')) !== before,
      90_000,
    );
    const now = (await entry('ca.crt')) ?? 'none';
    expect((await bundles()).every((one) => one.includes(now) && one.includes(before ?? ''))).toBe(
      true,
    );
    await trustNewAuthority();

    for (const port of ports) {
      // As a Service does once a Pod is about to end.
      forwarder.leadTo(...ports.filter((other) => other !== port));
      await replicas.get(port)?.stop();
      await start(port);
      forwarder.leadTo(...ports);
    }
    const first = await leader();
    await reviews.whileKilling(async () => replicas.get(first)?.kill());
    await eventually('the other one leads', async () => (await leader()) !== first, 60_000);
    await start(first);
    await eventually('500 Pods were asked for', () => reviews.answers.asked >= 500, 90_000);

    const { asked, held, failed } = await reviews.stop();
    expect(failed).toEqual([]);
    expect(held).toBe(asked);
    await shop.untilVersion({ withinMs: 60_000 }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(2);
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(2);
  }, 300_000);

  it('have the caBundle put back that something else has overwritten', async () => {
    const good = await bundles();
    await sluice.cluster.patch(ConfigurationKind, { ...configuration, type: 'json' }, [
      { op: 'remove', path: '/webhooks/0/clientConfig/caBundle' },
    ]);
    await eventually('the caBundle is as it was', async () => (await bundles())[0] === good[0]);
    await eventually('an Event tells of it', async () => {
      const answer = await sluice.cluster.request('/apis/events.k8s.io/v1/events');
      return JSON.stringify(answer).includes('CABundleRepaired');
    });
  });

  it('answer on while the Secret is deleted and made again', async () => {
    await using shop = await sluice.namespace();
    const before = await secret();
    const reviews = asking(shop);
    await sluice.cluster.delete(SecretKind, place);
    await eventually(
      'there is a certificate again',
      async () => {
        const now = await secret();
        return now?.metadata.uid !== before?.metadata.uid && now?.data?.['tls.crt'] !== undefined;
      },
      90_000,
    );
    await eventually('a hundred more were asked for', () => reviews.answers.asked >= 400, 60_000);
    const { asked, held, failed } = await reviews.stop();
    expect(failed).toEqual([]);
    expect(held).toBe(asked);
  }, 200_000);

  it('share it with a replica that runs admission alone and may write nothing', async () => {
    const { cluster, installation } = sluice;
    const account = 'sluice-admission';
    const kubeconfig = await serviceAccountKubeconfig(cluster, installation.directory, account);
    const { server: port } = await freePorts();
    await trustNewAuthority();
    const alone = await startSluice({
      args: flags({
        kubeconfig,
        namespace: operatorNamespace,
        only: 'admission',
        'listen-address': '127.0.0.1',
        certificates: 'own',
        drain: '0s',
      }),
      port,
      caFile,
      logFile: join(installation.directory, 'certificates-alone.log'),
      signal: new AbortController().signal,
    });
    await alone.stop();
    const user = `system:serviceaccount:${operatorNamespace}:${account}`;
    expect(cluster.writes().filter((write) => write.user === user)).toEqual([]);
    expect(await readFile(alone.logFile, 'utf8')).not.toMatch(/forbidden|cannot be/iu);
  });

  it('say so when they may not write the Secret, and go on when they may again', async () => {
    const { cluster } = sluice;
    const RoleKind: Kind = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      plural: 'roles',
      namespaced: true,
    };
    const role = { namespace: operatorNamespace, name: 'sluice-certificates' };
    const original = await cluster.get(RoleKind, role);
    await cluster.patch(RoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: [] },
    ]);
    const logs = async () =>
      (
        await Promise.all([...replicas.values()].map(({ logFile }) => readFile(logFile, 'utf8')))
      ).join('\n');
    // A restart reads the Secret, which is refused.
    const port = await leader();
    await replicas.get(port)?.kill();
    const lead = await eventually(
      'the other one leads',
      async () => {
        const now = await leader();
        return now === port ? undefined : now;
      },
      60_000,
    );
    expect(lead).not.toBe(port);
    await eventually('the log names the Secret', async () =>
      /secrets cannot be listed/u.test(await logs()),
    );
    await cluster.patch(RoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: Reflect.get(original ?? {}, 'rules') },
    ]);
    await trustNewAuthority();
    await start(port);
  }, 200_000);

  it('read and write nothing they have no right to', async () => {
    const log = await readFile(sluice.cluster.controlPlane.auditLog ?? '', 'utf8');
    const user = serviceAccountUser(operatorNamespace);
    const refused = log
      .split('\n')
      .filter((line) => line.includes('"authorization.k8s.io/decision":"forbid"'))
      .filter((line) => line.includes(`"username":"${user}"`))
      .map((line) => /"requestURI":"([^"?]*)/u.exec(line)?.[1] ?? line)
      .filter((uri) => !uri.includes('/secrets'));
    expect(refused).toEqual([]);
  });
});
