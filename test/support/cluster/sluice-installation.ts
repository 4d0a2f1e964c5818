import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { stringify } from 'yaml';
import { freePorts } from '../../control-plane/ports.ts';
import { flags, mustRunSluice } from './sluice-process.ts';
import type { TestCluster } from './test-cluster.ts';

/** A Sluice that is installed on a test cluster and can be started: what its processes need to know. */
export interface SluiceInstallation {
  /** Certificates, kubeconfig and logs. */
  readonly directory: string;
  readonly namespace: string;
  /** PEM of the authority that signed the certificate. */
  readonly caFile: string;
  /** The port that the API server calls; processes listen there, unless something stands before them. */
  readonly port: number;
  /** Where the process that the tests share serves /metrics. */
  readonly metricsPort: number;
  /** Arguments of `sluice run` that make a process work as its service account, with the rights of a real installation. */
  readonly args: readonly string[];
}

/** The namespace Sluice is installed in. */
export const operatorNamespace = 'keptn-system';

/**
 * Makes a certificate and installs everything with `sluice install`, as somebody would whose Sluice runs outside the cluster.
 * A second time it changes what has to change and leaves the rest.
 */
export async function installSluice(cluster: TestCluster): Promise<SluiceInstallation> {
  const { controlPlane } = cluster;
  const { kubeconfig } = controlPlane;
  const directory = join(controlPlane.dataDirectory, 'sluice');
  await mkdir(directory, { recursive: true });
  const { server: port, kwok: metricsPort } = await freePorts();
  const caFile = join(directory, 'ca.crt');
  const namespace = operatorNamespace;
  await mustRunSluice(['certs', ...flags({ directory })]);
  const url = `https://127.0.0.1:${port}`;
  const settings = flags({ kubeconfig, namespace, url, 'ca-file': caFile });
  // Tests may have left CRDs of their own.
  await mustRunSluice(['install', '--force-conflicts', ...settings]);
  const args = flags({
    kubeconfig: await serviceAccountKubeconfig(cluster, directory),
    namespace,
    'listen-address': '127.0.0.1',
    'cert-file': join(directory, 'tls.crt'),
    'key-file': join(directory, 'tls.key'),
    'allow-loopback-providers': 'true',
    'log-format': 'text',
    drain: '0s',
  });
  return { directory, namespace, caFile, port, metricsPort, args };
}

/** A kubeconfig with a token of one of Sluice's service accounts. */
export async function serviceAccountKubeconfig(
  cluster: TestCluster,
  directory: string,
  account = 'sluice',
): Promise<string> {
  const answer = await cluster.request(
    `/api/v1/namespaces/${operatorNamespace}/serviceaccounts/${account}/token`,
    {
      method: 'POST',
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 86_400 },
      },
    },
  );
  if (!Value.Check(tokenAnswer, answer)) {
    throw new Error('the API server gave no token for the service account of Sluice');
  }
  const { server, caFile } = cluster.controlPlane;
  const [name, user] = ['test', 'sluice'];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token: answer.status.token } }],
    contexts: [{ name, context: { cluster: name, user, namespace: operatorNamespace } }],
    'current-context': name,
  };
  const file = join(directory, account === 'sluice' ? 'kubeconfig' : `kubeconfig-${account}`);
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}

const tokenAnswer = Type.Object({ status: Type.Object({ token: Type.String() }) });
