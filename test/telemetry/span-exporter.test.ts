import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpanRecord } from '../../src/api/span.ts';
import type { OtlpSettings } from '../../src/telemetry/otlp-settings.ts';
import { openSpanExporter } from '../../src/telemetry/span-exporter.ts';
import { type OtlpReceiver, receiveOtlp } from '../support/traces/otlp-receiver.ts';

const startMs = Date.UTC(2026, 0, 1);
const span: SpanRecord = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parent: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: 'a'.repeat(16) },
  scope: 'keptn/lifecycle-operator/appversion',
  name: 'AppDeploy',
  startMs,
  endMs: startMs + 1_234,
  attributes: { 'keptn.deployment.app.name': 'shop', team: 'Grüße', empty: '' },
  events: [{ name: 'App Deployment has failed', atMs: startMs + 1_234 }],
  links: [
    {
      traceId: 'b'.repeat(32),
      spanId: 'c'.repeat(16),
      attributes: { 'opentracing.ref_type': 'follows-from' },
    },
  ],
  outcome: 'error',
  description: 'Failed',
};
const root: SpanRecord = {
  traceId: span.traceId,
  spanId: 'a'.repeat(16),
  scope: 'keptn/lifecycle-operator/workloadversion',
  name: 'shop-1',
  startMs,
  endMs: startMs,
  attributes: {},
  events: [],
  links: [],
  outcome: 'ok',
};

const never = new AbortController().signal;
const protocols = ['grpc', 'http/protobuf', 'http/json'] as const;

