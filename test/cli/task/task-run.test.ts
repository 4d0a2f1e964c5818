import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { sluice } from '../../support/cluster/command-line.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-task-run-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a file and answers its path; what is no text is written as YAML documents. */
async function written(name: string, ...content: readonly (string | object)[]): Promise<string> {
  const path = join(folder, name);
  const texts = content.map((one) => (typeof one === 'string' ? one : stringify(one)));
  await writeFile(path, texts.join('---\n'));
  return path;
}

function definition(name: string, spec: object, version = 'v1') {
  return {
    apiVersion: `lifecycle.keptn.sh/${version}`,
    kind: 'KeptnTaskDefinition',
    metadata: { name },
    spec: { ...(version === 'v1' && { retries: 0 }), ...spec },
  };
}

const bash = (code: string, more: object = {}) => ({ bash: { inline: { code }, ...more } });
/** Makes what an expression of jq says of the environment the result. */
const resultOf = (expression: string) => `jq --null-input '${expression}' >"$KEPTN_RESULT"`;

/** Runs `sluice task run` with the programs of this machine. */
async function taskRun(...args: readonly string[]) {
  const said = await sluice(['task', 'run', ...args], { PATH: process.env['PATH'] ?? '' });
  const shown: unknown = said.output === '' ? {} : parse(said.output);
  return { ...said, status: Object(shown).status };
}

