import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { send } from '../control-plane/http.ts';
import { freePorts } from '../control-plane/ports.ts';
import { flags } from '../support/cluster/sluice-process.ts';
import { bundleAsShipped } from './as-shipped.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import type { Stage } from './cluster/stage.ts';
import { atMost, type Measurements } from './figure.ts';
import { residentMegabytes } from './process-usage.ts';

/** How Sluice starts in a Pod of a cluster in which there is nothing for it yet, and what it holds while idle. */
export const start: Benchmark = {
  name: 'start',
  description: 'start in a Pod of an empty cluster, and memory while idle',
  figures: [
    {
      key: 'start',
      target: 'T13',
      quantity: 'process start → ready, empty cluster',
      unit: 'ms',
      baseline: 'process start → listening, of a bare Node HTTPS server',
      limit: atMost(1_000, 'time', 'ms'),
    },
    {
      key: 'idle-memory',
      target: 'T8',
      quantity: 'resident memory, idle',
      unit: 'MB',
      baseline: 'of a bare Node HTTPS server',
      limit: atMost(85, 'size', 'MB'),
      keptn: '97 MiB (two operators)',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const idleMs = bench.isQuick ? 3_000 : 15_000;
  const bare = await started(bareServer(stage), { path: '/', idleMs, stage });
  const sluice = await started(inPod(stage, { directory, port: (await freePorts()).server }), {
    path: '/readyz',
    idleMs,
    stage,
  });
  return {
    start: { value: sluice.startMs, baseline: bare.startMs },
    'idle-memory': { value: sluice.megabytes, baseline: bare.megabytes },
  };
}

/** A process to be started, and where it will answer. */
interface Startable {
  readonly command: readonly string[];
  readonly port: number;
}

/** Starts a process, waits until it answers 200, lets it idle, looks at its memory, and ends it. */
async function started(
  startable: Promise<Startable>,
  { path, idleMs, stage }: { path: string; idleMs: number; stage: Stage },
): Promise<{ startMs: number; megabytes: number }> {
  const { command, port } = await startable;
  const [program = '', ...args] = command;
  const ca = await readFile(stage.installation.caFile, 'utf8');
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

async function bareServer({ installation }: Stage): Promise<Startable> {
  const { server: port } = await freePorts();
  const { directory } = installation;
  const script = `
    const { readFileSync } = require('node:fs');
    const [cert, key] = ['tls.crt', 'tls.key'].map((file) => readFileSync('${directory}/' + file));
    require('node:https').createServer({ cert, key }, (_, answer) => answer.end('ok')).listen(${port}, '127.0.0.1');`;
  return { command: [process.execPath, '--eval', script], port };
}

/**
 * Sluice as in a Pod: with the service account where the kubelet mounts it, in a file system view of the process's own
 * (`unshare`, which wants root). It does not lead: that is the stage's Sluice.
 */
async function inPod(
  { cluster, installation }: Stage,
  { directory, port }: { directory: string; port: number },
): Promise<Startable> {
  const { args, namespace } = installation;
  const kubeconfig = args[args.indexOf('--kubeconfig') + 1] ?? '';
  const { server, caFile } = cluster.controlPlane;
  const token: string = parse(await readFile(kubeconfig, 'utf8')).users[0].user.token;
  const shipped = await bundleAsShipped(directory);
  const options = flags({
    namespace,
    'listen-address': '127.0.0.1',
    'listen-port': String(port),
    'cert-file': join(installation.directory, 'tls.crt'),
    'key-file': join(installation.directory, 'tls.key'),
    drain: '0s',
  });
  const { hostname, port: serverPort } = new URL(server);
  const account = '/run/secrets/kubernetes.io/serviceaccount';
  const script = [
    `ca=$(cat '${caFile}')`,
    'mount -t tmpfs tmpfs /run',
    `mkdir -p ${account}`,
    `printf %s '${token}' > ${account}/token`,
    `printf '%s\\n' "$ca" > ${account}/ca.crt`,
    `printf %s '${namespace}' > ${account}/namespace`,
    `export KUBERNETES_SERVICE_HOST=${hostname} KUBERNETES_SERVICE_PORT=${serverPort}`,
    ...Object.entries(shipped.env).map(([name, value]) => `export ${name}='${value}'`),
    'unset KUBECONFIG',
    'exec "$@"',
  ].join('\n');
  const program = [...shipped.command, 'run', ...options];
  return { command: ['unshare', '--mount', 'sh', '-ec', script, 'sh', ...program], port };
}
