import { rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, test, vi } from 'vitest';
import type { SpanRecord } from '../../src/api/span.ts';
import { proxyAt } from '../../src/runtime/proxy.ts';
import { openSpanExporter } from '../../src/telemetry/span-exporter.ts';
import { ConnectProxy } from '../support/api-server/connect-proxy.ts';
import { receiveOtlp } from '../support/traces/otlp-receiver.ts';

const never = new AbortController().signal;
const span: SpanRecord = {
  traceId: 'b'.repeat(32),
  spanId: 'a'.repeat(16),
  scope: 'keptn/lifecycle-operator/workloadversion',
  name: 'shop-1',
  startMs: 1,
  endMs: 2,
  attributes: {},
  events: [],
  links: [],
  outcome: 'ok',
};
const settings = { protocol: 'http/json', headers: {}, timeoutMs: 5_000, resource: {} } as const;
const plain = { address: 'http://collector.example:4318/v1/traces', secure: false } as const;

test('spans reach a collector that only the proxy can resolve', async () => {
  await using receiver = await receiveOtlp({ protocol: 'http' });
  await using way = await ConnectProxy.to(receiver.port);
  const proxy = proxyAt(way.urlFor('127.0.0.1', 'ada:secret@'), 'HTTP_PROXY');
  const exporter = await openSpanExporter({ ...settings, ...plain, proxy });
  await exporter.export([span], never);
  await exporter.close();
  expect(way.asked).toEqual([`POST ${plain.address}`]);
  expect(way.authorizations).toEqual([`Basic ${btoa('ada:secret')}`]);
  expect(receiver.spans).toHaveLength(1);
});

test('over TLS the proxy makes a tunnel, and the collector’s certificate is checked', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'collector' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'collector.example' }] }],
  });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-otlp-proxy-'));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, cert);
  await using receiver = await receiveOtlp({ protocol: 'http', tls: { key, cert } });
  await using way = await ConnectProxy.to(receiver.port);
  const proxy = proxyAt(way.url, 'HTTPS_PROXY');
  const secure = { ...settings, secure: true, proxy, caFile };
  const address = 'https://collector.example:4318/v1/traces';
  const exporter = await openSpanExporter({ ...secure, address });
  await exporter.export([span], never);
  await exporter.close();
  const other = await openSpanExporter({ ...secure, address: 'https://other.example/v1/traces' });
  await expect(other.export([span], never)).rejects.toThrow(/altnames/u);
  await other.close();
  await rm(directory, { recursive: true });
  expect(way.asked).toEqual(['CONNECT collector.example:4318', 'CONNECT other.example:443']);
  expect(receiver.spans).toHaveLength(1);
});

test('a proxy that refuses or hangs is named, without its password', async () => {
  await using receiver = await receiveOtlp({ protocol: 'http' });
  await using way = await ConnectProxy.to(receiver.port);
  const proxy = proxyAt(way.urlFor('127.0.0.1', 'ada:secret@'), 'HTTPS_PROXY');
  const address = 'https://collector.example/v1/traces';
  const options = { ...settings, address, secure: true, proxy };
  const named = `the collector was not reached through the proxy ${way.url} (HTTPS_PROXY): `;
  way.verdict = 407;
  const refused = await openSpanExporter(options);
  await expect(refused.export([span], never)).rejects.toThrow(named);
  await expect(refused.export([span], never)).rejects.toThrow(/407/u);
  await expect(refused.export([span], never)).rejects.not.toThrow(/secret/u);
  await refused.close();
  way.verdict = 'hang';
  const silent = await openSpanExporter({ ...options, timeoutMs: 50 });
  await expect(silent.export([span], never)).rejects.toThrow(named);
  way.verdict = 503;
  // The tunnel that hung is given up, and a new one is asked for.
  await vi.waitFor(() => expect(silent.export([span], never)).rejects.toThrow(/503/u));
  await silent.close();
});
