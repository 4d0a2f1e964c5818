import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../runtime/clock.ts';
import { type Proxy, ProxyInvalid } from '../../runtime/proxy.ts';

/** What the TLS handshake with the API server needs. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it is not the host of the address. */
  readonly serverName?: string;
  /** True only when the kubeconfig says `insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
}

/** Who we are to the API server, now. `tls` is the same object as long as nothing in it changed. */
export interface Identity {
  readonly tls: TlsSettings;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the API server is and how we prove who we are. */
export interface Credentials {
  readonly server: URL;
  /** The namespace we live in, or the one of the kubeconfig's context. */
  readonly namespace: string;
  /** The proxy that the kubeconfig itself names; it goes before those of the environment. */
  readonly proxy?: Proxy;
  identity(): Promise<Identity>;
  /** The server refused the identity (401): the next `identity` is made anew. */
  expire(): void;
  close(): void;
}

/** The credentials cannot be had: a file is missing, a kubeconfig is wrong. */
export class CredentialsUnusable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CredentialsUnusable';
  }
}

/** The proxy that settings lead to; what they name wrongly is `CredentialsUnusable`. */
export function usableProxy(find: () => Proxy | undefined): Proxy | undefined {
  try {
    return find();
  } catch (cause) {
    if (!(cause instanceof ProxyInvalid)) throw cause;
    throw new CredentialsUnusable(`no way to the API server: ${cause.message}`, { cause });
  }
}

/** Where the kubelet mounts a Pod's service account. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A bound token lives an hour and is renewed by the kubelet long before; client-go re-reads it every minute too. */
const rereadAfterMs = 60_000;

export interface InClusterOptions {
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Default: where the kubelet mounts it. */
  readonly directory?: string;
}

/**
 * The credentials of the Pod's service account. Token and CA are read again when the kubelet has changed the directory, a
 * minute after the last reading at the latest, and at once after `expire`. A failed re-reading leaves what was read before.
 * Rejects with `CredentialsUnusable` outside a Pod.
 */
export async function inClusterCredentials(options: InClusterOptions): Promise<Credentials> {
  const { clock, directory = serviceAccountDirectory } = options;
  const server = serverAddress(options.env);
  const read = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');
  let tls: TlsSettings = {};

  const readIdentity = async (): Promise<Identity> => {
    const [token, ca] = await Promise.all([read('token'), read('ca.crt')]);
    if (ca !== tls.ca) tls = { ca };
    return { tls, headers: { authorization: `Bearer ${token.trim()}` } };
  };

  let identity: Identity;
  let namespace: string;
  try {
    identity = await readIdentity();
    namespace = (await read('namespace')).trim();
  } catch (cause) {
    throw new CredentialsUnusable(`the service account in ${directory} cannot be read`, { cause });
  }

  let readAtMs = clock.elapsed();
  let stale = false;
  const watcher = watchDirectory(directory, () => (stale = true));
  return {
    server,
    namespace,
    async identity() {
      if (stale || clock.elapsed() - readAtMs >= rereadAfterMs) {
        stale = false;
        readAtMs = clock.elapsed();
        identity = await readIdentity().catch(() => identity);
      }
      return identity;
    },
    expire: () => void (stale = true),
    close: () => watcher?.close(),
  };
}

function serverAddress(env: InClusterOptions['env']): URL {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (!host) {
    throw new CredentialsUnusable(
      'KUBERNETES_SERVICE_HOST is not set: this is no Pod. Name a kubeconfig instead.',
    );
  }
  const port = env['KUBERNETES_SERVICE_PORT'] || '443';
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

// Best effort: where watching is not possible, the reading every minute remains.
function watchDirectory(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
