import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sluice } from '../../support/cluster/command-line.ts';

const completed = async (...words: readonly string[]): Promise<readonly string[]> =>
  (await sluice(['__complete', ...words])).output.trimEnd().split('\n');

describe('a command line is completed', () => {
  test.each<[readonly string[], readonly string[]]>([
    [['expl'], ['explain', ':4']],
    [['rest'], ['restart', ':4']],
    [
      ['task', ''],
      ['run', ':4'],
    ],
    [
      ['wait', '--for', 'p'],
      ['passed', ':4'],
    ],
    [
      ['status', '-o', ''],
      ['json', 'text', 'wide', 'yaml', ':4'],
    ],
    [
      ['explain', 'deploy'],
      ['deployment/', ':4'],
    ],
    [
      ['explain', '-n', 'shop', 'stat'],
      ['statefulset/', ':4'],
    ],
    [
      ['completion', 'f'],
      ['fish', ':4'],
    ],
    [['lint', 'dep'], [':0']],
    [['lint', '--config', ''], [':0']],
    [['explain', 'pod/'], [':4']],
    [
      ['nothing-of-ours', '--'],
      ['--help', '--version', ':4'],
    ],
  ])('%j', async (words, wanted) => {
    expect(await completed(...words)).toEqual(wanted);
  });

  test('with every option of the command, and no hidden command', async () => {
    expect(await completed('wait', '--')).toEqual(
      expect.arrayContaining([
        '--timeout',
        '--context',
        '--selector',
        '--help',
        '--request-timeout',
      ]),
    );
    expect(await completed('')).not.toContain('__complete');
  });
});

test('bash completes with the script', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-completion-'));
  try {
    const main = new URL('../../../src/main.ts', import.meta.url).pathname;
    await writeFile(join(folder, 'sluice'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
    await chmod(join(folder, 'sluice'), 0o755);
    const script = `source <(sluice completion bash); compopt() { :; }
COMP_WORDS=(sluice wait --for c); COMP_CWORD=3; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
    expect(stdout).toBe('completed\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(['bash', 'zsh', 'fish', 'kubectl'])('there is a script for %s', async (shell) => {
  const { exitCode, output } = await sluice(['completion', shell]);
  expect(exitCode).toBe(0);
  expect(output).toContain('sluice __complete');
});
