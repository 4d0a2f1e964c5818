import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigMapKind, JobKind } from '../../src/api/builtin.ts';
import { programNames } from '../control-plane/programs.ts';
import { attachControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { isAlive } from '../control-plane/processes.ts';
import { readState } from '../control-plane/state.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';

const place = { namespace: 'default', name: 'kept' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: place, data: { a: 'b' } };

let scratch: string;
let dataDirectory: string;
beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-lifecycle-')));
  dataDirectory = join(scratch, 'data');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

describe('a control plane', () => {
  it('leaves no process and no data behind when it is stopped', async () => {
    const controlPlane = await startControlPlane({ dataDirectory });
    const pids = pidsIn(dataDirectory);
    expect(pids).toHaveLength(programNames.length + 1);
    expect(pids.filter(isAlive)).toEqual(pids);
    await controlPlane.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(dataDirectory)).toBe(false);
  });

  it('starts again on kept data, at the same address, without building or downloading', async () => {
    const lines: string[] = [];
    const first = await startControlPlane({ dataDirectory });
    await new TestCluster(first).create(ConfigMapKind, configMap);
    await first.stop({ keepData: true });
    await using second = await startControlPlane({
      dataDirectory,
      progress: (line) => lines.push(line),
    });
    expect(second.server).toBe(first.server);
    const kept = await new TestCluster(second).get(ConfigMapKind, place);
    expect(kept?.data).toEqual({ a: 'b' });
    expect(lines.filter((line) => /building|downloading/.test(line))).toEqual([]);
  });

  it('goes on working after its API server was killed and started again', async () => {
    await using controlPlane = await startControlPlane({ dataDirectory });
    const cluster = new TestCluster(controlPlane);
    await cluster.create(ConfigMapKind, configMap);
    await controlPlane.killApiServer();
    await expect(cluster.get(ConfigMapKind, place)).rejects.toThrow('ECONNREFUSED');
    await controlPlane.startApiServer();
    expect(await cluster.get(ConfigMapKind, place)).toBeDefined();
    const job = { namespace: 'default', name: 'afterwards' };
    const containers = [{ name: 'main', image: 'example.org/main:1' }];
    await cluster.create(JobKind, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: job,
      spec: { template: { spec: { containers, restartPolicy: 'Never' } } },
    });
    await cluster.until(JobKind, job, ({ status }) => status?.succeeded === 1);
  });

  it('ends with its owner, however that ends', async () => {
    const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(owner, 'spawn');
    await startControlPlane({ dataDirectory, owner: owner.pid ?? 0, removeData: true });
    const pids = pidsIn(dataDirectory);
    owner.kill('SIGKILL');
    await eventually('every process is gone', () => !pids.some(isAlive));
    await eventually('its data is gone', () => !existsSync(dataDirectory));
  });

  it('is found by its data directory', async () => {
    expect(attachControlPlane(dataDirectory)).toBeUndefined();
    await using controlPlane = await startControlPlane({ dataDirectory });
    expect(attachControlPlane(dataDirectory)?.server).toBe(controlPlane.server);
    await expect(startControlPlane({ dataDirectory })).rejects.toThrow('already runs');
  });
});

describe('npm run cluster', () => {
  it('starts in the background, tells what runs, and stops', async () => {
    const start = await runCluster('start', '--audit');
    expect(start.output).toContain(`export KUBECONFIG=${dataDirectory}/kubeconfig`);
    const controlPlane = attachControlPlane(dataDirectory);
    expect(existsSync(controlPlane?.auditLog ?? '')).toBe(true);
    const status = await runCluster('status');
    expect(status.code).toBe(0);
    expect(status.output.match(/ healthy$/gm)).toHaveLength(programNames.length);
    expect((await runCluster('start')).output).toContain('already running');
    expect((await runCluster('stop')).code).toBe(0);
    expect((await runCluster('status')).code).toBe(3);
  });
});

describe('a start that cannot succeed', () => {
  it('fails at once with the end of the log, and leaves nothing running', async () => {
    vi.stubEnv('SLUICE_CONTROL_PLANE', directoryWith('etcd', 'echo the disk is full; exit 3'));
    const attempt = startControlPlane({ dataDirectory });
    await expect(attempt).rejects.toThrow(/etcd ended with exit code 3.*\n.*the disk is full/);
    expect(pidsIn(dataDirectory).filter(isAlive)).toEqual([]);
  });

  it('leaves a directory alone that is not its own', async () => {
    mkdirSync(dataDirectory);
    writeFileSync(join(dataDirectory, 'thesis.txt'), '');
    await expect(startControlPlane({ dataDirectory })).rejects.toThrow('neither empty nor');
    expect(existsSync(join(dataDirectory, 'thesis.txt'))).toBe(true);
  });

  it('names the Kubernetes versions there are when another is asked for', async () => {
    await expect(startControlPlane({ dataDirectory, kubernetes: '1.1' })).rejects.toThrow(
      /1\.1 cannot be started here; choose one of: 1\.36, 1\.30/,
    );
  });
});

async function runCluster(...args: string[]): Promise<{ code: number | null; output: string }> {
  const program = join(import.meta.dirname, '../control-plane/main.ts');
  const child = spawn(process.execPath, [program, ...args, '--data', dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const { promise: code, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return { code: await code, output: await output };
}

function pidsIn(directory: string): number[] {
  const state = readState(directory);
  if (state === undefined) return [];
  const components = state.components.map((component) => component.pid);
  return state.watchdog === null ? components : [...components, state.watchdog];
}

function directoryWith(program: string, script: string): string {
  const directory = join(scratch, 'programs');
  mkdirSync(directory);
  writeFileSync(join(directory, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return directory;
}
