import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import { MutatingWebhookConfigurationKind } from '../../../src/api/registration-kinds.ts';
import { certificateSecretName, type Secret, SecretKind } from '../../../src/api/secret.ts';
import { webhookConfigurationNames } from '../../../src/controllers/certificates/trust-places.ts';
import { freePorts } from '../../control-plane/ports.ts';
import { TcpForwarder } from '../api-server/tcp-forwarder.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { storeOldAuthority } from './old-authority.ts';
import type { RunningSluice } from './running-sluice.ts';
import { operatorNamespace } from './sluice-installation.ts';
import { flags, mustRunSluice, type SluiceProcess, startSluice } from './sluice-process.ts';

interface Configuration extends KubernetesObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}
const ConfigurationKind: Kind<Configuration> =
  MutatingWebhookConfigurationKind as Kind<Configuration>;
interface Lease extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string };
}
const LeaseKind: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

const place = { namespace: operatorNamespace, name: certificateSecretName };

/**
 * Two replicas that keep their own certificates, behind what stands for a Service, in place of the one process that tests share. It
 * begins with an authority that is due, so that a rotation comes at once. Disposed of, the shared process is back.
 */
export class TwoReplicas {
  readonly #sluice: RunningSluice;
  readonly #forwarder: TcpForwarder;
  readonly #replicas = new Map<number, SluiceProcess>();
  /** The authority that was due from the start (PEM). */
  #first = '';
  readonly ports: readonly number[];
  /** PEM of the authority by which the replicas are asked to prove themselves. */
  readonly caFile: string;

  private constructor(sluice: RunningSluice, forwarder: TcpForwarder, ports: readonly number[]) {
    this.#sluice = sluice;
    this.#forwarder = forwarder;
    this.ports = ports;
    this.caFile = join(sluice.installation.directory, 'old-authority.crt');
  }

  static async of(sluice: RunningSluice): Promise<TwoReplicas> {
    await sluice.stop();
    const { server, etcd } = await freePorts();
    const ports = [server, etcd];
    const forwarder = await TcpForwarder.on(sluice.installation.port);
    forwarder.to(...ports);
    const two = new TwoReplicas(sluice, forwarder, ports);
    const authority = await storeOldAuthority(sluice.cluster);
    await writeFile(two.caFile, authority);
    two.#first = authority;
    await Promise.all(ports.map((port) => two.start(port)));
    await eventually('the first caBundle is there', async () =>
      (await two.bundles()).every((bundle) => bundle.includes(authority)),
    );
    return two;
  }

  get logFiles(): readonly string[] {
    return [...this.#replicas.values()].map(({ logFile }) => logFile);
  }

  async start(port: number): Promise<void> {
    const { args, directory } = this.#sluice.installation;
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
      caFile: this.caFile,
      logFile: join(directory, `certificates-${port}.log`),
      signal: new AbortController().signal,
    });
    this.#replicas.set(port, process);
  }

  async kill(port: number): Promise<void> {
    await this.#replicas.get(port)?.kill();
    await this.#forwarder.closed(port);
  }

  /** Each of them ends and is started again, one after the other, as a Deployment and its Service do it. `ending` surrounds each end. */
  async restartOneByOne(
    ending: (end: () => Promise<void>) => Promise<void> = (end) => end(),
  ): Promise<void> {
    for (const port of this.ports) {
      this.#forwarder.leadTo(...this.ports.filter((other) => other !== port));
      await ending(async () => {
        await this.#replicas.get(port)?.stop();
        await this.#forwarder.closed(port);
      });
      await this.start(port);
      this.#forwarder.leadTo(...this.ports);
    }
  }

  /** The port of the one that holds the Lease. */
  async leader(): Promise<number> {
    return eventually('one of the two leads', async () => {
      const lease = await this.#sluice.cluster.get(LeaseKind, {
        namespace: operatorNamespace,
        name: 'sluice',
      });
      const holder = lease?.spec?.holderIdentity ?? '';
      return this.ports.find((port) => holder.includes(`_${this.#replicas.get(port)?.pid}_`));
    });
  }

  /**
   * Resolves with the authority before (PEM) once a new one signs: that of the rotation that was due, or, where that is over, one
   * that is made because the Secret was deleted.
   */
  async rotated(): Promise<string> {
    const before = (await this.entry('ca.crt')) ?? '';
    if (before !== this.#first) await this.#sluice.cluster.delete(SecretKind, place);
    await eventually(
      'a new authority signs',
      async () => {
        const now = await this.entry('ca.crt');
        return now !== undefined && now !== before;
      },
      150_000,
    );
    return before;
  }

  secret(): Promise<Secret | undefined> {
    return this.#sluice.cluster.get<Secret>(SecretKind, place);
  }

  /** What an entry of the Secret holds. */
  async entry(name: string): Promise<string | undefined> {
    const value = (await this.secret())?.data?.[name];
    return value && Buffer.from(value, 'base64').toString('utf8');
  }

  /** The caBundles of the mutating webhooks. */
  async bundles(): Promise<string[]> {
    const name = webhookConfigurationNames.mutating;
    const found = await this.#sluice.cluster.get(ConfigurationKind, { name });
    return (found?.webhooks ?? []).map(({ clientConfig: { caBundle = '' } }) =>
      Buffer.from(caBundle, 'base64').toString('utf8'),
    );
  }

  /** The authority the replicas are asked to prove themselves by is the one of the caBundles as they are now. */
  async trustNewAuthority(): Promise<void> {
    await writeFile(this.caFile, (await this.bundles())[0] ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { cluster, installation } = this.#sluice;
    await Promise.all([...this.#replicas.values()].map((one) => one.stop()));
    await this.#forwarder[Symbol.asyncDispose]();
    await cluster.delete(SecretKind, place);
    const { kubeconfig } = cluster.controlPlane;
    const { port, caFile, namespace } = installation;
    const url = `https://127.0.0.1:${port}`;
    const places = flags({ kubeconfig, namespace, url, 'ca-file': caFile });
    await mustRunSluice(['install', '--force-conflicts', ...places]);
    await this.#sluice.start();
  }
}
