import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sluice } from '../../support/cluster/command-line.ts';

const samples = join(import.meta.dirname, '../../../manifests/samples/tasks');

let folder: string;
let server: ReturnType<typeof createServer>;
let address: string;
const posted: unknown[] = [];

/** Takes what is posted, and gives out the files of the samples. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-samples-'));
  server = createServer((request, response) => {
    if (request.method === 'POST') {
      request.on('data', (body) => posted.push(JSON.parse(String(body))));
      request.on('end', () => response.end());
    } else createReadStream(join(samples, request.url ?? '')).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function statusOf(...args: readonly string[]) {
  const command = ['task', 'run', ...args, '--retries', '0'];
  const { complaint, output } = await sluice(command, { PATH: process.env['PATH'] ?? '' });
  expect(output, complaint).not.toBe('');
  return { complaint, status: Object(parse(output)).status };
}

const sample = (file: string): string => join(samples, file);

describe('the samples of tasks', { timeout: 60_000 }, () => {
  test('are all run here', async () => {
    const source = await readFile(import.meta.filename, 'utf8');
    const files = (await readdir(samples)).filter((file) => file.endsWith('.yaml'));
    expect(files.filter((file) => !source.includes(`'${file}'`))).toEqual([]);
  });

  test('parameters', async () => {
    const { status } = await statusOf('-f', sample('parameters.yaml'), '--parameter', 'port=1');
    expect(status).toMatchObject({
      status: 'Succeeded',
      result: { address: 'checkout.shop.svc:1' },
    });
  });

  test('a secret, which nobody prints', async () => {
    const { status, complaint } = await statusOf('-f', sample('secret.yaml'));
    expect(status.status).toBe('Succeeded');
    expect(complaint).toContain('the token has 3 characters');
    expect(complaint).not.toContain('foo');
  });

  test('several values in one secret', async () => {
    const secret = await written('account.env', 'SECURE_DATA={"user":"robot","password":"beep"}\n');
    const { status } = await statusOf('-f', sample('several-secrets.yaml'), '--secret', secret);
    expect(status).toMatchObject({ status: 'Succeeded', result: { user: 'robot' } });
  });

  test.each(['deno', 'python', 'bash'])('the context, in %s', async (language) => {
    const context = await written(
      'context.yaml',
      'workloadName: shop-cart\nmetadata: { commit-id: "1234" }\n',
    );
    const name = `context-${language}`;
    const args = ['-f', sample('context.yaml'), '--name', name, '--context', context];
    const { status, complaint } = await statusOf(...args);
    expect(status.result).toEqual({ workloadName: 'shop-cart', commit: '1234' });
    expect(complaint).toContain('pre-deployment check of shop-cart');
  });

  test('a notification by a function that others share', async () => {
    const secret = await written('webhook.env', `SECURE_DATA=${address}/\n`);
    const args = ['-f', sample('notify.yaml'), '--name', 'notify-dev', '--secret', secret];
    const { status } = await statusOf(...args);
    expect(status.status).toBe('Succeeded');
    expect(posted).toEqual([{ text: 'Deployed to dev: local, local-workload 1.0.0' }]);
  });

  test.each([
    ['sequence-bash', { rows: 1 }],
    ['sequence-python', { steps: 2 }],
  ])('steps in one task: %s', async (name, result) => {
    const { status } = await statusOf('-f', sample('sequence.yaml'), '--name', name);
    expect(status).toMatchObject({ status: 'Succeeded', result });
  });

  test('steps in one script on a web server, which is the one that was meant', async () => {
    const manifest = await readFile(sample('sequence.yaml'), 'utf8');
    const file = await written(
      'sequence.yaml',
      manifest.replace('https://scripts.example', address),
    );
    const args = ['-f', file, '--name', 'sequence-script', '--allow-host', '127.0.0.1'];
    const { status } = await statusOf(...args);
    expect(status).toMatchObject({ status: 'Succeeded', result: { rows: 1 } });
  });

  test('code in a ConfigMap', async () => {
    const { status, complaint } = await statusOf('-f', sample('config-map.yaml'));
    expect(status.status).toBe('Succeeded');
    expect(complaint).toContain('deployments are welcome from 8 to 18');
  });

  test('a result, and the follow-up that reads it', async () => {
    const file = sample('follow-up.yaml');
    const { status } = await statusOf('-f', file, '--name', 'measure');
    expect(status).toMatchObject({ status: 'Succeeded', followUps: [{ definitionName: 'tell' }] });
    const trigger = {
      kind: 'KeptnTask',
      name: 'pre-measure',
      status: status.status,
      result: status.result,
    };
    const context = await written('trigger.json', JSON.stringify({ trigger }));
    const told = await statusOf('-f', file, '--name', 'tell', '--context', context);
    expect(told.status).toMatchObject({ status: 'Succeeded', result: { told: 230 } });
  });
});
