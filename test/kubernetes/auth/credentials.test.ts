import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CredentialsUnusable,
  inClusterCredentials,
  type Credentials,
} from '../../../src/kubernetes/auth/credentials.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

let directory: string;
let clock: TestClock;
let credentials: Credentials | undefined;
beforeEach(async () => {
  clock = new TestClock();
  directory = await mkdtemp(join(tmpdir(), 'sluice-serviceaccount-'));
  await write('token', 'first\n');
  await write('ca.crt', 'CA');
  await write('namespace', 'keptn-system');
});
afterEach(async () => {
  credentials?.close();
  await rm(directory, { recursive: true });
});

/** Puts a file there whole, as the kubelet does. */
async function write(file: string, content: string): Promise<void> {
  await writeFile(join(directory, '..new'), content);
  await rename(join(directory, '..new'), join(directory, file));
}

const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

async function open(environment: Record<string, string> = env): Promise<Credentials> {
  credentials = await inClusterCredentials({ env: environment, clock, directory });
  return credentials;
}

const token = async (of: Credentials): Promise<string | undefined> =>
  (await of.identity()).headers['authorization'];

describe('the service account of a Pod', () => {
  it('gives address, namespace, CA and token', async () => {
    const account = await open();
    expect(account.server.href).toBe('https://10.0.0.1/');
    expect(account.namespace).toBe('keptn-system');
    expect(await account.identity()).toEqual({
      tls: { ca: 'CA' },
      headers: { authorization: 'Bearer first' },
    });
  });

  it('may live at an IPv6 address and another port', async () => {
    const account = await open({
      KUBERNETES_SERVICE_HOST: 'fd00::1',
      KUBERNETES_SERVICE_PORT: '6443',
    });
    expect(account.server.href).toBe('https://[fd00::1]:6443/');
  });

  it('is read again at once when the token was refused', async () => {
    const account = await open();
    await write('token', 'second');
    account.expire();
    expect(await token(account)).toBe('Bearer second');
  });

  it('is read again when the kubelet has renewed it', async () => {
    const account = await open();
    await write('token', 'second');
    await vi.waitFor(async () => expect(await token(account)).toBe('Bearer second'), {
      interval: 5,
    });
  });

  it('is read again after a minute, wherever changes of files are not told', async () => {
    const account = await open();
    account.close();
    await write('token', 'second');
    clock.advance(59_999);
    expect(await token(account)).toBe('Bearer first');
    clock.advance(1);
    expect(await token(account)).toBe('Bearer second');
  });

  it('keeps what it has when it cannot be read', async () => {
    const account = await open();
    await rm(join(directory, 'token'));
    account.expire();
    expect(await token(account)).toBe('Bearer first');
  });

  it('has other TLS settings only when the CA is another', async () => {
    const account = await open();
    const { tls } = await account.identity();
    account.expire();
    expect((await account.identity()).tls).toBe(tls);
    await write('ca.crt', 'CA2');
    account.expire();
    expect((await account.identity()).tls).toEqual({ ca: 'CA2' });
  });

  it('does not exist outside a Pod, and says so', async () => {
    await expect(open({})).rejects.toThrow('KUBERNETES_SERVICE_HOST is not set');
    await rm(join(directory, 'ca.crt'));
    await expect(open()).rejects.toThrow(CredentialsUnusable);
  });
});
