import { afterEach, beforeEach, expect, test } from 'vitest';
import { MetricsAddressTaken, type Prometheus, servePrometheus } from './prometheus.ts';

interface Answer {
  readonly status: string;
  readonly errorType?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

let prometheus: Prometheus;

beforeEach(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 8 });
});
afterEach(() => prometheus.close());

const get = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${prometheus.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Answer };
};

test('any query is answered with the usual value, as an instant vector', async () => {
  const { status, body } = await get('/api/v1/query?query=up&time=1700000000');
  expect(status).toBe(200);
  expect(body).toEqual({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: {}, value: [1_700_000_000, '8'] }] },
  });
});

test('a query can be sent as a form, as Prometheus clients do', async () => {
  const form = new URLSearchParams({ query: 'sum(up)' });
  expect((await get('/api/v1/query', { method: 'POST', body: form })).status).toBe(200);
  expect(prometheus.queries).toEqual(['sum(up)']);
});

test('a range query is answered with one value per step', async () => {
  const { body } = await get('/api/v1/query_range?query=up&start=100&end=160&step=30s');
  expect(body.data).toEqual({
    resultType: 'matrix',
    result: [
      {
        metric: {},
        values: [
          [100, '8'],
          [130, '8'],
          [160, '8'],
        ],
      },
    ],
  });
});

test('values can be set for one query and for all others, from inside and by HTTP', async () => {
  prometheus.answer(1, 'special');
  await get('/value', { method: 'PUT', body: '2' });
  const valueOf = async (query: string) =>
    (await get(`/api/v1/query?query=${query}`)).body.data?.result[0]?.value[1];
  expect([await valueOf('special'), await valueOf('other')]).toEqual(['1', '2']);
});

test('what Prometheus refuses is refused in its words', async () => {
  expect(await get('/api/v1/query')).toMatchObject({
    status: 400,
    body: { status: 'error', errorType: 'bad_data' },
  });
  expect((await get('/api/v1/query_range?query=up&start=5&end=1&step=1')).status).toBe(400);
  expect((await get('/api/v1/query_range?query=up&start=0&end=1e9&step=1')).status).toBe(400);
});

test('a taken address names the flag that chooses another', async () => {
  const port = Number(new URL(prometheus.url).port);
  const second = servePrometheus({ host: '127.0.0.1', port, value: 8 });
  await expect(second).rejects.toThrow(MetricsAddressTaken);
  await expect(second).rejects.toThrow(/--metrics-listen/u);
});
