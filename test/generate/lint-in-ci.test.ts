import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-action-'));
  await mkdir(join(folder, 'bin'));
  // In the place of the registry: the command of this checkout, under the name that is asked for.
  const npx = `#!/bin/sh\n[ "$1" = --yes ] || exit 9\necho "$2" >> ${folder}/asked\nshift 2\nexec ${process.execPath} ${root}/src/main.ts "$@"\n`;
  await writeFile(join(folder, 'bin/npx'), npx);
  await chmod(join(folder, 'bin/npx'), 0o755);
  await mkdir(join(folder, 'with space'));
  await writeFile(
    join(folder, 'with space/check.yaml'),
    'apiVersion: lifecycle.keptn.sh/v1\nkind: KeptnTaskDefinition\nmetadata: { name: check, namespace: shop }\nspec: {}\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

function shell(
  script: string,
  env: Record<string, string>,
): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      env: { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, ...env },
    };
    execFile('bash', ['-c', script], options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), out: stdout + stderr }),
    );
  });
}

interface Action {
  readonly inputs: Record<string, { default: string }>;
  readonly runs: { steps: { run?: string; env?: Record<string, string> }[] };
}

async function action(given: Record<string, string>) {
  const { inputs, runs } = parse(await readFile(join(root, 'action.yml'), 'utf8')) as Action;
  const step = runs.steps.find(({ run }) => run !== undefined);
  // As the runner fills in the inputs.
  const env = Object.entries(step?.env ?? {}).map(([name, text]) => {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/u.exec(text)?.[1] ?? '';
    return [name, given[input] ?? inputs[input]?.default ?? ''] as const;
  });
  return shell(step?.run ?? '', Object.fromEntries(env));
}

describe('the GitHub Action', () => {
  test('annotates the lines and fails, in folders of any name', async () => {
    const { code, out } = await action({ paths: 'with space\n' });
    expect(out).toContain('::error file=with space/check.yaml,line=4');
    expect(code).toBe(1);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toMatch(/^sluice@\d+\.\d+\.\d+\n/u);
  });

  test('writes SARIF beside it, and fails only from the level that is asked for', async () => {
    const { code } = await action({
      paths: 'with space',
      sarif: 'found.sarif',
      'fail-on': 'never',
    });
    expect(code).toBe(0);
    const sarif = JSON.parse(await readFile(join(folder, 'found.sarif'), 'utf8')) as {
      version: string;
    };
    expect(sarif.version).toBe('2.1.0');
  });

  test('takes no text of an input for a command', async () => {
    const { out } = await action({ paths: '$(touch stolen)\n"; touch stolen; "' });
    expect(out).toContain('cannot be read');
    await expect(readFile(join(folder, 'stolen'))).rejects.toThrow('ENOENT');
  });
});

test('the hook of pre-commit judges the files that it is given', async () => {
  const hooks = parse(await readFile(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as {
    readonly id: string;
    readonly entry: string;
    readonly language: string;
  }[];
  const hook = hooks.find(({ id }) => id === 'sluice-lint');
  expect(hook?.language).toBe('system');
  const { code, out } = await shell(`${hook?.entry ?? ''} "with space/check.yaml"`, {});
  expect(out).toContain('runner-count');
  expect(code).toBe(1);
});
