import type { Log } from '../ports/log.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Proxy, proxyFor } from '../runtime/proxy.ts';
import type { ObjectCaches } from './cache/caches.ts';
import { KubernetesClient } from './transport/client.ts';
import { inClusterCredentials, type Credentials, usableProxy } from './auth/credentials.ts';
import { kubeconfigCredentials, kubeconfigFiles } from './auth/kubeconfig.ts';
import { silentLog } from './wire/silent-log.ts';
import { Transport, type TransportOptions } from './transport/transport.ts';
import { watchAll, type Watching, type WatchSpec } from './watch/watch-all.ts';
import { defined } from '../api/json.ts';

export interface ConnectOptions {
  /** A kubeconfig file; default what `KUBECONFIG` names, then the Pod's service account, then `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig; default its current one. */
  readonly context?: string;
  /** The process's environment; `HTTPS_PROXY` and `NO_PROXY` are heeded as kubectl heeds them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** How long a request may take that does not say it itself; default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Of Sluice; shown in the user agent. */
  readonly version: string;
  readonly log?: Log;
  /** Spreads waiting times; default `Math.random`. */
  readonly random?: () => number;
  /** Told of every answer; for metrics. */
  readonly onAnswer?: TransportOptions['onAnswer'];
  /** Default: where the kubelet mounts the credentials of a Pod. */
  readonly serviceAccountDirectory?: string;
}

/** A connection to one cluster. */
export interface Connection {
  readonly client: KubernetesClient;
  readonly transport: Transport;
  /** The address of the API server. */
  readonly server: URL;
  /** What leads to it, if something does. */
  readonly proxy?: Proxy;
  /** The namespace this process lives in, or that of the kubeconfig's context. */
  readonly namespace: string;
  /** Starts a list and watch for every row, into these caches. */
  watchAll(specs: readonly WatchSpec[], caches: ObjectCaches): Watching;
  /** Closes all connections. Stop what uses them first. */
  close(): Promise<void>;
}

/**
 * Prepares the connection to the cluster; the first request opens it. Rejects with `CredentialsUnusable` when there is no
 * way in.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const {
    clock,
    env,
    version,
    log = silentLog,
    random = Math.random,
    onAnswer,
    requestTimeoutMs,
  } = options;
  const credentials = await credentialsFor(options);
  const { server } = credentials;
  const proxy = credentials.proxy ?? usableProxy(() => proxyFor(server, env));
  const transport = new Transport({
    credentials,
    clock,
    random,
    userAgent: `sluice/${version}`,
    ...defined({ timeoutMs: requestTimeoutMs, proxy, onAnswer }),
  });
  const client = new KubernetesClient(transport);
  return {
    client,
    transport,
    server,
    ...defined({ proxy }),
    namespace: credentials.namespace,
    watchAll: (specs, caches) => watchAll(specs, caches, { client, transport, clock, random, log }),
    close: () => transport.close(),
  };
}

async function credentialsFor(options: ConnectOptions): Promise<Credentials> {
  const { kubeconfig, context, env, clock, serviceAccountDirectory: directory } = options;
  const isNamed = Boolean(kubeconfig ?? context ?? env['KUBECONFIG']);
  if (!isNamed && env['KUBERNETES_SERVICE_HOST']) {
    return inClusterCredentials({ env, clock, ...defined({ directory }) });
  }
  const files = kubeconfigFiles(kubeconfig, env);
  return kubeconfigCredentials({ files, clock, env, ...defined({ context }) });
}
