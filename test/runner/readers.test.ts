import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostNames, hosts, Scratch } from '../support/functions/function-run.ts';

describe.each(hostNames)('whoever reads the output of the runner under %s', (host) => {
  const start = (scratch: Scratch, code: string, ...more: string[]): ChildProcess => {
    const [program, ...args] = hosts[host];
    const statusFile = ['--status-file', join(scratch.path, 'status.json')];
    const settings = ['--runtime', 'bash', '--inline', code, ...statusFile, ...more];
    return spawn(program, [...args, ...settings], { stdio: ['ignore', 'pipe', 'ignore'] });
  };
  const status = (scratch: Scratch): unknown =>
    JSON.parse(readFileSync(join(scratch.path, 'status.json'), 'utf8'));

  it('may be gone, and the function runs to its end', async () => {
    using scratch = new Scratch();
    const child = start(scratch, 'head -c 5000000 /dev/zero; exit 5');
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(status(scratch)).toMatchObject({ message: 'exit code 5' });
  });

  it('may stop reading, and the overall limit is kept', async () => {
    using scratch = new Scratch();
    const child = start(scratch, 'yes', '--timeout', '2s');
    const exit = once(child, 'exit');
    await expect
      .poll(() => status(scratch), { timeout: 20_000 })
      .toMatchObject({ reason: 'DeadlineExceeded', final: true, exitCode: 124 });
    child.stdout?.resume();
    expect(await exit).toEqual([124, null]);
  });
});
