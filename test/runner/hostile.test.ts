import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  FunctionRun,
  type FunctionEnd,
  hostNames,
  isRunning,
  runFunction,
} from '../support/functions/function-run.ts';

/** A time for `sleep` that no other test's processes have on their command line. */
function uniqueSleep(): string {
  return `61.${process.pid}${Math.round(performance.now() * 1_000)}`;
}

describe.each(hostNames)('a hostile function, the runner under %s', (host) => {
  const bash = (code: string, ...args: string[]): Promise<FunctionEnd> =>
    runFunction({ host, args: ['--runtime', 'bash', '--inline', code, ...args] });

  it('is ended with all that it forked, although that does not listen to SIGTERM', async () => {
    const time = uniqueSleep();
    const bomb = `
      trap '' TERM
      fork() { if test "$1" -gt 0; then fork $(($1 - 1)) & fork $(($1 - 1)) & fi; while :; do sleep ${time}; done; }
      fork 4 & echo ready; wait`;
    await using run = new FunctionRun({
      host,
      args: [
        '--runtime',
        'bash',
        '--inline',
        bomb,
        '--attempt-timeout',
        '3s',
        '--grace-period',
        '200ms',
      ],
    });
    await run.printed('ready');
    await expect.poll(() => isRunning(time)).toBe(true);
    const { exitCode, status } = await run.end();
    expect({ exitCode, reason: status.reason }).toEqual({
      exitCode: 124,
      reason: 'AttemptTimeout',
    });
    expect(isRunning(time)).toBe(false);
  });

  it('leaves nothing running when it ends by itself', async () => {
    const time = uniqueSleep();
    const { exitCode } = await bash(`sleep ${time} & echo done`);
    expect(exitCode).toBe(0);
    expect(isRunning(time)).toBe(false);
  });

  it('may finish what it prints after its end', async () => {
    const { stdout } = await bash('exec > >(sleep 0.2; cat); echo late');
    expect(stdout).toBe('late\n');
  });

  it('does not hold up the runner by a process that keeps stdout and left the group', async () => {
    const time = uniqueSleep();
    const { exitCode, stdout } = await bash(`setsid sleep ${time} & echo "pid $!"`);
    expect(exitCode).toBe(0);
    process.kill(Number(/pid (\d+)/.exec(stdout)?.[1]), 'SIGKILL');
  });

  it('prints without end, and is shown up to the limit', async () => {
    const { stdout, status } = await bash(
      'yes',
      '--output-limit',
      '1MiB',
      '--attempt-timeout',
      '2s',
    );
    expect(stdout.length).toBe(1_048_576);
    expect(status.attempts).toMatchObject([{ reason: 'AttemptTimeout', outputTruncated: true }]);
  });

  it('prints a line of 3 MB, and every byte of it is shown once', async () => {
    const { stdout } = await bash(
      `head -c 3000000 /dev/zero | tr '\\0' y; exit $((KEPTN_ATTEMPT == 1))`,
      '--retries',
      '1',
      '--retry-interval',
      '0',
    );
    expect(stdout).toBe(`[1/2] ${'y'.repeat(3_000_000)}\n[2/2] ${'y'.repeat(3_000_000)}\n`);
  });

  it.each([
    ['a FIFO', 'mkfifo "$KEPTN_RESULT"', /no plain file/],
    ['a folder', 'mkdir "$KEPTN_RESULT"', /no plain file/],
    ['a link', 'ln -s /etc/passwd "$KEPTN_RESULT"', /cannot be read/],
    ['no JSON', 'echo "{broken" > "$KEPTN_RESULT"', /is no JSON: \{broken/],
    ['no UTF-8', String.raw`printf '"\xff"' > "$KEPTN_RESULT"`, /cannot be read/],
    ['empty', ': > "$KEPTN_RESULT"', /is empty/],
  ])('makes its result %s, which is reported and no result', async (_, code, why) => {
    const { exitCode, status } = await bash(code);
    expect(exitCode).toBe(0);
    expect(status).toMatchObject({ status: 'succeeded', resultError: { reason: 'ResultInvalid' } });
    expect(status.resultError?.message).toMatch(why);
    expect(status.message).toContain(status.resultError?.message);
    expect(status).not.toHaveProperty('result');
  });

  it('cannot write files without end', async () => {
    const { status } = await bash('head -c 3M /dev/zero > large', '--file-size-limit', '1MiB');
    expect(status).toMatchObject({ status: 'failed', reason: 'FunctionFailed', exitCode: 153 });
  });

  it('locks its directory', async () => {
    const { exitCode } = await bash('mkdir a; touch a/b; chmod 0 a .');
    expect(exitCode).toBe(0);
  });

  it('fills messages with what needs escaping, and the status file stays whole', async () => {
    const { status } = await bash(
      String.raw`printf '%0.s\\"' {1..4000} >&2; echo >&2; exit 1`,
      '--retries',
      '19',
      '--retry-interval',
      '0',
    );
    expect(status).toMatchObject({ status: 'failed', attemptsMade: 20, attemptsAllowed: 20 });
    expect(status.attemptsOmitted).toBeGreaterThan(0);
    expect(status.attempts.at(-1)?.number).toBe(20);
  });
});

describe.each(hostNames)('as process 1, the runner under %s', (host) => {
  const through = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const possible = spawnSync('unshare', [...through.slice(1), 'true']).status === 0;
  const bash = (code: string, ...args: string[]): Promise<FunctionEnd> =>
    runFunction({ host, through, args: ['--runtime', 'bash', '--inline', code, ...args] });

  it('ends what left the group before the next attempt', async ({ skip }) => {
    if (!possible) skip('namespaces for processes (unshare) are not permitted here');
    const time = uniqueSleep();
    const { exitCode, status } = await bash(
      `if test $KEPTN_ATTEMPT = 1; then setsid --fork sleep ${time}; false; fi
       for stat in /proc/[0-9]*/stat; do if grep -q '(sleep) [^Z]' $stat; then cat $stat >&2; exit 3; fi; done`,
      '--retries',
      '1',
      '--retry-interval',
      '0',
    );
    expect({ exitCode, attempts: status.attempts }).toMatchObject({
      exitCode: 0,
      attempts: [{ exitCode: 1 }, { exitCode: 0 }],
    });
  });

  it('hears SIGTERM', async ({ skip }) => {
    if (!possible) skip('namespaces for processes (unshare) are not permitted here');
    const { exitCode, status } = await bash('kill -TERM 1; sleep 60');
    expect({ exitCode, reason: status.reason }).toEqual({ exitCode: 143, reason: 'Terminated' });
  });

  it('does not wait for orphans that are dead already', async ({ skip }) => {
    if (!possible) skip('namespaces for processes (unshare) are not permitted here');
    const { status } = await bash(
      '(sleep 0.1 &); sleep 60',
      '--attempt-timeout',
      '1s',
      '--grace-period',
      '30s',
    );
    expect(status).toMatchObject({ reason: 'AttemptTimeout' });
    expect(status.attempts[0]?.durationMs).toBeLessThan(20_000);
  });
});
