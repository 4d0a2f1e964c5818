import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { AdmissionServer } from '../../src/server/admission-server.ts';
import { StoredCertificate } from '../../src/server/stored-certificate.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { ReviewCounts } from '../support/memory/review-counts.ts';
import { LogMemory } from '../support/memory/log-memory.ts';

const dayMs = 86_400_000;
let server: AdmissionServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function issued(now = Date.now(), days = 90) {
  const validity = { validFrom: now - dayMs, validUntil: now + days * dayMs };
  const authority = await issueAuthority(validity);
  return { authority, pair: await issueLeaf(authority, { ...validity, hosts: ['127.0.0.1'] }) };
}

function stored(clock = systemClock) {
  const log = new LogMemory();
  return { log, certificates: new StoredCertificate('here/sluice-certificates', { clock, log }) };
}

async function ready(port: number, ca: string): Promise<string> {
  const options = { host: '127.0.0.1', port, ca, path: '/readyz', agent: false };
  return new Promise((resolve, reject) => {
    request(options, (answer) => resolve(text(answer)))
      .on('error', reject)
      .end();
  });
}

describe('a server whose certificate comes from a Secret', () => {
  test('listens before there is one, says what it waits for, and serves each new one without a restart', async () => {
    const { certificates, log } = stored();
    server = new AdmissionServer({
      webhooks: [],
      lookup: fixedLookup([]),
      clock: systemClock,
      metrics: new ReviewCounts(),
      log,
      certificates,
      readiness: [],
      listen: { address: '127.0.0.1', port: 0 },
      probePort: 0,
    });
    await server.start();
    const answer = await fetch(`http://127.0.0.1:${server.probePort}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain(
      '[-] certificate: waiting for the Secret here/sluice-certificates, which the Sluice that leads makes',
    );
    const [one, other] = [await issued(), await issued()];
    await expect(ready(server.port, one.authority.cert)).rejects.toThrow(
      /handshake|no shared cipher/u,
    );
    certificates.offer(one.pair);
    expect(await ready(server.port, one.authority.cert)).toContain('[+] certificate ok');
    certificates.offer(other.pair);
    expect(await ready(server.port, other.authority.cert)).toContain('[+] certificate ok');
    await expect(ready(server.port, one.authority.cert)).rejects.toThrow(/certificate/u);
  });

  test('keeps what it serves when what comes cannot be served, and says so once', async () => {
    const { certificates, log } = stored();
    const [one, other] = [await issued(), await issued()];
    certificates.offer(one.pair);
    const { serialNumber } = certificates.current ?? {};
    const mismatched = { cert: one.pair.cert, key: other.pair.key };
    certificates.offer(mismatched);
    certificates.offer(mismatched);
    expect(certificates.current?.serialNumber).toBe(serialNumber);
    expect(certificates.problem()).toBeUndefined();
    expect(certificates.detail()).toContain('the key is not the one of the certificate');
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('warns every hour once the certificate should have been renewed, and is not ready when it has expired', async () => {
    const clock = new TestClock(Date.now());
    const { certificates, log } = stored(clock);
    await certificates.start();
    certificates.offer((await issued(clock.now())).pair);
    clock.advance(59 * dayMs);
    expect(certificates.detail()).toBeUndefined();
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    clock.advance(6 * dayMs);
    expect(certificates.detail()).toContain('has not been renewed');
    expect(log.lines.filter(({ level }) => level === 'warn').length).toBeGreaterThan(1);
    clock.advance(30 * dayMs);
    expect(certificates.problem()).toContain('the certificate has expired');
    certificates.stop();
    expect(clock.leftovers).toEqual([]);
  });
});
