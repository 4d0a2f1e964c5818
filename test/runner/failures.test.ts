import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  FunctionRun,
  type FunctionEnd,
  hostNames,
  runFunction,
  Scratch,
} from '../support/functions/function-run.ts';

describe.each(hostNames)('the runner under %s', (host) => {
  const run = (
    runtime: string,
    code: string,
    {
      args = [],
      env = {},
    }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
  ): Promise<FunctionEnd> =>
    runFunction({ host, args: ['--runtime', runtime, '--inline', code, ...args], env });

  it('tells a signal, and passes it on as an exit code', async () => {
    const { exitCode, status } = await run('bash', 'echo "so long" >&2; kill -USR1 $$');
    expect(exitCode).toBe(138);
    expect(status).toMatchObject({
      status: 'failed',
      reason: 'KilledBySignal',
      message: 'killed by SIGUSR1: so long',
      attempts: [{ signal: 'SIGUSR1' }],
    });
    expect(status.attempts[0]).not.toHaveProperty('exitCode');
  });

  it('tells memory that Python ran out of', async () => {
    const { status } = await run('python', 'bytearray(2**62)');
    expect(status).toMatchObject({ reason: 'OutOfMemory', message: 'exit code 1: MemoryError' });
  });

  it('tells memory that Deno ran out of', async () => {
    const { exitCode, status } = await run(
      'deno',
      'const all = []; for (;;) all.push(new Array(1e5).fill({}));',
      {
        env: { CMD_ARGS: '--v8-flags=--max-old-space-size=30' },
      },
    );
    expect(status).toMatchObject({ status: 'failed', reason: 'OutOfMemory' });
    expect(exitCode).toBeGreaterThan(128);
  });

  it('tells memory that the kernel took back, by what its control group counts', async ({
    skip,
  }) => {
    const program =
      'mount -t tmpfs tmpfs /sys/fs/cgroup && echo "oom_kill 0" > /sys/fs/cgroup/memory.events';
    const possible = spawnSync('unshare', ['--mount', 'sh', '-c', program]).status === 0;
    if (!possible) skip('mounts of its own (unshare) are not permitted here');
    const { exitCode, status } = await runFunction({
      host,
      through: ['unshare', '--mount', 'sh', '-c', `${program} && exec "$@"`, 'sh'],
      args: [
        '--runtime',
        'bash',
        '--inline',
        'echo "oom_kill 1" > /sys/fs/cgroup/memory.events; kill -KILL $$',
      ],
    });
    expect({ exitCode, reason: status.reason }).toEqual({ exitCode: 1, reason: 'OutOfMemory' });
  });

  it.each(['deno', 'python', 'bash'])('says that %s is not there, once', async (runtime) => {
    using scratch = new Scratch();
    const { exitCode, status } = await run(runtime, 'true', {
      env: { PATH: scratch.path },
      args: ['--retries', '3'],
    });
    expect(exitCode).toBe(127);
    expect(status).toMatchObject({
      status: 'failed',
      reason: 'InterpreterMissing',
      attemptsMade: 1,
    });
    expect(status.message).toMatch(/there is no \w+ on PATH/);
  });

  it.each([
    ['by itself', []],
    ['within limits', ['prlimit']],
  ])('says that an interpreter cannot be started %s', async (_, programs) => {
    using scratch = new Scratch();
    chmodSync(scratch.file('bash', '#!/nowhere/bash\n'), 0o755);
    for (const name of programs) {
      const [path = ''] = ['/usr/bin', '/bin']
        .map((directory) => join(directory, name))
        .filter(existsSync);
      symlinkSync(path, join(scratch.path, name));
    }
    const { exitCode, status } = await run('bash', 'true', {
      env: { PATH: scratch.path },
      args: ['--retries', '1', '--retry-interval', '0'],
    });
    expect(exitCode).toBe(126);
    expect(status).toMatchObject({ reason: 'InterpreterFailed', attemptsMade: 2 });
    expect(status.message).toMatch(/could not be started: .*(?:ENOENT|No such file)/);
  });

  it.each([
    ['exit 128', { exitCode: 128 }],
    ['exit 255', { exitCode: 255 }],
    ['kill -KILL $$', { signal: 'SIGKILL' }],
  ])(
    'exits with 1 after %s: the code of a container that was lost is never its own',
    async (script, end) => {
      const { exitCode, status } = await run('bash', script);
      expect(exitCode).toBe(1);
      expect(status).toMatchObject({ status: 'failed', exitCode: 1, attempts: [end] });
    },
  );

  it('does not start another attempt that the overall limit leaves no time for', async () => {
    const { exitCode, stderr, status } = await run('bash', 'echo no >&2; exit 9', {
      args: ['--retries', '5', '--retry-interval', '1h', '--timeout', '30m'],
    });
    expect(exitCode).toBe(124);
    expect(status).toMatchObject({
      status: 'failed',
      reason: 'DeadlineExceeded',
      message:
        'attempt 1 of 6: exit code 9: no; no time is left for another attempt (overall limit: 30m)',
      attempts: [{ reason: 'FunctionFailed', exitCode: 9 }],
    });
    expect(stderr).toContain('[1/6] runner: DeadlineExceeded');
  });

  it('counts its limit from its own start: an absolute end of an earlier Sluice, long past, ends nothing', async () => {
    const { exitCode, stdout, stderr, status } = await run('bash', 'echo ran', {
      args: ['--deadline', '2020-01-01T00:00:00Z', '--timeout', '1h'],
      env: { DEADLINE: '2020-01-01T00:00:00Z' },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'ran\n' });
    expect(status).toMatchObject({ status: 'succeeded', reason: 'Completed' });
    expect(stderr).toBe(
      "runner: --deadline has no effect: the limit is --timeout, counted from the runner's start\n",
    );
  });

  it('ends between two attempts when it gets SIGTERM', async () => {
    const args = [
      '--runtime',
      'bash',
      '--inline',
      'exit 7',
      '--retries',
      '1',
      '--retry-interval',
      '4m',
    ];
    await using running = new FunctionRun({ host, args });
    await running.printed('next attempt in 4m');
    expect(running.status()).toMatchObject({ reason: 'FunctionFailed', exitCode: 7, final: false });
    running.signal('SIGTERM');
    const { exitCode, status } = await running.end();
    expect(exitCode).toBe(143);
    expect(status).toMatchObject({
      reason: 'Terminated',
      final: true,
      attempts: [{ exitCode: 7 }],
    });
  });

  it('keeps the exit code of a function that ends itself at SIGINT', async () => {
    const code = 'trap "exit 5" INT; echo ready; while :; do sleep 0.1; done';
    await using running = new FunctionRun({ host, args: ['--runtime', 'bash', '--inline', code] });
    await running.printed('ready');
    running.signal('SIGINT');
    const { exitCode, status } = await running.end();
    expect(exitCode).toBe(5);
    expect(status).toMatchObject({ reason: 'Terminated', message: 'ended by SIGINT', exitCode: 5 });
  });

  it('says which setting is wrong, also in the status file, and runs nothing', async () => {
    const { exitCode, stderr, status } = await run('bash', 'echo ran', {
      env: { RETRIES: 'many' },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'runner: SettingInvalid: --retries (RETRIES): "many" is no whole number from 0: write for example 3\n',
    );
    expect(status).toMatchObject({ status: 'failed', reason: 'SettingInvalid', attempts: [] });
  });

  it('says when it has nowhere to put its files', async () => {
    const { exitCode, status } = await run('bash', 'echo ran', { env: { TMPDIR: '/nowhere' } });
    expect(exitCode).toBe(125);
    expect(status).toMatchObject({ status: 'failed', reason: 'RunnerFailed', attemptsMade: 0 });
  });

  it('runs the function although there can be no status file', async () => {
    await using running = new FunctionRun({
      host,
      args: ['--runtime', 'bash', '--inline', 'echo ran', '--status-file', '/nowhere/status.json'],
      isStatusFileGiven: true,
    });
    await running.printed('ran');
    await running.printed('there will be no status file');
  });

  it('explains itself', async () => {
    await using running = new FunctionRun({ host, args: ['--help'], isStatusFileGiven: true });
    await running.printed('--attempt-timeout DURATION');
    await running.printed('ATTEMPT_TIMEOUT');
  });
});
