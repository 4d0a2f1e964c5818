import { describe, expect, it } from 'vitest';
import { addressIn, forbiddenAddresses } from '../../runner/address.ts';
import { forbiddenAddresses as ranges } from '../../src/api/text/forbidden-addresses.ts';
import { refusalOf } from '../../src/metrics-providers/address-policy.ts';

const isForbidden = forbiddenAddresses(['10.96.0.1', 'fd00::1']);

describe('a script does not come from', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '169.254.169.254',
    '100.100.100.200',
    '10.96.0.1',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    '168.63.129.16',
    '64:ff9b::168.63.129.16',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    'fd00::1',
  ])('%s', (address) => {
    expect(isForbidden(address)).toBe(true);
  });
});

describe('a script may come from', () => {
  it.each([
    '10.96.0.2',
    '192.168.1.1',
    '140.82.121.3',
    '128.0.0.1',
    '2606:50c0:8000::154',
    '::ffff:10.0.0.1',
    'fd00::2',
  ])('%s', (address) => {
    expect(isForbidden(address)).toBe(false);
  });
});

it.each([
  ['http://127.1/', '127.0.0.1'],
  ['http://0x7f000001/', '127.0.0.1'],
  ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
  ['http://localhost/', undefined],
])('the address in %s is %s', (url, want) => {
  expect(addressIn(new URL(url).hostname)).toBe(want);
});

describe('the one list of providers and downloads', () => {
  const policy = { allow: new Set<never>(), apiServers: [] };
  const networks = Object.values(ranges)
    .flat()
    .map((range) => range.replace(/\/\d+$/u, ''));
  const forms = networks.flatMap((network) =>
    network.includes(':') ? [network] : [network, `::ffff:${network}`, `64:ff9b::${network}`],
  );

  it.each(forms)('forbids both: %s', (address) => {
    expect(refusalOf(address, 80, policy)).toBeDefined();
    expect(isForbidden(address)).toBe(true);
  });
});