function settingsFor(
  { port }: Pick<OtlpReceiver, 'port'>,
  given: Partial<OtlpSettings> & Pick<OtlpSettings, 'protocol'>,
): OtlpSettings {
  const { protocol, secure = false } = given;
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/v1/traces`;
  return {
    address: protocol === 'grpc' ? `127.0.0.1:${port}` : url,
    secure,
    headers: {},
    timeoutMs: 5_000,
    resource: { 'service.name': 'lifecycle-operator', 'service.version': '1.2.3' },
    ...given,
  };
}

const receiverFor = (protocol: OtlpSettings['protocol'], more = {}) =>
  receiveOtlp({ protocol: protocol === 'grpc' ? 'grpc' : 'http', ...more });

describe.each(protocols)('over %s', (protocol) => {
  test('spans arrive as they were built, with kind CONSUMER and the resource', async () => {
    await using receiver = await receiverFor(protocol);
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol }));
    expect(await exporter.export([span, root], never)).toBeUndefined();
    await exporter.close();
    const resource = receiver.spans[0]?.resource;
    expect(resource).toMatchObject({
      'service.name': 'lifecycle-operator',
      'service.version': '1.2.3',
      'telemetry.sdk.language': 'nodejs',
    });
    expect(receiver.spans).toEqual([
      {
        resource,
        scope: span.scope,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: 'a'.repeat(16),
        name: 'AppDeploy',
        kind: 5,
        startMs,
        endMs: startMs + 1_234,
        attributes: span.attributes,
        events: span.events,
        links: span.links,
        status: { code: 'error', message: 'Failed' },
      },
      expect.objectContaining({
        scope: root.scope,
        parentSpanId: '',
        name: 'shop-1',
        status: { code: 'ok', message: '' },
      }),
    ]);
  });

  test('headers go with every request', async () => {
    await using receiver = await receiverFor(protocol);
    const headers = { authorization: 'Bearer s3cr3t', 'x-tenant': 'shop' };
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol, headers }));
    await exporter.export([span], never);
    await exporter.export([root], never);
    await exporter.close();
    expect(receiver.requests.map((request) => request.headers)).toEqual([
      expect.objectContaining(headers),
      expect.objectContaining(headers),
    ]);
  });

  test('a collector that keeps spans out is quoted, and the others count as accepted', async () => {
    await using receiver = await receiverFor(protocol);
    receiver.answer = () => ({ keptOut: 1, message: 'too old' });
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol }));
    expect(await exporter.export([span], never)).toBe('1 spans kept out: too old');
    await exporter.close();
  });

  test('what can never be accepted is told from what may be another time', async () => {
    await using receiver = await receiverFor(protocol);
    const [invalid, unavailable, forbidden] = protocol === 'grpc' ? [3, 14, 7] : [400, 503, 403];
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol }));
    receiver.answer = () => ({ status: invalid });
    await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'SpansRejected' });
    for (const status of [unavailable, forbidden]) {
      receiver.answer = () => ({ status });
      await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'RequestFailed' });
    }
    receiver.answer = () => 'accept';
    await exporter.export([span], never);
    await exporter.close();
  });

  test('a message that is too large is to be sent in parts', async () => {
    await using receiver = await receiverFor(protocol);
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol }));
    receiver.answer = () =>
      protocol === 'grpc'
        ? { status: 8, details: 'grpc: received message larger than max (5000000 vs. 4194304)' }
        : { status: 413, isForeign: true };
    await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'SpansRejected' });
    await exporter.close();
  });

  test('a collector that is not there, or does not answer in time, is a failure in words', async () => {
    const gone = await receiverFor(protocol);
    await gone[Symbol.asyncDispose]();
    const absent = await openSpanExporter(settingsFor(gone, { protocol, timeoutMs: 2_000 }));
    await expect(absent.export([span], never)).rejects.toThrow(/ECONNREFUSED|connect/u);
    await absent.close();

    await using silent = await receiverFor(protocol);
    silent.answer = () => 'hang';
    const exporter = await openSpanExporter(settingsFor(silent, { protocol, timeoutMs: 50 }));
    await expect(exporter.export([span], never)).rejects.toThrow(/DEADLINE|timeout/iu);
    await exporter.close();
  });

  test('an export that is not waited for any longer ends at once', async () => {
    await using silent = await receiverFor(protocol);
    const stop = new AbortController();
    silent.answer = () => {
      stop.abort(new Error('stopping'));
      return 'hang';
    };
    const exporter = await openSpanExporter(settingsFor(silent, { protocol }));
    await expect(exporter.export([span], stop.signal)).rejects.toThrow(/stopping|cancel/iu);
    await exporter.close();
  });
});

test.each(['http/protobuf', 'http/json'] as const)(
  'over %s a 400 of what is no collector says nothing of the spans, unless it has taken some before',
  async (protocol) => {
    await using receiver = await receiverFor(protocol);
    const exporter = await openSpanExporter(settingsFor(receiver, { protocol }));
    const foreign = { status: 400, isForeign: true };
    receiver.answer = () => foreign;
    await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'RequestFailed' });
    receiver.answer = () => 'accept';
    await exporter.export([span], never);
    receiver.answer = () => foreign;
    await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'SpansRejected' });
    await exporter.close();
  },
);

describe('over TLS', () => {
  let directory: string;
  let tls: { readonly key: string; readonly cert: string; readonly ca: string };
  let files: Required<Pick<OtlpSettings, 'caFile' | 'certFile' | 'keyFile'>>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-otlp-'));
    const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
    const authority = await generate([{ name: 'commonName', value: 'test CA' }], {
      ...common,
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    const issue = (name: string) =>
      generate([{ name: 'commonName', value: name }], {
        ...common,
        ca: { key: authority.private, cert: authority.cert },
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
      });
    const [server, client] = await Promise.all([issue('collector'), issue('sluice')]);
    tls = { key: server.private, cert: server.cert, ca: authority.cert };
    files = {
      caFile: join(directory, 'ca.crt'),
      certFile: join(directory, 'client.crt'),
      keyFile: join(directory, 'client.key'),
    };
    await writeFile(files.caFile, authority.cert);
    await writeFile(files.certFile, client.cert);
    await writeFile(files.keyFile, client.private);
  });
  afterAll(() => rm(directory, { recursive: true }));

  describe.each(protocols)('%s', (protocol) => {
    test('a collector is reached with the authority that signed its certificate', async () => {
      await using receiver = await receiverFor(protocol, { tls: { key: tls.key, cert: tls.cert } });
      const { caFile } = files;
      const settings = settingsFor(receiver, { protocol, secure: true, caFile });
      const exporter = await openSpanExporter(settings);
      await exporter.export([span], never);
      await exporter.close();
      expect(receiver.spans).toHaveLength(1);
    });

    test('a collector that asks for it is shown the client’s certificate', async () => {
      await using receiver = await receiverFor(protocol, { tls });
      const settings = settingsFor(receiver, { protocol, secure: true, ...files });
      const exporter = await openSpanExporter(settings);
      await exporter.export([span], never);
      await exporter.close();
      expect(receiver.spans).toHaveLength(1);
    });

    test('a collector whose certificate nobody trusted has signed gets nothing', async () => {
      await using receiver = await receiverFor(protocol, { tls: { key: tls.key, cert: tls.cert } });
      const settings = settingsFor(receiver, { protocol, secure: true, timeoutMs: 2_000 });
      const exporter = await openSpanExporter(settings);
      await expect(exporter.export([span], never)).rejects.toMatchObject({ name: 'RequestFailed' });
      await exporter.close();
      expect(receiver.requests).toEqual([]);
    });
  });

  test('a file that cannot be read is named, with what it is for', async () => {
    const settings = settingsFor({ port: 1 }, { protocol: 'grpc', secure: true });
    const caFile = join(directory, 'missing.crt');
    await expect(openSpanExporter({ ...settings, caFile })).rejects.toThrow(
      `the certificate of its authority for the collector cannot be read from ${caFile}`,
    );
  });
});
