import { once } from 'node:events';
import { createServer } from 'node:http';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import type { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import type { FetchLimits } from '../../src/metrics-providers/bounded-fetch.ts';
import type { MetricSource } from '../../src/controllers/loops/metric-query.ts';
import { MetricSources } from '../../src/metrics-providers/sources.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { proxyAt } from '../../src/runtime/proxy.ts';
import { ConnectProxy } from '../support/api-server/connect-proxy.ts';
import { FakePrometheus, matrix, vector } from './fake-prometheus.ts';

const now = 1_763_700_000_250;
const never = new AbortController().signal;
const secrets: Record<string, Record<string, string>> = {
  'shop/prometheus': { user: 'ada', password: 'pä:ss' },
  'shop/incomplete': { user: 'ada' },
};

const limits = { timeoutMs: 5_000, bodyBytes: 1024, allBodiesBytes: 4096, redirects: 0 };

const opened: MetricSources[] = [];
afterEach(() => {
  for (const sources of opened.splice(0)) sources.close();
});

function sourcesWith(
  options: { limits?: FetchLimits; allowLoopback?: boolean } = {},
): MetricSources {
  const sources = new MetricSources({
    policy: { allow: new Set(options.allowLoopback === false ? [] : ['loopback']), apiServers: [] },
    secrets: { read: (namespace, name) => Promise.resolve(secrets[`${namespace}/${name}`]) },
    clock: systemClock,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  opened.push(sources);
  // The shape that the controllers ask for.
  sources satisfies MetricSource;
  return sources;
}

function aProvider(
  targetServer: string,
  spec: Partial<KeptnMetricsProvider['spec']> = {},
): KeptnMetricsProvider {
  return {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'KeptnMetricsProvider',
    metadata: { name: 'provider', namespace: 'shop' },
    spec: { type: 'prometheus', targetServer, ...spec },
  };
}

describe('MetricSources', () => {
  test('a proxy is not used, which a failed connection says', async () => {
    await using proxy = await ConnectProxy.to(9);
    const sources = new MetricSources({
      policy: { allow: new Set(['loopback']), apiServers: [] },
      secrets: { read: () => Promise.resolve(undefined) },
      clock: systemClock,
      proxyFor: () => proxyAt(proxy.url, 'HTTP_PROXY'),
    });
    opened.push(sources);
    const query = { provider: aProvider('http://127.0.0.1:9'), query: 'up', now };
    await expect(sources.query(query, never)).rejects.toThrow(
      /ECONNREFUSED.* \(HTTP_PROXY is not used for metrics providers\)$/u,
    );
    expect(proxy.asked).toEqual([]);
  });

  test.each(['prometheus', 'thanos', 'cortex', 'Prometheus'])(
    '%s is asked for the value now',
    async (type) => {
      await using server = await new FakePrometheus(() => vector('4')).listen();
      const query = { provider: aProvider(server.url, { type }), query: 'sum(up{a="b"})', now };
      expect(await sourcesWith().query(query, never)).toEqual(['4']);
      expect(server.seen).toEqual([
        {
          method: 'POST',
          path: '/api/v1/query',
          parameters: { query: 'sum(up{a="b"})', time: '1763700000.25' },
          authorization: undefined,
        },
      ]);
    },
  );

  test('a window is asked for as one step as long as itself', async () => {
    await using server = await new FakePrometheus(() => matrix(['1', '2'])).listen();
    const query = {
      provider: aProvider(server.url),
      query: 'up',
      now,
      range: { intervalMs: 300_000 },
    };
    expect(await sourcesWith().query(query, never)).toEqual(['1', '2']);
    expect(server.seen[0]).toMatchObject({
      path: '/api/v1/query_range',
      parameters: { query: 'up', start: '1763699700.25', end: '1763700000.25', step: '300' },
    });
  });

  test('a window with a step is asked for in that step', async () => {
    await using server = await new FakePrometheus(() => matrix(['1'])).listen();
    const range = { intervalMs: 60_000, stepMs: 1_500 };
    await sourcesWith().query({ provider: aProvider(server.url), query: 'up', now, range }, never);
    expect(server.seen[0]?.parameters).toMatchObject({ step: '1.5' });
  });

  test.each([403, 405, 501])(
    'a server that answers POST with %i is asked by GET',
    async (status) => {
      await using server = await new FakePrometheus(({ method }) =>
        method === 'POST' ? { status, body: 'no' } : vector('7'),
      ).listen();
      const query = { provider: aProvider(`${server.url}/prefix/`), query: 'a b&c', now };
      expect(await sourcesWith().query(query, never)).toEqual(['7']);
      expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'POST /prefix/api/v1/query',
        'GET /prefix/api/v1/query',
      ]);
      expect(server.seen[1]?.parameters).toEqual(server.seen[0]?.parameters);
    },
  );

  test('user and password come from the Secret in the provider’s namespace', async () => {
    await using server = await new FakePrometheus(() => vector('1')).listen();
    const provider = aProvider(server.url, { secretKeyRef: { key: 'any', name: 'prometheus' } });
    await sourcesWith().query({ provider, query: 'up', now }, never);
    const want = Buffer.from('ada:pä:ss').toString('base64');
    expect(server.seen[0]?.authorization).toBe(`Basic ${want}`);
  });

  test('a Secret that is missing or lacks a key is an error, and nothing is asked', async () => {
    await using server = await new FakePrometheus(() => vector('1')).listen();
    const ask = (name: string, optional = false) =>
      sourcesWith().query(
        {
          provider: aProvider(server.url, { secretKeyRef: { key: 'k', name, optional } }),
          query: 'up',
          now,
        },
        never,
      );
    await expect(ask('incomplete')).rejects.toThrow(
      'secret key does not contain user and password',
    );
    await expect(ask('nowhere')).rejects.toThrow('the Secret shop/nowhere');
    expect(server.seen).toEqual([]);
    expect(await ask('nowhere', true)).toEqual(['1']);
    expect(await ask(' ')).toEqual(['1']);
  });

  test('an unknown type is not supported', async () => {
    const provider = aProvider('http://prometheus:9090', { type: 'prometheus-eu' });
    await expect(sourcesWith().query({ provider, query: 'up', now }, never)).rejects.toThrow(
      'provider prometheus-eu not supported',
    );
  });

  test('a loopback address is refused unless allowed, by address and by name', async () => {
    await using server = await new FakePrometheus(() => vector('1')).listen();
    const strict = sourcesWith({ allowLoopback: false });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      const provider = aProvider(`http://${host}:${server.port}`);
      await expect(strict.query({ provider, query: 'up', now }, never)).rejects.toThrow(
        'loopback address',
      );
    }
    expect(server.seen).toEqual([]);
  });

  test('a redirect within the host is followed with method and query', async () => {
    await using server = await new FakePrometheus(({ path }) =>
      path === '/api/v1/query' ? { status: 307, headers: { location: '/moved' } } : vector('1'),
    ).listen();
    const query = { provider: aProvider(server.url), query: 'up', now };
    expect(await sourcesWith().query(query, never)).toEqual(['1']);
    expect(server.seen[1]).toMatchObject({
      method: 'POST',
      path: '/moved',
      parameters: { query: 'up' },
    });
  });

  test('a redirect to another host is not followed', async () => {
    await using other = await new FakePrometheus(() => vector('1')).listen();
    await using server = await new FakePrometheus(() => ({
      status: 302,
      headers: { location: other.url },
    })).listen();
    const query = { provider: aProvider(server.url), query: 'up', now };
    await expect(sourcesWith().query(query, never)).rejects.toThrow('which is not followed');
    expect(other.seen).toEqual([]);
  });

  test('redirects in a circle end', async () => {
    await using server = await new FakePrometheus(() => ({
      status: 308,
      headers: { location: '/' },
    })).listen();
    const query = { provider: aProvider(server.url), query: 'up', now };
    await expect(sourcesWith().query(query, never)).rejects.toThrow('more than 3 redirects');
  });

  test('a server that does not answer is given up in time, named without its password', async () => {
    await using server = await new FakePrometheus(() => ({ silent: true })).listen();
    const sources = sourcesWith({ limits: { ...limits, timeoutMs: 30 } });
    const provider = aProvider(server.url.replace('//', '//ada:hidden@'));
    await expect(sources.query({ provider, query: 'up', now }, never)).rejects.toThrow(
      `${server.url}/api/v1/query: no answer within 0.03 s`,
    );
  });

  test('an answer longer than allowed is given up', async () => {
    await using server = await new FakePrometheus(() => ({ body: 'x'.repeat(4096) })).listen();
    const sources = sourcesWith({ limits });
    await expect(
      sources.query({ provider: aProvider(server.url), query: 'up', now }, never),
    ).rejects.toThrow('longer than 1024 bytes');
  });

  test('of answers that together take more memory than there is, the largest is given up and the small ones come', async () => {
    const hold = Promise.withResolvers<void>();
    const large = createServer((_, response) => void response.write('x'.repeat(900)));
    const small = createServer((_, response) => {
      void hold.promise.then(() => response.end(JSON.stringify(vector('4').body)));
      response.write(' '.repeat(200));
    });
    const urls = await Promise.all(
      [large, small].map(async (server) => {
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const address = server.address();
        return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
      }),
    );
    const sources = sourcesWith({ limits: { ...limits, allBodiesBytes: 1000 } });
    const [greedy, modest] = urls.map((url) =>
      sources.query({ provider: aProvider(url), query: 'up', now }, never),
    );
    await expect(greedy).rejects.toThrow(
      'the answers of all providers together are larger than 1000 bytes, and this one was the largest',
    );
    hold.resolve();
    await expect(modest).resolves.toEqual(['4']);
    for (const server of [large, small]) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a connection that is refused says so', async () => {
    const server = await new FakePrometheus(() => vector('1')).listen();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    await expect(
      sourcesWith().query({ provider: aProvider(url), query: 'up', now }, never),
    ).rejects.toThrow('ECONNREFUSED');
  });

  test('stopping ends a query that waits', async () => {
    await using server = await new FakePrometheus(() => {
      stop.abort(new Error('stopping'));
      return { silent: true };
    }).listen();
    const stop = new AbortController();
    const query = { provider: aProvider(server.url), query: 'up', now };
    await expect(sourcesWith().query(query, stop.signal)).rejects.toThrow('stopping');
  });

  test('a certificate nobody vouches for is refused unless the provider says otherwise', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      algorithm: 'sha256',
      keyType: 'ec',
    });
    await using server = await new FakePrometheus(() => vector('1'), { key, cert }).listen();
    const sources = sourcesWith();
    const ask = (insecureSkipTlsVerify: boolean) =>
      sources.query(
        { provider: aProvider(server.url, { insecureSkipTlsVerify }), query: 'up', now },
        never,
      );
    expect(await ask(true)).toEqual(['1']);
    await expect(ask(false)).rejects.toThrow('self-signed certificate');
  });
});
