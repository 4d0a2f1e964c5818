import { describe, expect, test } from 'vitest';
import {
  type AddressPolicy,
  AddressRefused,
  providerUrl,
  refusalOf,
  vettedLookup,
} from '../../src/metrics-providers/address-policy.ts';

const strict: AddressPolicy = {
  allow: new Set(),
  apiServers: [
    { address: '10.96.0.1', port: 443 },
    { address: 'fd00::1', port: 6443 },
  ],
};
const withLoopback: AddressPolicy = { ...strict, allow: new Set(['loopback']) };

describe('refusalOf', () => {
  test.each([
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
  ])('%s is loopback', (address) => {
    expect(refusalOf(address, 9090, strict)).toContain('loopback');
    expect(refusalOf(address, 9090, withLoopback)).toBeUndefined();
  });

  test.each(['169.254.169.254', 'fe80::1', 'febf::1', '::ffff:169.254.0.1', '64:ff9b::a9fe:a9fe'])(
    '%s is link-local, also where loopback is allowed',
    (address) => {
      expect(refusalOf(address, 80, strict)).toContain('link-local');
      expect(refusalOf(address, 80, withLoopback)).toContain('link-local');
    },
  );

  test.each([
    ['EC2', 'fd00:ec2::254'],
    ['Azure', '168.63.129.16'],
    ['Azure, behind NAT64', '64:ff9b::a83f:8110'],
    ['Alibaba', '100.100.100.200'],
    ['Google', 'fd20:ce::254'],
    ['Oracle', 'fd00:c1::a9fe:a9fe'],
  ])('the metadata service of %s is refused', (_cloud, address) => {
    expect(refusalOf(address, 80, withLoopback)).toContain('metadata service');
  });

  test.each(['10.0.0.5', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd00::5'])(
    '%s is allowed',
    (address) => {
      expect(refusalOf(address, 9090, strict)).toBeUndefined();
    },
  );

  test('the API server is known by address and port, however the address is written', () => {
    expect(refusalOf('10.96.0.1', 443, strict)).toContain('API server');
    expect(refusalOf('::ffff:10.96.0.1', 443, strict)).toContain('API server');
    expect(refusalOf('fd00:0:0::1', 6443, strict)).toContain('API server');
    expect(refusalOf('10.96.0.1', 9090, strict)).toBeUndefined();
    expect(
      refusalOf('10.96.0.1', 443, { ...strict, allow: new Set(['api-server']) }),
    ).toBeUndefined();
  });
});

describe('providerUrl', () => {
  test.each([
    'http://127.0.0.1:9090',
    'http://[::1]:9090',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://169.254.169.254/latest',
    'https://10.96.0.1',
    'ftp://prometheus',
    'file:///etc/passwd',
    'prometheus:9090',
    'not a url',
    '',
  ])('refuses %j', (url) => {
    expect(() => providerUrl(url, strict)).toThrow(AddressRefused);
  });

  test('narrowed by a list of hosts, refuses every other, and what is forbidden anyway', () => {
    const hosts = ['prometheus.monitoring', '*.example.com', '127.0.0.1'];
    const listed: AddressPolicy = { ...strict, allowedHosts: () => hosts };
    expect(providerUrl('http://prometheus.monitoring:9090', listed).port).toBe('9090');
    expect(providerUrl('https://thanos.example.com', listed).hostname).toBe('thanos.example.com');
    expect(() => providerUrl('http://prometheus.bank:9090', listed)).toThrow(
      'prometheus.bank is not allowed: it is not among allowedHosts of the KeptnConfig',
    );
    expect(() => providerUrl('http://127.0.0.1:9090', listed)).toThrow('loopback');
    expect(
      providerUrl('http://any:9090', { ...strict, allowedHosts: () => undefined }).hostname,
    ).toBe('any');
  });

  test('accepts names, private addresses and paths', () => {
    expect(providerUrl('http://prometheus.monitoring:9090/p', strict).pathname).toBe('/p');
    expect(providerUrl('https://10.0.0.5:9090', strict).port).toBe('9090');
  });
});

describe('vettedLookup', () => {
  const addressOf = (url: string, policy: AddressPolicy) =>
    new Promise((resolve) => {
      vettedLookup(new URL(url), policy)('localhost', { all: true }, (error, addresses) =>
        resolve(error ?? addresses),
      );
    });

  test('refuses a name that leads to a refused address', async () => {
    const answer = await addressOf('http://localhost:9090', strict);
    expect(answer).toBeInstanceOf(AddressRefused);
    expect(String(answer)).toContain('localhost is not allowed');
  });

  test('answers with the addresses it has looked at', async () => {
    const answer = await addressOf('http://localhost:9090', withLoopback);
    expect(answer).toContainEqual({ address: '127.0.0.1', family: 4 });
  });

  test('resolves a name when its turn has come, and gives the turn back with the answer', async () => {
    const turns: (() => Promise<void>)[] = [];
    const lookup = vettedLookup(new URL('http://localhost:9090'), withLoopback, (begin) =>
      turns.push(begin),
    );
    const answers: unknown[] = [];
    lookup('localhost', { all: true }, (error, addresses) => answers.push(error ?? addresses));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
    await turns[0]?.();
    expect(answers).toEqual([expect.arrayContaining([{ address: '127.0.0.1', family: 4 }])]);
  });
});
