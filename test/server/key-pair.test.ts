import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLocalCertificates } from '../../src/cli/certs.ts';
import { CertificateUnusable, keyPair } from '../../src/server/key-pair.ts';

const now = Date.UTC(2026, 10, 21);
let top: string;
let pem: { cert: string; key: string };

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'sluice-keys-'));
  const files = await writeLocalCertificates(top, { hosts: ['localhost'], now });
  pem = {
    cert: await readFile(files.certFile, 'utf8'),
    key: await readFile(files.keyFile, 'utf8'),
  };
});
afterAll(() => rm(top, { recursive: true }));

describe('a certificate and its key', () => {
  test('are ready to be served', () => {
    const pair = keyPair(pem, now);
    expect(pair.serialNumber).toBe(new X509Certificate(pem.cert).serialNumber);
    expect(pair.validUntil).toBe(now + 365 * 86_400_000);
    expect(() => createSecureContext({ cert: pair.cert, key: pair.key })).not.toThrow();
  });

  test('are read when the key is SEC1 labelled PRIVATE KEY, as Keptn’s cert-manager writes it', () => {
    const sec1 = createPrivateKey(pem.key).export({ format: 'pem', type: 'sec1' }).toString();
    const mislabelled = sec1.replaceAll('EC PRIVATE KEY', 'PRIVATE KEY');
    expect(() => createSecureContext({ cert: pem.cert, key: mislabelled })).toThrow(/unsupported/);
    const pair = keyPair({ cert: pem.cert, key: mislabelled }, now);
    expect(() => createSecureContext({ cert: pair.cert, key: pair.key })).not.toThrow();
    expect(() => keyPair({ cert: pem.cert, key: sec1 }, now)).not.toThrow();
  });

  test.each([
    ['not yet valid', () => keyPair(pem, now - 7 * 86_400_000), /not valid before/],
    ['expired', () => keyPair(pem, now + 366 * 86_400_000), /has expired/],
    [
      'cut off',
      () => keyPair({ ...pem, cert: pem.cert.slice(0, -60) }, now),
      /certificate cannot be read/,
    ],
    ['empty', () => keyPair({ cert: '', key: '' }, now), /certificate cannot be read/],
    [
      'with a cut-off key',
      () => keyPair({ ...pem, key: pem.key.slice(0, -60) }, now),
      /key cannot be read/,
    ],
    [
      'with a cut-off chain',
      () => keyPair({ ...pem, cert: `${pem.cert}\n${pem.cert.slice(0, -60)}` }, now),
      /chain cannot be read/,
    ],
    [
      'with another key',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
        return keyPair({ ...pem, key }, now);
      },
      /not the one of the certificate/,
    ],
  ])('are refused when %s', (_what, read, message) => {
    expect(read).toThrow(CertificateUnusable);
    expect(read).toThrow(message);
  });
});
