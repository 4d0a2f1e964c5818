import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const sdk = join(import.meta.dirname, '../../runner/sdk');
const bin = join(import.meta.dirname, '../../node_modules/.bin');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sdk-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly exitCode: number;
  readonly output: string;
  readonly complaint: string;
}

/** Runs a program with no environment but this one. */
function run(program: string, args: readonly string[], env: Record<string, string>) {
  const path = process.env['PATH'] ?? '';
  return new Promise<Ended>((resolve) => {
    const whole = { PATH: path, HOME: folder, NO_COLOR: '1', ...env };
    execFile(program, args, { env: whole, cwd: folder }, (error, output, complaint) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, complaint });
    });
  });
}

let files = 0;

async function written(name: string, code: string): Promise<string> {
  files += 1;
  const file = join(folder, `${files}-${name}`);
  await writeFile(file, code);
  return file;
}

const variables = ['DATA', 'SECURE_DATA', 'KEPTN_CONTEXT', 'KEPTN_RESULT'];

/** How the same function is written and run in each language. */
const languages = {
  deno: async (code: string, env: Record<string, string>) => {
    const all = 'context, parameter, parameters, previousResult, result, secret, secrets, fail';
    const file = await written('function.ts', `import { ${all} } from 'sluice';\n${code}`);
    const map = `--import-map=${join(sdk, 'import-map.json')}`;
    const permissions = ['--allow-read', '--allow-write', `--allow-env=${variables.join(',')}`];
    return run(join(bin, 'deno'), ['run', '--no-prompt', map, ...permissions, file], env);
  },
  node: async (code: string, env: Record<string, string>) => {
    const all = 'context, parameter, parameters, previousResult, result, secret, secrets, fail';
    const from = JSON.stringify(join(sdk, 'sluice.ts'));
    const file = await written('function.mts', `import { ${all} } from ${from};\n${code}`);
    return run(join(bin, 'node'), [file], env);
  },
  python: async (code: string, env: Record<string, string>) => {
    const python = code.replaceAll('previousResult', 'previous_result').replaceAll(';', '');
    const file = await written('function.py', `from sluice import *\n${python}`);
    return run('python3', [file], { ...env, PYTHONPATH: sdk });
  },
} as const;

