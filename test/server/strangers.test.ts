import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Webhook } from '../../src/admission/registry.ts';
import { allow } from '../../src/admission/verdict.ts';
import { writeLocalCertificates } from '../../src/cli/certs.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { AdmissionServer } from '../../src/server/admission-server.ts';
import { Certificates } from '../../src/server/certificates.ts';
import { setConnectionLimits } from '../../src/server/connection-limits.ts';
import { ReviewCounts } from '../support/memory/review-counts.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';
import { aPod } from '../support/builders/workloads.ts';

const webhook: Webhook = {
  name: 'test',
  type: 'validating',
  path: '/test',
  resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' },
  operations: ['CREATE'],
  failurePolicy: 'Fail',
  handle: allow,
};

let top: string;
let server: AdmissionServer | undefined;
beforeEach(async () => void (top = await mkdtemp(join(tmpdir(), 'sluice-clients-'))));
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(top, { recursive: true });
});

interface Identity {
  readonly cert: string;
  readonly key: string;
}

async function authority() {
  const options = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const ca = await generate([{ name: 'commonName', value: 'cluster CA' }], {
    ...options,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const signed = async (name: string): Promise<Identity> => {
    const made = await generate([{ name: 'commonName', value: name }], {
      ...options,
      ca: { key: ca.private, cert: ca.cert },
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
    });
    return { cert: made.cert, key: made.private };
  };
  return { ca: ca.cert, signed };
}

/** A server that knows its clients, and what it answers to one of them. */
async function guarded(ca: string, allowedNames: readonly string[]) {
  const caFile = join(top, 'client-ca.crt');
  await writeFile(caFile, ca);
  const issued = await writeLocalCertificates(top, { hosts: ['localhost'], now: Date.now() });
  const log = new LogMemory();
  const started = new AdmissionServer({
    webhooks: [webhook],
    lookup: fixedLookup([]),
    clock: systemClock,
    metrics: new ReviewCounts(),
    log,
    certificates: new Certificates(issued, { clock: systemClock, log }),
    listen: { address: '127.0.0.1', port: 0 },
    readiness: [],
    clients: { caFile, allowedNames },
  });
  server = started;
  await started.start();
  return async (method: string, path: string, identity?: Identity) => {
    const to = { host: '127.0.0.1', port: started.port, ca: issued.ca, servername: 'localhost' };
    const headers = { 'content-type': 'application/json' };
    const asked = request({ ...to, method, path, headers, agent: false, ...identity });
    asked.end(method === 'GET' ? '' : JSON.stringify(reviewOf(requestFor(aPod()))));
    const [answer] = await once(asked, 'response');
    await text(answer);
    return answer.statusCode;
  };
}

describe('with a client CA', () => {
  test('only holders of a certificate of it are answered, and of an allowed name', async () => {
    const [own, foreign] = await Promise.all([authority(), authority()]);
    const call = await guarded(own.ca, ['kube-apiserver', 'front-proxy']);
    expect(await call('POST', '/test', await own.signed('kube-apiserver'))).toBe(200);
    expect(await call('POST', '/test')).toBe(403);
    expect(await call('POST', '/test', await own.signed('somebody'))).toBe(403);
    expect(await call('POST', '/test', await foreign.signed('kube-apiserver'))).toBe(403);
  });

  test('any name will do where none is given', async () => {
    const own = await authority();
    const call = await guarded(own.ca, []);
    expect(await call('POST', '/test', await own.signed('whatever'))).toBe(200);
  });

  test('probes and conversions need no certificate', async () => {
    const own = await authority();
    const call = await guarded(own.ca, []);
    expect(await call('GET', '/livez')).toBe(200);
    // It is no conversion, which is what the answer says.
    expect(await call('POST', '/convert')).toBe(400);
  });
});

describe('connections', () => {
  test('of one address are bounded, and others are let in again once some have ended', async () => {
    const limited = createServer((_request, response) => void response.end());
    setConnectionLimits(limited, 3);
    limited.listen(0, '127.0.0.1');
    await once(limited, 'listening');
    const address = limited.address();
    if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
    const { port } = address;
    const open = async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const sockets = [await open(), await open(), await open()];
    const [fourth] = [await open()];
    await once(fourth.resume(), 'close');
    const [first] = sockets;
    const ended = new Promise((resolve) => void first?.once('close', resolve));
    first?.destroy();
    await ended;
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.status)
      .toBe(200);
    for (const socket of sockets) socket.destroy();
    limited.close();
    limited.closeAllConnections();
  });
});
