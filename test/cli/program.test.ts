import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { sluice } from '../support/cluster/command-line.ts';

describe('help', () => {
  test.each(['run', 'explain', 'install', 'uninstall'])(
    'of %s shows examples and every option',
    async (command) => {
      const { exitCode, output } = await sluice([command, '--help']);
      expect(exitCode).toBe(0);
      expect(output).toContain('Examples:');
      expect(output).toContain('--kubeconfig <file>');
    },
  );

  test('of the whole program lists its commands', async () => {
    const { exitCode, output } = await sluice(['--help']);
    expect(exitCode).toBe(0);
    for (const command of ['run', 'explain', 'install', 'uninstall', 'task', 'certs', 'version']) {
      expect(output).toMatch(new RegExp(`^ {2}${command}\\b`, 'mu'));
    }
  });
});

describe('bad input ends with 2 and says how to correct it', () => {
  test('an unknown command', async () => {
    expect(await sluice(['rnu'])).toMatchObject({
      exitCode: 2,
      complaint: expect.stringContaining('Did you mean run?'),
    });
  });

  test('settings, all of them at once', async () => {
    const { exitCode, complaint } = await sluice(['run', '--listen-port', 'x'], {
      SLUICE_WORKERS: '0',
      SLUICE_LOG_LEVL: 'debug',
    });
    expect(exitCode).toBe(2);
    expect(complaint.trimEnd().split('\n')).toEqual([
      '3 settings are not usable:',
      '  --listen-port: "x", expected a whole number from 0 to 65535',
      '  SLUICE_WORKERS: "0", expected a whole number from 1 to 256',
      '  SLUICE_LOG_LEVL: "debug", expected nothing: did you mean SLUICE_LOG_LEVEL?',
    ]);
  });

  test('a target that cannot be explained, before any cluster is asked', async () => {
    expect(await sluice(['explain', 'service/web'])).toMatchObject({
      exitCode: 2,
      complaint: expect.stringContaining('one of pod'),
    });
  });

  test('a URL of webhooks with a path', async () => {
    expect(await sluice(['install', '--dry-run', '--url', 'https://host/path'])).toMatchObject({
      exitCode: 2,
    });
  });

  test('a file without a certificate', async () => {
    expect(await sluice(['install', '--dry-run', '--ca-file', '/no/such/file'])).toMatchObject({
      exitCode: 2,
      complaint: expect.stringContaining('sluice certs'),
    });
  });
});

test('a cluster that cannot be found is an error, not bad input', async () => {
  const { exitCode, complaint } = await sluice([
    'explain',
    'pod/x',
    '--kubeconfig',
    '/no/such/file',
  ]);
  expect(exitCode).toBe(1);
  expect(complaint).toContain('/no/such/file');
});

test('run --check fails with a kubeconfig that is not there', async () => {
  const { exitCode, complaint } = await sluice(['run', '--check', '--kubeconfig', '/nowhere/kube']);
  expect(exitCode).not.toBe(0);
  expect(complaint).toContain('/nowhere/kube');
});

test('run --check puts everything together and ends', async () => {
  expect(await sluice(['run', '--check'])).toEqual({ exitCode: 0, output: '', complaint: '' });
});

describe('install --dry-run', () => {
  let directory = '';
  let caFile = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-install-'));
    caFile = join(directory, 'ca.crt');
    await writeFile(caFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  });
  afterAll(() => rm(directory, { recursive: true }));

  const objectsOf = (yaml: string) =>
    [...parseAllDocuments(yaml)].map(
      (document) => document.toJS() as { kind: string; webhooks?: Webhook[] },
    );
  interface Webhook {
    readonly clientConfig: {
      readonly url?: string;
      readonly service?: { readonly name: string };
      readonly caBundle?: string;
    };
  }

  test('prints every part, the CRDs first', async () => {
    const { exitCode, output } = await sluice(['install', '--dry-run']);
    expect(exitCode).toBe(0);
    const kinds = objectsOf(output).map(({ kind }) => kind);
    expect(kinds[0]).toBe('CustomResourceDefinition');
    expect(kinds).toEqual(
      expect.arrayContaining([
        'Namespace',
        'ServiceAccount',
        'ClusterRole',
        'MutatingWebhookConfiguration',
        'ValidatingAdmissionPolicy',
      ]),
    );
  });

  test('prints the parts that are named and no other', async () => {
    const { output } = await sluice(['install', '--dry-run', '--crds']);
    expect(new Set(objectsOf(output).map(({ kind }) => kind))).toEqual(
      new Set(['CustomResourceDefinition']),
    );
  });

  test('points the webhooks at a Sluice on this machine, with its authority', async () => {
    const args = [
      'install',
      '--dry-run',
      '--webhooks',
      '--url',
      'https://127.0.0.1:9443',
      '--ca-file',
      caFile,
    ];
    const [mutating] = objectsOf((await sluice(args)).output);
    const { url, caBundle = '' } = mutating?.webhooks?.[0]?.clientConfig ?? {};
    expect(url).toBe('https://127.0.0.1:9443/mutate-v1-pod');
    expect(Buffer.from(caBundle, 'base64').toString()).toContain('BEGIN CERTIFICATE');
  });

  test('points them at the Service otherwise', async () => {
    const [mutating] = objectsOf((await sluice(['install', '--dry-run', '--webhooks'])).output);
    expect(mutating?.webhooks?.[0]?.clientConfig.service).toMatchObject({
      name: 'lifecycle-webhook-service',
      namespace: 'keptn-system',
    });
  });
});
