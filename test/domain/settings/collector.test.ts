import { describe, expect, test } from 'vitest';
import { collectorAt, collectorProblem } from '../../../src/domain/settings/collector-address.ts';
import { collectorFor } from '../../../src/domain/settings/collector.ts';
import { decideConfig } from '../../../src/domain/settings/keptn-config.ts';
import { aConfig } from '../../support/builders/builders.ts';
import { now } from '../../support/observed/lifecycle-seen.ts';

describe('an address', () => {
  const grpc = (address: string, secure = false) => ({ protocol: 'grpc', address, secure });
  const http = (address: string, secure = false) => ({
    protocol: 'http/protobuf',
    address,
    secure,
  });

  test.each([
    ['collector:4317', {}, grpc('collector:4317')],
    ['collector', {}, grpc('collector:4317')],
    ['collector:80', {}, grpc('collector:80')],
    ['[::1]:4317', {}, grpc('[::1]:4317')],
    ['10.0.0.7:55680', {}, grpc('10.0.0.7:55680')],
    ['collector:4317', { insecure: false }, grpc('collector:4317', true)],
    ['http://collector:4317', { protocol: 'grpc' }, grpc('collector:4317')],
    ['https://collector', { protocol: 'grpc' }, grpc('collector:443', true)],
    ['http://collector:4318', {}, http('http://collector:4318/v1/traces')],
    ['https://c.example/otlp/', {}, http('https://c.example/otlp/v1/traces', true)],
    ['https://c.example/v1/traces', {}, http('https://c.example/v1/traces', true)],
    ['collector', { protocol: 'http/protobuf' }, http('http://collector:4318/v1/traces')],
    ['collector:80', { protocol: 'http/protobuf' }, http('http://collector/v1/traces')],
  ] as const)('%s with %j is %j', (text, settings, address) => {
    expect(collectorAt(text, settings)).toEqual(address);
  });

  test('for traces alone is used as it is', () => {
    expect(collectorAt('https://c.example/spans', {}, 'asItIs').address).toBe(
      'https://c.example/spans',
    );
  });

  test.each(['ftp://collector', 'not an address', 'http://'])('%s is none', (text) => {
    expect(collectorProblem(text)).toContain('host:port for OTLP over gRPC');
  });

  test.each([undefined, '', '  '])('%j is no problem: nothing is traced', (text) => {
    expect(collectorProblem(text)).toBeUndefined();
  });
});

describe('spans go', () => {
  const own = aConfig({
    metadata: { namespace: 'keptn-system' },
    spec: { OTelCollectorUrl: 'collector:4317' },
  });
  const elsewhere = aConfig({
    metadata: { namespace: 'shop' },
    spec: { OTelCollectorUrl: 'elsewhere:4317' },
  });
  const at = (configs: Parameters<typeof collectorFor>[0], given = {}) =>
    collectorFor(configs, 'keptn-system', given);

  test('nowhere, if nobody names a collector', () => {
    expect(at([])).toBeUndefined();
    expect(at([aConfig({ metadata: { namespace: 'keptn-system' } })])).toBeUndefined();
  });

  test('where the ruling KeptnConfig says, before what the process was given', () => {
    const given = { endpoint: 'given:4317' };
    expect(at([elsewhere, own], given)).toMatchObject({ address: 'collector:4317' });
    expect(at([], given)).toMatchObject({ address: 'given:4317' });
  });

  test('never where a KeptnConfig of another namespace says', () => {
    expect(at([elsewhere])).toBeUndefined();
    expect(at([elsewhere], { endpoint: 'given:4317' })).toMatchObject({ address: 'given:4317' });
  });

  test('to the address for traces rather than the one for everything', () => {
    const given = { endpoint: 'http://all', tracesEndpoint: 'http://traces/x' };
    expect(at([], given)).toMatchObject({ address: 'http://traces/x' });
  });

  test('nowhere, if the ruling KeptnConfig names what is no address; and it says so', () => {
    const config = aConfig({
      metadata: { namespace: 'keptn-system' },
      spec: { OTelCollectorUrl: 'ftp://collector' },
    });
    expect(at([config], { endpoint: 'given:4317' })).toBeUndefined();
    const plan = decideConfig({
      now,
      config,
      configs: [config],
      operatorNamespace: 'keptn-system',
    });
    const ready = {
      type: 'Ready',
      status: 'False',
      reason: 'CollectorInvalid',
      message:
        'spec.OTelCollectorUrl: "ftp://collector" is no address of a collector: the scheme ftp: is none of OTLP; ' +
        'write host:port for OTLP over gRPC, or an http:// or https:// URL. Nothing is traced.',
    };
    const conditions: unknown = expect.arrayContaining([expect.objectContaining(ready)]);
    expect(plan.status?.to).toMatchObject({ conditions });
  });
});
