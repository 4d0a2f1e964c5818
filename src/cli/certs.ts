import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { issueAuthority, issueLeaf } from '../certificates/issue.ts';
import { privateKeyOf } from '../certificates/private-key.ts';
import { isNamed } from '../certificates/read.ts';
import { webhookServiceName } from '../admission/manifests.ts';
import { conversionServiceName } from '../admission/conversion-manifests.ts';

/** A serving certificate for local use, and the CA that vouches for it. */
export interface LocalCertificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM, for the `caBundle` of webhook configurations. */
  readonly ca: string;
  /** False when those already there still serve. */
  readonly isNew: boolean;
}

export interface CertificatesWanted {
  /** The host names and IP addresses the server is reached by. */
  readonly hosts: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

const dayMs = 86_400_000;
const validDays = 365;
/** Those that end sooner are made anew. */
const leastDaysLeft = 30;

/** The names a local Sluice is reached by, and those of its Services. */
export function localHosts(namespace: string): readonly string[] {
  const services = [webhookServiceName, 'sluice', conversionServiceName].map(
    (name) => `${name}.${namespace}.svc`,
  );
  return ['localhost', '127.0.0.1', '::1', ...services];
}

/**
 * Writes `ca.crt`, `tls.crt` and `tls.key` to the directory, readable by their owner only, unless those there are for the
 * same hosts and last for another month. The key of the CA is not kept: it has signed the one certificate it was made for.
 */
export async function writeLocalCertificates(
  directory: string,
  wanted: CertificatesWanted,
): Promise<LocalCertificates> {
  const files = {
    caFile: join(directory, 'ca.crt'),
    certFile: join(directory, 'tls.crt'),
    keyFile: join(directory, 'tls.key'),
  };
  const present = await stillGood(files, wanted);
  if (present !== undefined) return { ...files, ca: present, isNew: false };

  const { ca, cert, key } = await issue(wanted);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A server that is looking takes the pair when it fits, which is with the last of the three.
  await replace(files.caFile, ca);
  await replace(files.keyFile, key);
  await replace(files.certFile, cert);
  return { ...files, ca, isNew: true };
}

type Files = Pick<LocalCertificates, 'caFile' | 'certFile' | 'keyFile'>;

/** The PEM of the CA, if the certificates in these files can go on serving. */
async function stillGood(files: Files, wanted: CertificatesWanted): Promise<string | undefined> {
  try {
    const [ca, cert, key] = await Promise.all(
      [files.caFile, files.certFile, files.keyFile].map((file) => readFile(file, 'utf8')),
    );
    if (ca === undefined || cert === undefined || key === undefined) return undefined;
    const leaf = new X509Certificate(cert);
    const isGood =
      leaf.verify(new X509Certificate(ca).publicKey) &&
      leaf.checkPrivateKey(privateKeyOf(key)) &&
      Date.parse(leaf.validTo) - wanted.now > leastDaysLeft * dayMs &&
      Date.parse(leaf.validFrom) <= wanted.now &&
      wanted.hosts.every((host) => isNamed(leaf, host));
    return isGood ? ca : undefined;
  } catch {
    // Missing or unreadable, whichever: they are made anew.
    return undefined;
  }
}

async function issue({ hosts, now }: CertificatesWanted) {
  // Clocks of machines differ a little.
  const validity = { validFrom: now - dayMs, validUntil: now + validDays * dayMs };
  const authority = await issueAuthority(validity, 'Sluice local CA');
  const leaf = await issueLeaf(authority, { ...validity, hosts });
  return { ca: authority.cert, ...leaf };
}

async function replace(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, file);
}

/** `sluice certs`: makes certificates for running Sluice outside a cluster. */
export function certsCommand(surroundings: {
  readonly now: () => number;
  readonly print: (line: string) => void;
}): Command {
  return new Command('certs')
    .description('write a CA and a serving certificate for local use, unless good ones are there')
    .option('--directory <path>', 'where to write ca.crt, tls.crt and tls.key', 'certs')
    .option('--namespace <name>', 'namespace of the Service the certificate is for', 'keptn-system')
    .option('--host <names...>', 'further host names or IP addresses')
    .action(async (options: { directory: string; namespace: string; host?: string[] }) => {
      const hosts = [...new Set([...localHosts(options.namespace), ...(options.host ?? [])])];
      const made = await writeLocalCertificates(options.directory, {
        hosts,
        now: surroundings.now(),
      });
      const what = made.isNew ? 'wrote' : 'kept';
      surroundings.print(`${what} ${made.certFile} for ${hosts.join(', ')}`);
    });
}
