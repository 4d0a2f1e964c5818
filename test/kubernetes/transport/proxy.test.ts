import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { NamespaceKind } from '../../../src/api/builtin.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { namespaced } from '../../support/memory/adapter-rig.ts';
import { ConnectProxy } from '../../support/api-server/connect-proxy.ts';
import { FakeApiServer } from '../../support/api-server/fake-api-server.ts';

let directory: string;
let server: FakeApiServer;
let proxy: ConnectProxy;
const opened: Connection[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-proxy-'));
  server = await FakeApiServer.start(NamespaceKind);
  server.store.create(NamespaceKind, namespaced('shop', {}, NamespaceKind));
  proxy = await ConnectProxy.to(Number(server.credentials().server.port));
});

afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Connects with a kubeconfig whose API server has a name that only the proxy can resolve. */
async function connected(
  env: Readonly<Record<string, string>>,
  cluster: Readonly<Record<string, unknown>> = {},
): Promise<Connection> {
  const { tls } = await server.credentials().identity();
  const kubeconfig = join(directory, 'config');
  const content = {
    'current-context': 'one',
    clusters: [
      {
        name: 'one',
        cluster: {
          server: 'https://api.example:6443',
          'certificate-authority-data': Buffer.from(tls.ca ?? '').toString('base64'),
          ...cluster,
        },
      },
    ],
    users: [{ name: 'one', user: { token: 'token-1' } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'one' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(content));
  const connection = await connect({ kubeconfig, env, clock: systemClock, version: '1' });
  opened.push(connection);
  return connection;
}

const shop = { verb: 'get', path: '/api/v1/namespaces/shop' } as const;

describe('the API server behind a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'is reached through what %s names, with TLS from end to end',
    async (variable) => {
      const { transport } = await connected({
        [variable]: proxy.urlFor('127.0.0.1', 'ada:pass%3F@'),
      });
      await transport.request(shop);
      await transport.request(shop);
      expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT api.example:6443']));
      expect(proxy.authorizations).toContain(
        `Basic ${Buffer.from('ada:pass?').toString('base64')}`,
      );
      expect(server.requests.map(({ headers }) => headers)).toMatchObject([
        { host: 'api.example:6443', authorization: 'Bearer token-1' },
        { host: 'api.example:6443', authorization: 'Bearer token-1' },
      ]);
      expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
      expect(transport.counts.connections).toBeGreaterThan(0);
    },
  );

  it('is watched, asked and led through tunnels of their own', async () => {
    const { transport } = await connected({ HTTPS_PROXY: proxy.url });
    const end = new AbortController();
    const path = '/api/v1/namespaces?watch=true&resourceVersion=0';
    const stream = await transport.stream(path, end.signal);
    await transport.request(shop);
    await transport.request({ ...shop, isUrgent: true });
    expect(proxy.asked).toHaveLength(3);
    end.abort();
    await expect(text(stream)).rejects.toThrow('aborted');
  });

  it('is reached through the proxy-url of its cluster, whatever the environment says', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' };
    const { transport } = await connected(env, { 'proxy-url': proxy.url });
    await transport.request(shop);
    expect(proxy.asked).toEqual(['CONNECT api.example:6443']);
  });

  it('is reached directly where NO_PROXY names it, and on this machine', async () => {
    const { transport } = await connected(
      { HTTPS_PROXY: proxy.url },
      {
        server: server.credentials().server.href,
      },
    );
    await transport.request(shop);
    const named = await connected({ HTTPS_PROXY: proxy.url, NO_PROXY: '.example' });
    await expect(named.transport.request({ ...shop, isUrgent: true })).rejects.toThrow(
      /api\.example/u,
    );
    expect(proxy.asked).toEqual([]);
  });

  it.each([403, 407])(
    'is not reached when the proxy answers %i, which the error says',
    async (status) => {
      proxy.verdict = status;
      const { transport } = await connected({
        HTTPS_PROXY: proxy.urlFor('127.0.0.1', 'ada:secret@'),
      });
      const failed = transport.request({ ...shop, isUrgent: true });
      const where = `through the proxy ${proxy.url} (HTTPS_PROXY)`;
      await expect(failed).rejects.toThrow(where);
      await expect(failed).rejects.toThrow(new RegExp(`${status}.*NO_PROXY`, 'u'));
      await expect(failed).rejects.not.toThrow(/secret/u);
      expect(server.requests).toEqual([]);
    },
  );

  it('is not reached when nothing listens at the proxy, or it hangs', async () => {
    const gone = await connected({ HTTPS_PROXY: 'http://127.0.0.1:9' });
    await expect(gone.transport.request({ ...shop, isUrgent: true })).rejects.toThrow(
      /through the proxy http:\/\/127\.0\.0\.1:9 \(HTTPS_PROXY\): .*ECONNREFUSED/u,
    );
    proxy.verdict = 'hang';
    const { transport } = await connected({ HTTPS_PROXY: proxy.url });
    await expect(transport.request({ ...shop, isUrgent: true, timeoutMs: 50 })).rejects.toThrow(
      'did not answer in time',
    );
  });

  it('needs a proxy that is one', async () => {
    await expect(connected({ HTTPS_PROXY: 'socks5://proxy:1080' })).rejects.toThrow(
      'no way to the API server: HTTPS_PROXY names a socks5:// proxy, which is not supported',
    );
    await expect(connected({}, { 'proxy-url': 'socks5://proxy' })).rejects.toThrow(
      'proxy-url of cluster "one" names a socks5:// proxy',
    );
  });
});
