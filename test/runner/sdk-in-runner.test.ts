import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const checkout = join(import.meta.dirname, '../..');
const bin = join(checkout, 'node_modules/.bin');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sdk-runner-'));
});
afterAll(() => rm(folder, { recursive: true }));

const functions = {
  deno: "import { context, result } from 'sluice';\nresult([context().appName]);",
  python: 'import sluice\nsluice.result([sluice.context()["appName"]])',
} as const;
const returning = {
  deno: "import { fail, type Context } from 'sluice';\nexport default ({ appName }: Context) => appName || fail('no app');",
  python:
    'import sluice\ndef main(context):\n    return context["appName"] or sluice.fail("no app")',
} as const;

/** What the runner says of a function, run by Node as `sluice task run` does. */
async function statusOf(args: readonly string[], env: Record<string, string> = {}) {
  const statusFile = join(folder, 'status.json');
  await new Promise((resolve) => {
    const path = `${process.env['PATH'] ?? ''}:${bin}`;
    const all = { PATH: path, KEPTN_CONTEXT: '{"appName":"shop"}', ...env };
    const file = join(checkout, 'runner/main.ts');
    execFile(
      join(bin, 'node'),
      [file, `--status-file=${statusFile}`, ...args],
      { env: all },
      resolve,
    );
  });
  const status: unknown = JSON.parse(await readFile(statusFile, 'utf8'));
  return status;
}

describe.each(['deno', 'python'] as const)('a function in %s', (language) => {
  test('imports the module as sluice, wherever it lies', async () => {
    const status = await statusOf([`--runtime=${language}`, `--inline=${functions[language]}`]);
    expect(status).toMatchObject({ status: 'succeeded', result: ['shop'] });
  });

  test('imports it when it was downloaded, too', async () => {
    const server = createServer((_request, response) => response.end(functions[language]));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    try {
      const url = `http://127.0.0.1:${port}/folder/function.${language === 'deno' ? 'ts' : 'py'}`;
      const args = [`--runtime=${language}`, `--script=${url}`, '--allow-host=127.0.0.1'];
      expect(await statusOf(args)).toMatchObject({ status: 'succeeded', result: ['shop'] });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('returns its result, and fails with its own words', async () => {
    const args = [`--runtime=${language}`, `--inline=${returning[language]}`];
    expect(await statusOf(args)).toMatchObject({ status: 'succeeded', result: 'shop' });
    expect(await statusOf(args, { KEPTN_CONTEXT: '{"appName":""}' })).toMatchObject({
      status: 'failed',
      reason: 'FunctionFailed',
      exitCode: 1,
      message: expect.stringMatching(/: no app$/u),
    });
  });
});

describe('with an import map of its own', () => {
  test('a Deno function has its own names instead', async () => {
    const map = join(folder, 'map.json');
    await writeFile(join(folder, 'mine.ts'), 'export const mine = 1;');
    await writeFile(map, '{"imports":{"mine":"./mine.ts"}}');
    const code = "import { mine } from 'mine';\nexport default () => mine;";
    const args = ['--runtime=deno', `--inline=${code}`];
    expect(await statusOf(args, { CMD_ARGS: `--import-map=${map}` })).toMatchObject({ result: 1 });
  });
});
