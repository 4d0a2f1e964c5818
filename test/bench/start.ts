import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePorts } from '../control-plane/ports.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import type { Stage } from './cluster/stage.ts';
import { atMost, type Measurements } from './figure.ts';
import { inPod, type Startable, started, type Surroundings } from './in-pod.ts';

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
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rm(scratch, { recursive: true }));
  const ca = await readFile(stage.installation.caFile, 'utf8');
  const waiting = { ca, idleMs: bench.isQuick ? 3_000 : 15_000 };
  const bare = await started(await bareServer(stage), { path: '/', ...waiting });
  const pod = await inPod(await surroundingsOf(stage, scratch));
  const sluice = await started(pod, { path: '/readyz', ...waiting });
  return {
    start: { value: sluice.startMs, baseline: bare.startMs },
    'idle-memory': { value: sluice.megabytes, baseline: bare.megabytes },
  };
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

/** It does not lead there: that is the stage's Sluice. */
async function surroundingsOf(
  { cluster, installation }: Stage,
  scratch: string,
): Promise<Surroundings> {
  const { args, namespace, directory: certificates } = installation;
  const { server, caFile } = cluster.controlPlane;
  const kubeconfig = args[args.indexOf('--kubeconfig') + 1] ?? '';
  const token: string = parse(await readFile(kubeconfig, 'utf8')).users[0].user.token;
  const serverCa = await readFile(caFile, 'utf8');
  return { server: new URL(server), serverCa, token, namespace, certificates, scratch };
}
