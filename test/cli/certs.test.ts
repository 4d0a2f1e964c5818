import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certsCommand, localHosts, writeLocalCertificates } from '../../src/cli/certs.ts';

const now = Date.UTC(2026, 10, 21);
const dayMs = 86_400_000;
let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'sluice-certs-'));
});
afterEach(() => rm(top, { recursive: true }));

const hosts = localHosts('keptn-system');
const write = (wanted = { hosts, now }) => writeLocalCertificates(join(top, 'certs'), wanted);
const certificateIn = async (file: string) => new X509Certificate(await readFile(file));

describe('local certificates', () => {
  test('are what the API server accepts: P-256, SHA-256, names and addresses as alternative names', async () => {
    const { certFile, caFile, keyFile, ca } = await write();
    const [leaf, authority] = [await certificateIn(certFile), await certificateIn(caFile)];
    expect(await readFile(caFile, 'utf8')).toBe(ca);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect([authority.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.checkPrivateKey(createPrivateKey(await readFile(keyFile)))).toBe(true);
    expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    // Both signatures say ecdsa-with-SHA256 (1.2.840.10045.4.3.2).
    for (const { raw } of [leaf, authority]) {
      expect(raw.includes(Buffer.from('2a8648ce3d040302', 'hex'))).toBe(true);
    }
    expect(leaf.checkHost('sluice.keptn-system.svc')).toBeDefined();
    expect(leaf.checkHost('sluice-conversion.keptn-system.svc')).toBeDefined();
    expect(leaf.checkHost('localhost')).toBeDefined();
    expect(leaf.checkIP('127.0.0.1')).toBeDefined();
  });

  test('can be read by their owner only', async () => {
    const { certFile, caFile, keyFile } = await write();
    for (const file of [certFile, caFile, keyFile]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  test('are kept as long as they are good', async () => {
    const first = await write();
    const again = await write({ hosts: hosts.slice(0, 2), now: now + 300 * dayMs });
    expect([first.isNew, again.isNew]).toEqual([true, false]);
    expect(again.ca).toBe(first.ca);
  });

  test('are made anew when they are about to end', async () => {
    await write();
    expect((await write({ hosts, now: now + 340 * dayMs })).isNew).toBe(true);
  });

  test('are made anew for another host', async () => {
    await write();
    expect((await write({ hosts: ['other.example'], now })).isNew).toBe(true);
  });

  test('are made anew when a file is missing, broken or does not fit', async () => {
    const { keyFile, caFile } = await write();
    await rm(keyFile);
    expect((await write()).isNew).toBe(true);
    await writeFile(caFile, 'broken');
    expect((await write()).isNew).toBe(true);
    const other = await writeLocalCertificates(join(top, 'other'), { hosts, now });
    await writeFile(keyFile, await readFile(other.keyFile));
    expect((await write()).isNew).toBe(true);
  });
});

describe('sluice certs', () => {
  test('says what it did', async () => {
    const lines: string[] = [];
    const run = () =>
      certsCommand({ now: () => now, print: (line) => lines.push(line) }).parseAsync(
        ['--directory', join(top, 'here'), '--host', 'a.example', 'b.example'],
        { from: 'user' },
      );
    await run();
    await run();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^wrote .*tls\.crt for localhost, .*, a\.example, b\.example$/);
    expect(lines[1]).toMatch(/^kept /);
    expect(
      (await certificateIn(join(top, 'here', 'tls.crt'))).checkHost('b.example'),
    ).toBeDefined();
  });
});
