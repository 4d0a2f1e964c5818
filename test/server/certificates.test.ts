import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeLocalCertificates } from '../../src/cli/certs.ts';
import { Certificates } from '../../src/server/certificates.ts';
import { CertificateUnusable, type KeyPair } from '../../src/server/key-pair.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

const dayMs = 86_400_000;
let top: string;
let opened: Certificates[] = [];

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'sluice-certificates-'));
});
afterEach(async () => {
  for (const certificates of opened) certificates.stop();
  opened = [];
  await rm(top, { recursive: true });
});

const issueIn = (directory: string, host: string, now = Date.now()) =>
  writeLocalCertificates(directory, { hosts: [host], now });

function certificatesIn(directory: string, clock = systemClock) {
  const log = new LogMemory();
  const files = { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
  const certificates = new Certificates(files, { clock, log });
  opened.push(certificates);
  return { certificates, log };
}

const nextPair = (certificates: Certificates) =>
  new Promise<KeyPair>((resolve) => void certificates.onChange(resolve));

describe('the serving certificate', () => {
  test('is read from its files', async () => {
    await issueIn(top, 'one');
    const { certificates } = certificatesIn(top);
    expect(certificates.problem()).toBe('no certificate has been read yet');
    const pair = await certificates.load();
    expect(certificates.current).toBe(pair);
    expect(certificates.problem()).toBeUndefined();
  });

  test('cannot be missing at the start, and the error names the file', async () => {
    const { certificates } = certificatesIn(top);
    await expect(certificates.load()).rejects.toThrow(CertificateUnusable);
    await expect(certificates.load()).rejects.toThrow(join(top, 'tls.crt'));
  });

  test('follows its files when they are replaced', async () => {
    await issueIn(top, 'one');
    const { certificates, log } = certificatesIn(top);
    const first = await certificates.load();
    certificates.follow();
    const changed = nextPair(certificates);
    await issueIn(top, 'two');
    expect((await changed).serialNumber).not.toBe(first.serialNumber);
    await expect
      .poll(() => log.lines.map(({ message }) => message))
      .toEqual(['serving a new certificate']);
  });

  test('follows the link of a mounted Secret when it is swapped', async () => {
    await issueIn(join(top, '..data-1'), 'one');
    await issueIn(join(top, '..data-2'), 'two');
    const mount = join(top, 'mount');
    await mkdir(mount);
    await symlink(join(top, '..data-1'), join(mount, '..data'));
    for (const file of ['tls.crt', 'tls.key'])
      await symlink(join('..data', file), join(mount, file));
    const { certificates } = certificatesIn(mount);
    const first = await certificates.load();
    certificates.follow();
    const changed = nextPair(certificates);
    await symlink(join(top, '..data-2'), join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    expect((await changed).serialNumber).not.toBe(first.serialNumber);
  });

  test('is polled where no watch says anything', async () => {
    const clock = new TestClock();
    await issueIn(top, 'one', clock.now());
    const { certificates } = certificatesIn(top, clock);
    await certificates.load();
    certificates.follow();
    const changed = nextPair(certificates);
    await issueIn(top, 'two', clock.now());
    // Only the clock moves: the events of the directory lead to a timer of the same clock, due much sooner.
    clock.advance(10_000);
    await changed;
  });

  test.each([
    ['half written', (text: string) => text.slice(0, 100)],
    ['empty', () => ''],
  ])('stays when the new one is %s, and that is reported once', async (_what, damage) => {
    const clock = new TestClock();
    const { certFile } = await issueIn(top, 'one', clock.now());
    const { certificates, log } = certificatesIn(top, clock);
    const first = await certificates.load();
    certificates.follow();
    await writeFile(certFile, damage(first.cert));
    for (let poll = 0; poll < 3; poll += 1) {
      clock.advance(10_000);
      await expect.poll(() => certificates.refused).toMatch(/certificate cannot be read/);
    }
    expect(certificates.current).toBe(first);
    expect(certificates.problem()).toBeUndefined();
    expect(log.lines).toMatchObject([
      { level: 'warn', message: 'the new certificate cannot be served; the old one stays' },
    ]);
  });

  test('is not given up for an expired one', async () => {
    const clock = new TestClock();
    const { certFile, keyFile } = await issueIn(top, 'one', clock.now());
    const { certificates } = certificatesIn(top, clock);
    const first = await certificates.load();
    const old = await issueIn(join(top, 'old'), 'old', clock.now() - 400 * dayMs);
    await rename(old.certFile, certFile);
    await rename(old.keyFile, keyFile);
    await expect(certificates.load()).rejects.toThrow(/has expired/);
    expect(certificates.current).toBe(first);
  });

  test('that has expired while it was served is a reason not to be ready', async () => {
    const clock = new TestClock();
    await issueIn(top, 'one', clock.now());
    const { certificates } = certificatesIn(top, clock);
    await certificates.load();
    clock.advance(366 * dayMs);
    expect(certificates.problem()).toMatch(/^the certificate has expired at /);
  });

  test('leaves no timer behind', async () => {
    const clock = new TestClock();
    await issueIn(top, 'one', clock.now());
    const { certificates } = certificatesIn(top, clock);
    await certificates.load();
    certificates.follow();
    certificates.stop();
    expect(clock.leftovers).toEqual([]);
  });
});
