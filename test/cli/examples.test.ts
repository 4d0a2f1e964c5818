import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samples } from '../support/builders/samples.ts';
import { sluice } from '../support/cluster/command-line.ts';

/**
 * The examples in the help of every command, run: those about files in a folder that has them, the others with a cluster that
 * cannot be reached, which is told only after the command line was read and judged.
 */

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-examples-'));
  await mkdir(join(folder, 'platform'));
  await cp(join(samples, 'shop/v1'), join(folder, 'deploy'), { recursive: true });
  await cp(join(samples, 'shop/v1/workloads.yaml'), join(folder, 'deploy/cart.yaml'));
  await cp(join(samples, 'shop/v1'), join(folder, 'platform/definitions'), { recursive: true });
  await cp(samples, join(folder, 'manifests/samples'), { recursive: true });
  await writeFile(join(folder, 'lint-baseline.json'), '{ "version": 1, "findings": {} }');
  await writeFile(
    join(folder, 'deploy/gates-test.yaml'),
    'manifests: [app-context.yaml]\ncases: [{ name: nothing, expect: {} }]\n',
  );
  await writeFile(
    join(folder, 'kubeconfig'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'none', cluster: { server: 'http://127.0.0.1:1' } }],
      contexts: ['none', 'dev', 'prod'].map((name) => ({
        name,
        context: { cluster: 'none', user: 'me' },
      })),
      users: [{ name: 'me', user: {} }],
      'current-context': 'none',
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** Of each command the lines of its help that call it. */
async function examplesOf(command: string): Promise<readonly string[]> {
  const { output } = await sluice([...command.split(' '), '--help']);
  const [, text = ''] = output.split('\nExamples:\n');
  return text
    .split('\n')
    .filter((_, index, all) => !all.slice(0, index).includes(''))
    .flatMap((line) => /sluice .*$/u.exec(line)?.[0] ?? [])
    .map((line) => line.split(/ {2,}| \| | > | && /u)[0] ?? '');
}

/** A command line as a shell splits it. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/gu)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

/** Files and folders of an example are those of the folder here; what comes by a pipe is a file of it, too. */
function placed(word: string): string {
  if (word === '-') return join(folder, 'deploy');
  const path = join(folder, word);
  return !word.startsWith('-') && /[./]/u.test(word) && existsSync(path) ? path : word;
}

async function commandNames(): Promise<readonly string[]> {
  const { output } = await sluice(['__complete', '']);
  return output.split('\n').filter((name) => /^[a-z]/u.test(name));
}

/** These write or run for long; each has tests of its own. */
const apart: ReadonlySet<string> = new Set(['run', 'certs', 'version', 'help']);
const aboutFiles: ReadonlySet<string> = new Set(['lint', 'simulate', 'test', 'completion']);
/** Their examples name files of the user's own. */
const unknownFiles: ReadonlySet<string> = new Set(['convert', 'task', 'install']);

test('every command has an example', async () => {
  const without: string[] = [];
  for (const name of await commandNames()) {
    if (apart.has(name)) continue;
    const command = name === 'task' ? 'task run' : name;
    if ((await examplesOf(command)).length === 0) without.push(name);
  }
  expect(without).toEqual([]);
});

test('every command that speaks json speaks yaml and wide, too', async () => {
  const others: string[] = [];
  let spoken = 0;
  for (const name of await commandNames()) {
    // Their formats are of their own: findings for CI, values for the chart.
    if (['lint', 'test', 'migrate'].includes(name)) continue;
    const { output } = await sluice([name, '--help']);
    const formats = output.replaceAll(/\s+/gu, ' ');
    if (!formats.includes('"json"')) continue;
    spoken += 1;
    if (!formats.includes('choices: "text", "wide", "json", "yaml"')) others.push(name);
  }
  expect(others).toEqual([]);
  expect(spoken).toBeGreaterThan(9);
});

describe('every example is a command line that is understood', () => {
  test('of commands that ask a cluster', async () => {
    const refused: string[] = [];
    let run = 0;
    for (const name of await commandNames()) {
      if (apart.has(name) || aboutFiles.has(name) || unknownFiles.has(name)) continue;
      for (const line of await examplesOf(name)) {
        const env = { KUBECONFIG: join(folder, 'kubeconfig') };
        const { exitCode, complaint } = await sluice(
          [...words(line).slice(1), '--request-timeout', '100ms'],
          env,
        );
        run += 1;
        if (exitCode !== 1) refused.push(`${line}: ${exitCode} ${complaint}`);
      }
    }
    expect(refused).toEqual([]);
    expect(run).toBeGreaterThan(20);
  }, 120_000);

  test.each([...aboutFiles])(
    'of %s, which reads files',
    async (name) => {
      const refused: string[] = [];
      for (const line of await examplesOf(name)) {
        const { exitCode, complaint } = await sluice(words(line).slice(1).map(placed), {
          KUBECONFIG: join(folder, 'kubeconfig'),
        });
        if (exitCode > 1) refused.push(`${line}: ${exitCode} ${complaint}`);
      }
      expect(refused).toEqual([]);
    },
    120_000,
  );
});
