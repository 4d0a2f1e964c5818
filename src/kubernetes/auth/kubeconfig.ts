import { access, constants } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import type { KubeConfig } from '@kubernetes/client-node';

import type { Clock } from '../../runtime/clock.ts';
import { proxyAt } from '../../runtime/proxy.ts';
import {
  type ExecCredential,
  type ExecPlugin,
  execPluginIn,
  runExecPlugin,
} from './exec-plugin.ts';
import {
  CredentialsUnusable,
  type Credentials,
  type Identity,
  type TlsSettings,
  usableProxy,
} from './credentials.ts';
import { defined } from '../../api/json.ts';

export interface KubeconfigOptions {
  /** Files, the first one winning where they disagree, as kubectl merges them. */
  readonly files: readonly string[];
  /** Default: the file's current context. */
  readonly context?: string;
  readonly clock: Clock;
  /** What auth plug-ins find in their environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Auth plug-ins know when their token ends and are cheap to ask; asking them for every request would not be. */
const askAgainAfterMs = 10_000;

/**
 * The kubeconfig files that kubectl would use: `--kubeconfig`, else `KUBECONFIG`, else `~/.kube/config`. Empty when none is
 * named and there is no home directory; the files need not exist.
 */
export function kubeconfigFiles(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  home = homeDirectory(),
): readonly string[] {
  if (named) return [named];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) return listed;
  return home === '' ? [] : [join(home, '.kube', 'config')];
}

/** Empty where there is none: a user without an entry in the system's list and without HOME. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

/**
 * The credentials of a kubeconfig: certificates, tokens and auth plug-ins, as `@kubernetes/client-node` reads them. That
 * package is loaded here and nowhere else, and only now: importing it costs 90 MB and 350 ms.
 */
export async function kubeconfigCredentials(options: KubeconfigOptions): Promise<Credentials> {
  const config = await load(options);
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new CredentialsUnusable(`context "${config.getCurrentContext()}" names no cluster`);
  }
  const proxy = cluster.proxyUrl
    ? usableProxy(() => proxyAt(cluster.proxyUrl ?? '', `proxy-url of cluster "${cluster.name}"`))
    : undefined;
  const { clock } = options;
  const plugin = execPluginIn(config.getCurrentUser());
  const plugged = plugin && new Plugged(plugin, options);
  // client-node would keep a credential without an end for ever, and neither show what a plug-in says nor end it.
  config.users = config.users.map((user) => ({ ...user, exec: undefined }));
  let identity = await identify(config, {}, plugged);
  let askedAtMs = clock.elapsed();
  let expired = false;
  return {
    server: new URL(cluster.server),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    ...defined({ proxy }),
    async identity() {
      if (expired || clock.elapsed() - askedAtMs >= askAgainAfterMs) {
        if (expired) plugged?.forget();
        expired = false;
        askedAtMs = clock.elapsed();
        identity = await identify(config, identity.tls, plugged);
      }
      return identity;
    },
    expire: () => void (expired = true),
    close: () => {},
  };
}

async function load(options: KubeconfigOptions): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const present = await Promise.all(options.files.map(isReadable));
  const files = options.files.filter((_file, index) => present[index] === true);
  if (files.length === 0) {
    throw new CredentialsUnusable(
      `no kubeconfig found at ${options.files.join(', ') || 'KUBECONFIG or ~/.kube/config'}; give --kubeconfig FILE, or set KUBECONFIG`,
    );
  }
  for (const [index, file] of files.entries()) {
    try {
      if (index === 0) {
        config.loadFromFile(file);
      } else {
        const further = new KubeConfig();
        further.loadFromFile(file);
        merge(config, further);
      }
    } catch (cause) {
      throw new CredentialsUnusable(`${file} is not a kubeconfig: ${wordsOf(cause)}`, { cause });
    }
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const known = config.getContexts().map((context) => context.name);
  if (!config.getCurrentContext()) {
    throw new CredentialsUnusable(
      `${files.join(', ')} name no current context; choose one with --context: ${known.join(', ') || 'there is none'}`,
    );
  }
  if (!config.getContextObject(config.getCurrentContext())) {
    throw new CredentialsUnusable(
      `there is no context "${config.getCurrentContext()}" in ${files.join(', ')}; it has ${known.join(', ') || 'none'}`,
    );
  }
  return config;
}

/** As kubectl merges: of two things with one name the first stays, and the first file that names a current context sets it. */
function merge(config: KubeConfig, further: KubeConfig): void {
  config.clusters = firstOfEach([...config.clusters, ...further.clusters]);
  config.users = firstOfEach([...config.users, ...further.users]);
  config.contexts = firstOfEach([...config.contexts, ...further.contexts]);
  if (!config.currentContext && further.currentContext) {
    config.setCurrentContext(further.currentContext);
  }
}

function firstOfEach<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const item of items) if (!byName.has(item.name)) byName.set(item.name, item);
  return [...byName.values()];
}

type PluggedBy = Pick<KubeconfigOptions, 'env' | 'clock'>;

/** The credential of a plug-in, kept until it ends or is refused. */
class Plugged {
  readonly #plugin: ExecPlugin;
  readonly #by: PluggedBy;
  #kept: ExecCredential | undefined;

  constructor(plugin: ExecPlugin, by: PluggedBy) {
    this.#plugin = plugin;
    this.#by = by;
  }

  /** Puts the credential where client-node puts those it reads itself. */
  async apply(applied: RequestOptions): Promise<void> {
    if ((this.#kept?.untilMs ?? Number.POSITIVE_INFINITY) <= this.#by.clock.now()) this.forget();
    const { env } = this.#by;
    const { token, certificate, key } = (this.#kept ??= await runExecPlugin(this.#plugin, { env }));
    if (certificate !== undefined) applied.cert = certificate;
    if (key !== undefined) applied.key = key;
    if (token !== undefined) applied.headers = { authorization: `Bearer ${token}` };
  }

  forget(): void {
    this.#kept = undefined;
  }
}

async function identify(
  config: KubeConfig,
  known: TlsSettings,
  plugged: Plugged | undefined,
): Promise<Identity> {
  const applied: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(applied);
    await plugged?.apply(applied);
  } catch (cause) {
    throw new CredentialsUnusable(
      `the kubeconfig's user cannot be authenticated: ${wordsOf(cause)}`,
      {
        cause,
      },
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(applied.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value;
  }
  if (typeof applied.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(applied.auth).toString('base64')}`;
  }
  const tls = tlsOf(applied);
  return { headers, tls: JSON.stringify(tls) === JSON.stringify(known) ? known : tls };
}

function tlsOf(applied: RequestOptions): TlsSettings {
  const { ca, cert, key, servername, rejectUnauthorized } = applied;
  return {
    ...(ca && { ca: pem(ca) }),
    ...(cert && { cert: pem(cert) }),
    ...(key && { key: pem(key) }),
    ...(servername && { serverName: servername }),
    ...(rejectUnauthorized === false && { insecure: true }),
  };
}

function pem(value: NonNullable<RequestOptions['ca'] | RequestOptions['key']>): string {
  return Array.isArray(value) ? value.map(String).join('\n') : String(value);
}

async function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