describe('sluice task run', { timeout: 60_000 }, () => {
  test('shows the status of a task that succeeded, and nothing else, on standard output', async () => {
    const file = await written(
      'a.yaml',
      definition('hello', bash(`echo hi; ${resultOf('{a: 1}')}`)),
    );
    const { exitCode, complaint, status } = await taskRun('-f', file);
    expect(status).toMatchObject({
      status: 'Succeeded',
      exitCode: 0,
      result: { a: 1 },
      runs: [{ exitCode: 0, reason: 'Completed' }],
      attempts: [{ attempt: 1, status: 'Succeeded' }],
    });
    expect(exitCode).toBe(0);
    expect(complaint).toMatch(/^hi$/mu);
    expect(complaint).toMatch(/✔ hello succeeded after/u);
  });

  test('shows what the status of a failed task says, follow-ups included, and ends with 1', async () => {
    const spec = { ...bash('echo "no connection" >&2; exit 3'), onFailure: ['tell'] };
    const file = await written('a.yaml', definition('check', spec));
    const { exitCode, complaint, status } = await taskRun('-f', file);
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      evidence: { message: expect.stringContaining('no connection') },
      exitCode: 3,
      followUps: [{ trigger: 'onFailure', definitionName: 'tell', status: 'Pending' }],
    });
    expect(exitCode).toBe(1);
    expect(complaint).toMatch(/✖ check failed after .*: .*exit code 3: no connection/u);
  });

  test('repeats what fails as the definition says, or as --retries does', async () => {
    const code = '(( KEPTN_ATTEMPT == 3 )) || exit 1';
    const spec = { ...bash(code), retries: 2, retryInterval: '1ms' };
    const file = await written('a.yaml', definition('check', spec));
    const { status } = await taskRun('-f', file);
    expect(status).toMatchObject({
      status: 'Succeeded',
      runs: [{ exitCode: 1 }, { exitCode: 1 }, {}],
    });
    const single = await taskRun('-f', file, '--retries', '0');
    expect(single.status).toMatchObject({ status: 'Failed', runs: [{ exitCode: 1 }] });
    expect(single.status.runs).toHaveLength(1);
  });

  test('says how often and how long the task may run, and what of that is a default', async () => {
    const silent = { ...bash('true'), retries: undefined };
    const file = await written('a.yaml', definition('check', silent));
    const said = async (...args: string[]) => (await taskRun('-f', file, ...args)).complaint;
    expect(await said()).toContain(
      '… check runs on this machine; at most 11 times (retries: 10 is the default), all within 5m0s, the default\n',
    );
    expect(await said('--retries', '0')).toContain('; once (retries: 0), all within 5m0s');
  });

  test('reads CONTEXT where a function does', async () => {
    const deno = { deno: { inline: { code: 'export default () => Deno.env.get("CONTEXT")' } } };
    const file = await written('a.yaml', definition('ts', deno));
    const { status } = await taskRun('-f', file);
    expect(JSON.parse(String(status.result))).toMatchObject({ appName: 'local' });
  });

  test.each([
    [
      'check',
      { ...bash('true'), onFailure: ['No;no2'] },
      'check: spec.onFailure[0]: "No;no2" cannot be',
    ],
    ['a b', bash('true'), 'a b: metadata.name: write lower-case letters'],
    ['circle', { python: { functionRef: { name: 'circle' } } }, 'circle: spec.python.functionRef'],
  ])('refuses what the cluster refuses: %s', async (name, spec, message) => {
    const file = await written('a.yaml', definition(name, spec));
    const { exitCode, complaint } = await taskRun('-f', file);
    expect(complaint).toContain(message);
    expect(exitCode).toBe(2);
  });

  test('makes a context up, which a file overrides', async () => {
    const spec = bash(resultOf('env.KEPTN_CONTEXT | fromjson'));
    const file = await written('a.yaml', definition('context', spec));
    const madeUp = await taskRun('-f', file);
    expect(madeUp.status.result).toEqual({
      workloadName: 'local-workload',
      appName: 'local',
      appVersion: '1.0.0',
      workloadVersion: '1.0.0',
      taskType: 'pre',
      objectType: 'Workload',
    });
    const trigger = { kind: 'KeptnTask', name: 'pre-check', status: 'Failed', result: [1] };
    const metadata = { stage: 'dev' };
    const context = await written(
      'context.json',
      JSON.stringify({ appName: 'shop', metadata, trigger, traceparent: '00-1-2-01' }),
    );
    const given = await taskRun('-f', file, '--context', context);
    expect(given.status.result).toMatchObject({
      workloadName: 'local-workload',
      appName: 'shop',
      traceparent: '00-1-2-01',
      metadata: { stage: 'dev', traceparent: '00-1-2-01' },
      trigger,
    });
  });

  test('gives a parameter another value', async () => {
    const parameters = { map: { host: 'a', port: '1' } };
    const spec = bash(resultOf('env.DATA | fromjson'), { parameters });
    const file = await written('a.yaml', definition('parameters', spec));
    const { status } = await taskRun(
      '-f',
      file,
      '--parameter',
      'host=b=c',
      '--parameter',
      'path=/',
    );
    expect(status.result).toEqual({ host: 'b=c', port: '1', path: '/' });
  });

  test('hands on arguments and command parameters', async () => {
    const spec = bash('jq --null-input --args \'$ARGS.positional\' "$@" >"$KEPTN_RESULT"', {
      cmdParameters: '-x -- one',
      args: ['two words'],
    });
    const { status } = await taskRun('-f', await written('a.yaml', definition('arguments', spec)));
    expect(status.result).toEqual(['one', 'two words']);
  });

  describe('takes a secret', () => {
    const spec = bash(resultOf('[env.SECURE_DATA, env.TOKEN]'), {
      secureParameters: {
        secret: 'main',
        secrets: [{ name: 'other', key: 'token', env: 'TOKEN' }],
      },
    });
    const secret = (name: string, data: object) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      ...data,
    });

    test.each<[string, readonly (string | object)[]]>([
      ['lines', ['# both\nSECURE_DATA=foo=1\ntoken=bar\n']],
      ['keys and values', ['{"SECURE_DATA":"foo=1","token":"bar"}']],
    ])('from %s, whatever it is called', async (_what, content) => {
      const file = await written('a.yaml', definition('secret', spec));
      const { status } = await taskRun('-f', file, '--secret', await written('secret', ...content));
      expect(status.result).toEqual(['foo=1', 'bar']);
    });

    test('from Secrets by their names, in the files or beside them', async () => {
      const data = { SECURE_DATA: Buffer.from('foo\n').toString('base64') };
      const file = await written('a.yaml', definition('secret', spec), secret('main', { data }));
      const other = await written('b.yaml', secret('other', { stringData: { token: 'bar' } }));
      const { status } = await taskRun('-f', file, '--secret', other);
      expect(status.result).toEqual(['foo\n', 'bar']);
    });

    test('and says which is missing before anything runs', async () => {
      const file = await written('a.yaml', definition('secret', spec));
      expect(await taskRun('-f', file)).toMatchObject({
        exitCode: 2,
        output: '',
        complaint: expect.stringMatching(
          /secret: secureParameters: Secret main is not given; add --secret FILE/u,
        ),
      });
      expect(
        await taskRun('-f', file, '--secret', await written('s', 'SECURE_DATA=x')),
      ).toMatchObject({
        exitCode: 2,
        complaint: expect.stringContaining('Secret other has no key token; it has SECURE_DATA'),
      });
      const another = await written(
        'b.yaml',
        secret('third', { stringData: { SECURE_DATA: 'x' } }),
      );
      expect((await taskRun('-f', file, '--secret', another)).complaint).toContain(
        'Secret main is not given',
      );
    });
  });

  describe('finds the code', () => {
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'code' },
      data: { code: resultOf('1') },
    };

    test('in a definition that functionRef names, in another file of a directory', async () => {
      const child = {
        bash: { functionRef: { name: 'parent' }, parameters: { map: { a: 'child' } } },
      };
      await written('a.yaml', definition('child', child));
      const parameters = { map: { a: 'parent', b: 'parent' } };
      await written(
        'b.yaml',
        definition('parent', bash(resultOf('env.DATA | fromjson'), { parameters })),
      );
      const { status } = await taskRun('-f', folder, '--name', 'child');
      expect(status.result).toEqual({ a: 'child', b: 'parent' });
    });

    test('in a ConfigMap, which must be among the files', async () => {
      const file = await written(
        'a.yaml',
        definition('check', { bash: { configMapRef: { name: 'code' } } }),
      );
      const { status } = await taskRun('-f', file, '-f', await written('b.yaml', configMap));
      expect(status.result).toBe(1);
      expect(await taskRun('-f', file)).toMatchObject({
        exitCode: 2,
        complaint: expect.stringContaining('configMapRef.name: ConfigMap code is not in the files'),
      });
    });

    test('at a URL, on this machine only where it is allowed', async () => {
      const server = createServer((_request, response) => response.end(resultOf('2')));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const httpRef = { url: `http://127.0.0.1:${port}/check.sh` };
      const file = await written('a.yaml', definition('check', { bash: { httpRef } }));
      try {
        const allowed = await taskRun('-f', file, '--allow-host', '127.0.0.1');
        expect(allowed.status).toMatchObject({ status: 'Succeeded', result: 2 });
        const forbidden = await taskRun('-f', file);
        expect(forbidden.status).toMatchObject({ status: 'Failed', reason: 'DownloadForbidden' });
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });

    test('in an old version, in the form that KEP 90 plans', async () => {
      const spec = {
        function: { runtime: 'bash', inline: { code: 'exit 4' }, retries: 0 },
      };
      const file = await written('a.yaml', definition('check', spec, 'v1alpha2'));
      const { status } = await taskRun('-f', file);
      expect(status).toMatchObject({ status: 'Failed', exitCode: 4 });
    });
  });

  test('ends the function when it is asked to stop', async () => {
    const file = await written('a.yaml', definition('slow', bash('echo begun; sleep 600')));
    const stopping = new AbortController();
    const said = await sluice(
      ['task', 'run', '-f', file],
      { PATH: process.env['PATH'] ?? '' },
      {
        stop: stopping.signal,
        complaint: (text) => {
          if (text.includes('begun')) stopping.abort();
        },
      },
    );
    expect(said.exitCode).toBe(1);
    expect(parse(said.output)).toMatchObject({
      status: { status: 'Failed', reason: 'Terminated' },
    });
  });

  test('says what only a cluster could give', async () => {
    const job = { nodeSelector: { disk: 'ssd' } };
    const file = await written('a.yaml', definition('check', { ...bash('true'), job }));
    const { complaint } = await taskRun('-f', file);
    expect(complaint).toContain('runs on this machine, without spec.job.nodeSelector');
  });
});

