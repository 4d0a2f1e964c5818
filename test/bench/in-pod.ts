import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../control-plane/http.ts';
import { freePorts } from '../control-plane/ports.ts';
import { flags } from '../support/cluster/sluice-process.ts';
import { bundleAsShipped } from './as-shipped.ts';
import { residentMegabytes } from './process-usage.ts';

/** A process to be started, and where it will answer. */
export interface Startable {
  readonly command: readonly string[];
  readonly port: number;
}

/** How to wait for a process, and how long it is left alone before its memory is looked at. */
export interface Waiting {
  readonly path: string;
  /** Of the certificate that it serves, PEM. */
  readonly ca: string;
  readonly idleMs: number;
}

/** Starts a process, waits until it answers 200, lets it idle, looks at its memory, and ends it. */
export async function started(
  { command, port }: Startable,
  { path, ca, idleMs }: Waiting,
): Promise<{ startMs: number; megabytes: number }> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    while (!(await answers(`https://127.0.0.1:${port}${path}`, ca))) {
      if (child.exitCode !== null) throw new Error(`${command.join(' ')} has ended`);
      await sleep(5);
    }
    const startMs = performance.now() - startedAt;
    await sleep(idleMs);
    return { startMs, megabytes: residentMegabytes(child.pid ?? 0) };
  } finally {
    await ended(child);
  }
}

async function answers(url: string, ca: string): Promise<boolean> {
  const answer = await send({ url, ca, timeoutMs: 1_000 }).catch(() => undefined);
  return answer?.status === 200;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await end;
  clearTimeout(insist);
}

/** The cluster that a Pod is to find, and the certificate that it is to serve. */
export interface Surroundings {
  readonly server: URL;
  /** PEM. */
  readonly serverCa: string;
  readonly token: string;
  readonly namespace: string;
  /** Where `tls.crt` and `tls.key` are. */
  readonly certificates: string;
  /** For what the Pod's start needs. */
  readonly scratch: string;
}

/**
 * Sluice as in a Pod: as its image starts it, with the service account where the kubelet mounts it, in a file system view of the
 * process's own (`unshare`, which wants root).
 */
export async function inPod(
  { server, serverCa, token, namespace, certificates, scratch }: Surroundings,
  further: Readonly<Record<string, string>> = {},
): Promise<Startable> {
  const { server: port } = await freePorts();
  const { command, env } = await bundleAsShipped(scratch);
  const options = flags({
    namespace,
    'listen-address': '127.0.0.1',
    'listen-port': String(port),
    'cert-file': join(certificates, 'tls.crt'),
    'key-file': join(certificates, 'tls.key'),
    drain: '0s',
    ...further,
  });
  const caFile = join(scratch, 'ca.crt');
  await writeFile(caFile, serverCa);
  const account = '/run/secrets/kubernetes.io/serviceaccount';
  const script = [
    'mount -t tmpfs tmpfs /run',
    `mkdir -p ${account}`,
    `printf %s '${token}' > ${account}/token`,
    `cp '${caFile}' ${account}/ca.crt`,
    `printf %s '${namespace}' > ${account}/namespace`,
    `export KUBERNETES_SERVICE_HOST=${server.hostname} KUBERNETES_SERVICE_PORT=${server.port}`,
    ...Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
    'unset KUBECONFIG',
    'exec "$@"',
  ].join('\n');
  const program = [...command, 'run', ...options];
  return { command: ['unshare', '--mount', 'sh', '-ec', script, 'sh', ...program], port };
}
