import { describe, expect, test } from 'vitest';
import { ConfigInvalid } from '../../src/config/setting.ts';
import { configFrom } from '../../src/config/config.ts';

const otlpFrom = (env: Record<string, string>, flags: Record<string, string> = {}) =>
  configFrom({ flags: new Map(Object.entries(flags)), env }).otlp;

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    otlpFrom(env);
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
};

test('nothing given exports nothing, under Keptn’s service name if a KeptnConfig names a collector', () => {
  expect(otlpFrom({})).toEqual({
    endpoint: undefined,
    tracesEndpoint: undefined,
    protocol: undefined,
    headers: {},
    certificate: undefined,
    clientCertificate: undefined,
    clientKey: undefined,
    insecure: true,
    timeoutMs: 10_000,
    resource: { 'service.name': 'lifecycle-operator' },
  });
});

test('OpenTelemetry’s own variables are read, and a flag wins over them', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/v1/traces',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20s3cr3t, x-tenant = shop',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
  };
  expect(otlpFrom(env, { 'otlp-timeout': '100' })).toMatchObject({
    endpoint: 'https://collector.example:4318',
    tracesEndpoint: 'https://traces.example/v1/traces',
    protocol: 'http/json',
    headers: { authorization: 'Bearer s3cr3t', 'x-tenant': 'shop' },
    timeoutMs: 100,
  });
});

test('OTEL_SERVICE_NAME goes before a name among the attributes, which goes before Keptn’s', () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,deployment.environment.name=dev' };
  expect(otlpFrom(attributes).resource).toEqual({
    'service.name': 'a',
    'deployment.environment.name': 'dev',
  });
  expect(otlpFrom({ ...attributes, OTEL_SERVICE_NAME: 'b' }).resource['service.name']).toBe('b');
});

describe('a collector without a scheme is reached', () => {
  test.each([
    ['without TLS, as in Keptn', {}, true],
    [
      'with TLS where a certificate for it is given',
      { OTEL_EXPORTER_OTLP_CERTIFICATE: 'ca.crt' },
      false,
    ],
    ['with TLS where that is asked for', { OTEL_EXPORTER_OTLP_INSECURE: 'false' }, false],
    [
      'without TLS where that is asked for',
      { OTEL_EXPORTER_OTLP_INSECURE: 'true', OTEL_EXPORTER_OTLP_CERTIFICATE: 'ca.crt' },
      true,
    ],
  ])('%s', (_, env, insecure) => {
    expect(otlpFrom(env).insecure).toBe(insecure);
  });
});

describe('what cannot be used is named, and never a secret with it:', () => {
  test.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://collector' },
      'OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://collector", expected host:port for OTLP over gRPC, or an http:// or https:// URL',
    ],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'udp' },
      'OTEL_EXPORTER_OTLP_PROTOCOL: "udp", expected one of grpc, http/protobuf, http/json',
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 's3cr3t' },
      'OTEL_EXPORTER_OTLP_HEADERS: "(not shown)", expected pairs such as key=value,other=value, values percent-encoded; names and values that a header may have',
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'a key=s3cr3t' },
      'OTEL_EXPORTER_OTLP_HEADERS: "(not shown)", expected pairs such as key=value,other=value, values percent-encoded; names and values that a header may have',
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'key=s3cr3t%0Aother' },
      'OTEL_EXPORTER_OTLP_HEADERS: "(not shown)", expected pairs such as key=value,other=value, values percent-encoded; names and values that a header may have',
    ],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'a=%ZZ' },
      'OTEL_RESOURCE_ATTRIBUTES: "a=%ZZ", expected pairs such as key=value,other=value, values percent-encoded',
    ],
    [
      { OTEL_EXPORTER_OTLP_TIMEOUT: '10s' },
      'OTEL_EXPORTER_OTLP_TIMEOUT: "10s", expected a whole number from 1 to 600000',
    ],
    [
      { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: 'tls.crt' },
      '--otlp-client-key: "", expected a file, because --otlp-client-certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE) is given',
    ],
    [
      { OTEL_EXPORTER_OTLP_CLIENT_KEY: 'tls.key' },
      '--otlp-client-certificate: "", expected a file, because --otlp-client-key (OTEL_EXPORTER_OTLP_CLIENT_KEY) is given',
    ],
  ])('%j', (env, problem) => {
    expect(problemsOf({ ...env })).toEqual([`  ${problem}`]);
  });
});
