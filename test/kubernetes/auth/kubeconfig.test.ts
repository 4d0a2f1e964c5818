import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connect } from '../../../src/kubernetes/connect.ts';
import { CredentialsUnusable } from '../../../src/kubernetes/auth/credentials.ts';
import { runExecPlugin } from '../../../src/kubernetes/auth/exec-plugin.ts';
import { kubeconfigCredentials, kubeconfigFiles } from '../../../src/kubernetes/auth/kubeconfig.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'sluice-kubeconfig-'))));
afterAll(() => rm(directory, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Writes a kubeconfig with one context of this name, and answers where. */
async function kubeconfig(name: string, user: object, cluster: object = {}): Promise<string> {
  const file = join(
    directory,
    `${name}-${Math.trunc(Number(process.hrtime.bigint() % 1_000_000n))}`,
  );
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://${name}.test:6443/base`,
          'certificate-authority-data': base64('CA'),
          ...cluster,
        },
      },
    ],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-space` } }],
  };
  await writeFile(file, JSON.stringify(content));
  return file;
}

const open = (files: string[], context?: string) =>
  kubeconfigCredentials({
    files,
    env: { PATH: process.env['PATH'] },
    clock: new TestClock(),
    ...(context !== undefined && { context }),
  });

describe('a kubeconfig', () => {
  it('gives address, namespace, CA and token', async () => {
    const credentials = await open([await kubeconfig('one', { token: 'secret' })]);
    expect(credentials.server.href).toBe('https://one.test:6443/base');
    expect(credentials.namespace).toBe('one-space');
    expect(await credentials.identity()).toEqual({
      tls: { ca: 'CA' },
      headers: { authorization: 'Bearer secret' },
    });
  });

  it('gives a client certificate, a server name, and insecurity only where it says so', async () => {
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    const cluster = { 'tls-server-name': 'kube', 'insecure-skip-tls-verify': true };
    const credentials = await open([await kubeconfig('one', user, cluster)]);
    expect((await credentials.identity()).tls).toEqual({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      serverName: 'kube',
      insecure: true,
    });
  });

  it('asks an auth plug-in', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'fresh' },
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    };
    const credentials = await open([await kubeconfig('one', { exec })]);
    expect((await credentials.identity()).headers).toEqual({ authorization: 'Bearer fresh' });
  });

  const plugin = (script: string) => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', script],
      env: [{ name: 'COUNT_FILE', value: join(directory, `count-${process.hrtime.bigint()}`) }],
      interactiveMode: 'IfAvailable',
    },
  });
  const counting = (status: string) =>
    `echo x >> "$COUNT_FILE"; n=$(wc -l < "$COUNT_FILE" | tr -d ' '); echo "{\\"status\\":{\\"token\\":\\"t$n\\"${status}}}"`;

  it('asks a plug-in again once its token was refused, and not before where it has no end', async () => {
    const credentials = await open([await kubeconfig('one', plugin(counting('')))]);
    const tokenNow = async () => (await credentials.identity()).headers['authorization'];
    expect([await tokenNow(), await tokenNow()]).toEqual(['Bearer t1', 'Bearer t1']);
    credentials.expire();
    expect([await tokenNow(), await tokenNow()]).toEqual(['Bearer t2', 'Bearer t2']);
  });

  it('asks a plug-in again once its token has ended', async () => {
    const ended = ',\\"expirationTimestamp\\":\\"2020-01-01T00:00:00Z\\"';
    const clock = new TestClock();
    const files = [await kubeconfig('one', plugin(counting(ended)))];
    const credentials = await kubeconfigCredentials({
      files,
      clock,
      env: { PATH: process.env['PATH'] },
    });
    clock.advance(10_000);
    expect((await credentials.identity()).headers).toEqual({ authorization: 'Bearer t2' });
  });

  it('tells a plug-in that nobody sits there, and repeats what it says when it fails', async () => {
    const script = 'echo "$KUBERNETES_EXEC_INFO" >&2; echo "run: cloud login" >&2; exit 3';
    await expect(open([await kubeconfig('one', plugin(script))])).rejects.toThrow(
      /the plug-in "sh" ended with 3; it said: .*"interactive":false.*\nrun: cloud login/su,
    );
    const absent = { exec: { command: 'no-such-program', args: [] } };
    await expect(open([await kubeconfig('one', absent)])).rejects.toThrow(
      /the plug-in "no-such-program" cannot be run/u,
    );
    await expect(open([await kubeconfig('one', plugin('echo {}'))])).rejects.toThrow(
      'gave neither token nor certificate',
    );
  });

  it('ends a plug-in that waits for a login, and says what to do', async () => {
    const waiting = { command: 'sh', args: ['-c', 'echo code: ABC >&2; exec sleep 60'] };
    await expect(
      runExecPlugin({ ...waiting, env: {}, apiVersion: 'v1' }, { env: {}, limitMs: 300 }),
    ).rejects.toThrow(
      /did not answer within 300 ms; .*log in with kubectl first; it said: code: ABC/u,
    );
  });

  it('keeps its TLS settings while nothing in them changes', async () => {
    const credentials = await open([await kubeconfig('one', { token: 'secret' })]);
    const { tls } = await credentials.identity();
    credentials.expire();
    expect((await credentials.identity()).tls).toBe(tls);
  });

  it('is merged from several files, the first one winning', async () => {
    const files = [
      await kubeconfig('one', { token: '1' }),
      await kubeconfig('two', { token: '2' }),
    ];
    expect((await open(files)).server.hostname).toBe('one.test');
    expect((await open(files, 'two')).server.hostname).toBe('two.test');
  });

  it('of a list may repeat names, and any of them may name the current context', async () => {
    const first = await kubeconfig('one', { token: 'first' });
    const again = await kubeconfig('one', { token: 'second' });
    const noContext = join(directory, 'no-context');
    await writeFile(noContext, JSON.stringify({ apiVersion: 'v1', kind: 'Config', users: [] }));
    const credentials = await open([noContext, first, again]);
    expect((await credentials.identity()).headers).toEqual({ authorization: 'Bearer first' });
    await expect(open([noContext])).rejects.toThrow('name no current context');
  });

  it('says what is wrong with it', async () => {
    const file = await kubeconfig('one', { token: '1' });
    await expect(open([file], 'three')).rejects.toThrow(
      `there is no context "three" in ${file}; it has one`,
    );
    await expect(open(['/does/not/exist'])).rejects.toThrow(
      'no kubeconfig found at /does/not/exist; give --kubeconfig FILE, or set KUBECONFIG',
    );
    const broken = join(directory, 'broken');
    await writeFile(broken, 'a: [');
    await expect(open([broken])).rejects.toThrow(CredentialsUnusable);
  });

  it('is looked for where kubectl looks', () => {
    const env = { KUBECONFIG: ['/a', '', '/b'].join(delimiter), HOME: '/home/me' };
    expect(kubeconfigFiles('/named', env)).toEqual(['/named']);
    expect(kubeconfigFiles(undefined, env)).toEqual(['/a', '/b']);
    expect(kubeconfigFiles(undefined, {}, '/home/me')).toEqual(['/home/me/.kube/config']);
    expect(kubeconfigFiles(undefined, {})).toEqual([join(homedir(), '.kube', 'config')]);
    expect(kubeconfigFiles(undefined, {}, '')).toEqual([]);
  });
});

describe('a connection', () => {
  it('prefers what was named to the Pod it runs in', async () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const clock = new TestClock();
    const file = await kubeconfig('one', { token: '1' });
    const named = await connect({ kubeconfig: file, env, clock, version: '1' });
    expect([named.server.hostname, named.namespace]).toEqual(['one.test', 'one-space']);
    const listed = await connect({ env: { ...env, KUBECONFIG: file }, clock, version: '1' });
    expect(listed.server.hostname).toBe('one.test');
    // The tests may run in a Pod themselves.
    const serviceAccountDirectory = join(directory, 'no-service-account');
    const inPod = connect({ env, clock, version: '1', serviceAccountDirectory });
    await expect(inPod).rejects.toThrow('the service account in');
    await Promise.all([named.close(), listed.close()]);
  });
});
