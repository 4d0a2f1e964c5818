import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';

/** The files a control plane authenticates with; all lie in its data directory. */
export interface Credentials {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** What the API server shows to a kubelet. */
  readonly kubeletClientCertificateFile: string;
  readonly kubeletClientKeyFile: string;
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKeyFile: string;
  /** Kubernetes' static token file: one user per line. */
  readonly tokenFile: string;
  /** The token of the cluster administrator. */
  readonly token: string;
  readonly tokens: Readonly<Record<User, string>>;
}

const groups = {
  admin: 'system:masters',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
  kwok: 'system:masters',
  // Of the real node (test/node): the names and the group that the Node authorizer and the built-in roles know.
  'system:node:real-0': 'system:nodes',
  'system:kube-proxy': '',
  coredns: 'system:masters',
} as const;

/** Who talks to the API server with a token of its own. */
export type User = keyof typeof groups;

/** The credentials in a data directory; they are made on first use and kept for the next start. */
export async function credentialsIn(dataDirectory: string): Promise<Credentials> {
  const at = (name: string): string => join(dataDirectory, name);
  const files = {
    caFile: at('ca.crt'),
    certificateFile: at('server.crt'),
    keyFile: at('server.key'),
    kubeletClientCertificateFile: at('kubelet-client.crt'),
    kubeletClientKeyFile: at('kubelet-client.key'),
    serviceAccountKeyFile: at('service-accounts.key'),
    tokenFile: at('tokens.csv'),
  };
  if (!existsSync(files.tokenFile)) {
    await writeCertificates(files);
    writeSecret(files.serviceAccountKeyFile, serviceAccountKey());
    // Written last: it stands for all of them being there.
    writeSecret(files.tokenFile, newTokens());
  }
  const tokens = readTokens(files.tokenFile);
  return { ...files, tokens, token: tokens.admin };
}

/** Writes a kubeconfig for one user. */
export function writeKubeconfig(
  file: string,
  access: { server: string; caFile: string; user: User; token: string },
): void {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'sluice',
    clusters: [
      {
        name: 'sluice',
        cluster: {
          server: access.server,
          'certificate-authority-data': readFileSync(access.caFile).toString('base64'),
        },
      },
    ],
    users: [{ name: access.user, user: { token: access.token } }],
    contexts: [{ name: 'sluice', context: { cluster: 'sluice', user: access.user } }],
  };
  writeSecret(file, stringify(kubeconfig));
}

async function writeCertificates(files: {
  caFile: string;
  certificateFile: string;
  keyFile: string;
  kubeletClientCertificateFile: string;
  kubeletClientKeyFile: string;
}): Promise<void> {
  const common = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 3_600_000),
    notAfterDate: new Date(Date.now() + 10 * 365 * 24 * 3_600_000),
  } as const;
  const ca = await generate([{ name: 'commonName', value: 'sluice test control plane' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: 'kubernetes.default.svc' },
          { type: 7, ip: '127.0.0.1' },
          // What Pods of a real node are told to call: the Service `kubernetes`.
          { type: 7, ip: '10.96.0.1' },
        ],
      },
    ],
  });
  const kubeletClient = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  });
  writeFileSync(files.caFile, ca.cert);
  writeFileSync(files.certificateFile, server.cert);
  writeSecret(files.keyFile, server.private);
  writeFileSync(files.kubeletClientCertificateFile, kubeletClient.cert);
  writeSecret(files.kubeletClientKeyFile, kubeletClient.private);
}

function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

function newTokens(): string {
  return Object.entries(groups)
    .map(([user, group]) => `${randomBytes(24).toString('hex')},${user},${user},"${group}"\n`)
    .join('');
}

function readTokens(file: string): Record<User, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const tokenOf = (user: User): string => {
    const token = lines.find((line) => line.split(',')[1] === user)?.split(',')[0];
    if (token === undefined)
      throw new Error(`${file} has no token for ${user}; remove the directory`);
    return token;
  };
  return {
    admin: tokenOf('admin'),
    'system:kube-controller-manager': tokenOf('system:kube-controller-manager'),
    'system:kube-scheduler': tokenOf('system:kube-scheduler'),
    kwok: tokenOf('kwok'),
    'system:node:real-0': tokenOf('system:node:real-0'),
    'system:kube-proxy': tokenOf('system:kube-proxy'),
    coredns: tokenOf('coredns'),
  };
}

function writeSecret(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
}