describe('bad input ends with 2, names the field, and nothing is run', () => {
  async function complaintOf(...args: readonly string[]): Promise<string> {
    const { exitCode, output, complaint } = await taskRun(...args);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    return complaint;
  }

  test('a container', async () => {
    const file = await written(
      'a.yaml',
      definition('check', { container: { name: 'a', image: 'b' } }),
    );
    expect(await complaintOf('-f', file)).toContain(
      'check: spec.container: only functions run on this machine',
    );
  });

  test('everything that is wrong with the definitions of all files, at once', async () => {
    const first = definition('a', { bash: { inline: { cod: 'true' } }, retries: 'many' });
    const second = definition('b', { python: { httpRef: { url: 7 } } });
    const file = await written('a.yaml', first, second);
    const lines = (await complaintOf('-f', file)).trimEnd().split('\n');
    expect(lines).toEqual([
      `${file}, document 1: spec.bash.inline.cod: there is no such field; did you mean code?`,
      `${file}, document 1: spec.retries: must be integer`,
      `${file}, document 2: spec.python.httpRef.url: must be string`,
    ]);
  });

  test('a definition that refers in a circle', async () => {
    const link = (to: string) => ({ deno: { functionRef: { name: to } } });
    const file = await written('a.yaml', definition('a', link('b')), definition('b', link('a')));
    expect(await complaintOf('-f', file, '--name', 'a')).toContain('a → b → a');
  });

  test('two definitions of one name', async () => {
    const file = await written(
      'a.yaml',
      definition('a', bash('true')),
      definition('a', bash('true')),
    );
    expect(await complaintOf('-f', file)).toContain('there is a second KeptnTaskDefinition a');
  });

  test('a choice among several definitions, or none', async () => {
    const file = await written(
      'a.yaml',
      definition('a', bash('true')),
      definition('b', bash('true')),
    );
    expect(await complaintOf('-f', file)).toContain('say which of them: a, b');
    expect(await complaintOf('-f', file, '--name', 'c')).toContain('--name c: the files hold a, b');
    const other = await written('b.yaml', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a' },
    });
    expect(await complaintOf('-f', other)).toContain('hold no KeptnTaskDefinition');
  });

  test('files that cannot be read, or are no YAML', async () => {
    expect(await complaintOf('-f', join(folder, 'none.yaml'))).toContain('cannot be read');
    expect(await complaintOf('-f', folder)).toContain('holds no file that ends in .yaml');
    expect(await complaintOf('-f', await written('a.yaml', 'a: [1\n'))).toMatch(
      /a\.yaml: .* line 2/u,
    );
    expect(await complaintOf('-f', await written('b.yaml', '- 1\n'))).toContain(
      'is no Kubernetes object',
    );
  });

  test('a context with a wrong or unknown field', async () => {
    const file = await written('a.yaml', definition('a', bash('true')));
    const wrong = await written('wrong.yaml', { appName: 7, trigger: { kind: 'KeptnTask' } });
    expect(await complaintOf('-f', file, '--context', wrong)).toMatch(
      /wrong\.yaml: appName: must be string\n.*trigger\.name: is required/u,
    );
    const unknown = await written('unknown.yaml', { app: 'shop' });
    expect(await complaintOf('-f', file, '--context', unknown)).toContain(
      'unknown.yaml: app: there is no such field',
    );
  });

  test('parameters, secrets and numbers of another form', async () => {
    const file = await written('a.yaml', definition('a', bash('true')));
    expect(await complaintOf('-f', file, '--parameter', 'a')).toContain(
      '--parameter a: expected name=value',
    );
    expect(await complaintOf('-f', file, '--secret', await written('s', '- 1'))).toContain(
      'is no secret',
    );
    expect(await complaintOf('-f', file, '--retries', '-1')).toContain('expected a whole number');
    expect(await complaintOf()).toContain("required option '-f, --filename <path>'");
  });
});