describe.each(Object.entries(languages))('in %s', (language, call) => {
  /** Runs a function and answers what it left in KEPTN_RESULT. */
  async function resultOf(code: string, env: Record<string, string>): Promise<unknown> {
    const file = await written('result.json', '');
    const { complaint, exitCode } = await call(code, { ...env, KEPTN_RESULT: file });
    expect({ complaint, exitCode }).toEqual({ complaint: '', exitCode: 0 });
    return JSON.parse(await readFile(file, 'utf8'));
  }

  test('the context has what Keptn tells, and traceparent at hand', async () => {
    const given = {
      workloadName: 'shop-cart',
      appName: 'shop',
      appVersion: '1.0.0',
      workloadVersion: '2.0.0',
      taskType: 'pre',
      objectType: 'Workload',
      metadata: { stage: 'dev', traceparent: '00-1-2-01' },
    };
    const env = { KEPTN_CONTEXT: JSON.stringify(given) };
    expect(await resultOf('result(context())', env)).toEqual({
      ...given,
      traceparent: '00-1-2-01',
    });
  });

  test('without any environment the context is empty, so that a function runs on a laptop', async () => {
    const { exitCode, output, complaint } = await call('result(context())', {});
    expect({ exitCode, complaint }).toEqual({ exitCode: 0, complaint: '' });
    expect(JSON.parse(output.replace(/^result: /u, ''))).toEqual({
      workloadName: '',
      appName: '',
      appVersion: '',
      workloadVersion: '',
      taskType: '',
      objectType: '',
      metadata: {},
    });
  });

  test('a follow-up gets the result of what it follows', async () => {
    const trigger = { kind: 'KeptnTask', name: 'a', status: 'Failed', result: { errors: 3 } };
    const env = { KEPTN_CONTEXT: JSON.stringify({ trigger }) };
    expect(await resultOf('result([previousResult(), context()["trigger"]])', env)).toEqual([
      { errors: 3 },
      trigger,
    ]);
  });

  test('what follows nothing has no previous result', async () => {
    const env = { KEPTN_CONTEXT: '{"trigger":null}' };
    const nothing = language === 'python' ? 'None' : 'undefined';
    expect(await resultOf(`result(previousResult() == ${nothing})`, env)).toBe(true);
  });

  test('parameters are texts, and one that is not given has its default', async () => {
    const env = { DATA: '{"host":"shop.example","tries":3}' };
    const code =
      'result([parameter("host"), parameter("tries"), parameter("path", "/"), parameters()])';
    const all = { host: 'shop.example', tries: '3' };
    expect(await resultOf(code, env)).toEqual(['shop.example', '3', '/', all]);
  });

  test('a parameter that must be given and is not ends the function and says where to set it', async () => {
    const { exitCode, complaint } = await call('parameter("constructor")', {
      DATA: '{"host":"a"}',
    });
    expect(exitCode).toBe(1);
    expect(complaint).toContain(
      'parameter constructor is not given (given: host); set parameters.map.constructor',
    );
  });

  test('a secret is its text, JSON or not', async () => {
    expect(await resultOf('result(secret())', { SECURE_DATA: 'foo' })).toBe('foo');
    expect(await resultOf('result(secret())', { SECURE_DATA: '{"a":1}' })).toBe('{"a":1}');
  });

  test('several values in one secret have names', async () => {
    const env = { SECURE_DATA: '{"foo":"bar","foo2":"bar2"}' };
    expect(await resultOf('result([secret("foo2"), secrets()])', env)).toEqual([
      'bar2',
      { foo: 'bar', foo2: 'bar2' },
    ]);
  });

  test.each([
    ['none at all', {}, 'SECURE_DATA is not set; name a Secret'],
    [
      'none of this name',
      { SECURE_DATA: '{"foo":"hush"}' },
      'SECURE_DATA has no token (it has: foo)',
    ],
    ['one that is no JSON', { SECURE_DATA: 'hush' }, 'SECURE_DATA is no JSON object'],
  ])(
    'a secret by name where there is %s is an error that keeps the secret',
    async (_what, env, want) => {
      const { exitCode, complaint } = await call('secret("token")', env);
      expect(exitCode).toBe(1);
      expect(complaint).toContain(want);
      expect(complaint).not.toContain('hush');
    },
  );

  test('the last result counts', async () => {
    expect(await resultOf('result({"a": "a rather long one"}); \nresult({"ä": [1]})', {})).toEqual({
      ä: [1],
    });
  });

  test('what JSON cannot express is no result', async () => {
    const notANumber = language === 'python' ? 'float("nan")' : 'NaN';
    const { exitCode, complaint } = await call(`result({"a": ${notANumber}})`, {});
    expect(exitCode).toBe(1);
    expect(complaint).toMatch(/JSON/u);
  });

  test('fail ends the attempt, and its message is the last line', async () => {
    const { exitCode, output, complaint } = await call(
      'fail("no\\n  connection"); \nresult(1)',
      {},
    );
    expect({ exitCode, output, complaint }).toEqual({
      exitCode: 1,
      output: '',
      complaint: 'no connection\n',
    });
  });
});

describe('without the permission to read a variable', () => {
  test('Deno functions are told how to permit it', async () => {
    const file = await written('function.ts', "import { context } from 'sluice';\ncontext();");
    const args = ['run', '--no-prompt', `--import-map=${join(sdk, 'import-map.json')}`, file];
    const { exitCode, complaint } = await run(join(bin, 'deno'), args, {});
    expect(exitCode).toBe(1);
    expect(complaint).toContain(
      'KEPTN_CONTEXT may not be read; permit it with allow-env=KEPTN_CONTEXT',
    );
  });
});
