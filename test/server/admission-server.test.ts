import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Webhook } from '../../src/admission/registry.ts';
import { allow } from '../../src/admission/verdict.ts';
import { type LocalCertificates, writeLocalCertificates } from '../../src/cli/certs.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { AdmissionServer, type AdmissionServerOptions } from '../../src/server/admission-server.ts';
import { Certificates } from '../../src/server/certificates.ts';
import { setConnectionLimits } from '../../src/server/connection-limits.ts';
import { ReviewCounts } from '../support/memory/review-counts.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';
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
let issued: LocalCertificates;
let servers: AdmissionServer[] = [];
let agents: Agent[] = [];

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'sluice-server-'));
  issued = await issue(['localhost', '127.0.0.1']);
});
afterEach(async () => {
  for (const agent of agents) agent.destroy();
  for (const server of servers) await server.stop();
  [servers, agents] = [[], []];
  await rm(top, { recursive: true });
});

const issue = (hosts: readonly string[]) => writeLocalCertificates(top, { hosts, now: Date.now() });

async function started(options: Partial<AdmissionServerOptions> = {}) {
  const log = new LogMemory();
  const certificates = new Certificates(issued, { clock: systemClock, log });
  const server = new AdmissionServer({
    webhooks: [webhook],
    lookup: fixedLookup([]),
    clock: systemClock,
    metrics: new ReviewCounts(),
    log,
    certificates,
    listen: { address: '127.0.0.1', port: 0 },
    readiness: [],
    ...options,
  });
  servers.push(server);
  await server.start();
  return { server, certificates, log };
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
  readonly socket: TLSSocket;
}

/** A caller that keeps its one connection, as the API server does. */
function caller(server: AdmissionServer, ca: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, servername: 'localhost' });
  agents.push(agent);
  const { port } = server;
  const call = async (method: string, path: string, body = ''): Promise<Answer> => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = httpsRequest({
      host: '127.0.0.1',
      port,
      agent,
      method,
      path,
      headers,
    });
    const used = once(request, 'socket');
    request.end(body);
    const [response] = await once(request, 'response');
    const [socket] = await used;
    const answered = await text(response);
    return {
      status: response.statusCode,
      connection: response.headers.connection,
      body: answered,
      socket,
    };
  };
  const review = () =>
    call('POST', '/test?timeout=3s', JSON.stringify(reviewOf(requestFor(aPod()))));
  return { review, get: (path: string) => call('GET', path) };
}

describe('the admission server', () => {
  test('answers reviews over TLS, and keeps the connection', async () => {
    const { server } = await started();
    const { review } = caller(server, issued.ca);
    const [first, second] = [await review(), await review()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.socket).toBe(first.socket);
    expect(first.socket.alpnProtocol === false || first.socket.alpnProtocol === 'http/1.1').toBe(
      true,
    );
  });

  test('serves IPv4 and, where the machine has it, IPv6 on its default address', async () => {
    const { server } = await started({ listen: { address: '::', port: 0 }, probePort: 0 });
    const hasV6 = Object.values(networkInterfaces())
      .flat()
      .some((one) => one?.family === 'IPv6');
    for (const host of ['127.0.0.1', ...(hasV6 ? ['[::1]'] : [])]) {
      expect((await fetch(`http://${host}:${server.probePort}/livez`)).status).toBe(200);
    }
  });

  test('does not start without a certificate', async () => {
    await rm(issued.certFile);
    await expect(started()).rejects.toThrow(
      /certificate cannot be read: .*; sluice certs writes one for local use/,
    );
    servers = [];
  });

  test('speaks TLS 1.2 at least, and HTTP/1.1 where both could do more', async () => {
    const { server } = await started();
    const at = { host: '127.0.0.1', port: server.port, ca: issued.ca, servername: 'localhost' };
    const old = connect({ ...at, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' });
    await expect(once(old, 'secureConnect')).rejects.toThrow(/protocol|version|alert/i);
    const modern = connect({ ...at, ALPNProtocols: ['h2', 'http/1.1'] });
    await once(modern, 'secureConnect');
    expect([modern.getProtocol(), modern.alpnProtocol]).toEqual(['TLSv1.3', 'http/1.1']);
    modern.destroy();
  });

  test('keeps idle connections longer than the API server does, used or not', () => {
    const server = createServer();
    setConnectionLimits(server);
    expect(server.keepAliveTimeout).toBeGreaterThan(90_000);
    expect(server.headersTimeout).toBeGreaterThan(90_000);
    expect(server.requestTimeout).toBeGreaterThanOrEqual(server.headersTimeout);
  });

  test('serves a new certificate to new connections; open ones live on', async () => {
    const { server, certificates } = await started();
    const before = caller(server, issued.ca);
    const first = await before.review();
    const changed = new Promise((resolve) => void certificates.onChange(resolve));
    const renewed = await issue(['localhost', '127.0.0.1', 'new.example']);
    await changed;

    const kept = await before.review();
    expect([kept.status, kept.socket]).toEqual([200, first.socket]);
    const fresh = await caller(server, renewed.ca).review();
    expect(fresh.status).toBe(200);
    expect(fresh.socket.getPeerCertificate().subjectaltname).toContain('new.example');
  });

  test('says by its probes whether it is ready, over HTTPS and on a port of their own', async () => {
    let missing: string | undefined = 'not synced';
    const readiness = [{ name: 'caches', problem: () => missing }];
    const { server } = await started({ readiness, probePort: 0 });
    const { get } = caller(server, issued.ca);
    const plain = (path: string) => fetch(`http://127.0.0.1:${server.probePort}${path}`);
    expect((await get('/readyz')).status).toBe(503);
    expect(await (await plain('/readyz')).text()).toContain('[-] caches: not synced');
    missing = undefined;
    expect((await get('/readyz')).body).toBe(
      '[+] certificate ok\n[+] caches ok\n[+] running ok\nready\n',
    );
    expect((await plain('/readyz')).status).toBe(200);
    expect((await plain('/livez')).status).toBe(200);
    expect((await plain('/test')).status).toBe(404);
  });
});

describe('stopping', () => {
  test('says not ready first, answers what still comes and asks for the connection to be closed', async () => {
    const clock = new TestClock(Date.now());
    const { server } = await started({ clock, drainMs: 5_000 });
    const { review, get } = caller(server, issued.ca);
    expect((await review()).connection).not.toBe('close');

    const stopped = server.stop();
    const last = await review();
    expect([last.status, last.connection]).toEqual([200, 'close']);
    const probe = await get('/readyz');
    expect([probe.status, probe.body]).toEqual([
      503,
      expect.stringContaining('the process is stopping'),
    ]);
    clock.advance(5_000);
    await stopped;
    await expect(review()).rejects.toThrow(/ECONNREFUSED/);
    expect(clock.leftovers).toEqual([]);
  });

  test('closes idle connections and does not wait for them', async () => {
    const { server } = await started();
    const { socket } = await caller(server, issued.ca).review();
    const closed = once(socket, 'close');
    await server.stop();
    await closed;
  });

  test('answers a review whose body is still on its way', async () => {
    const { server } = await started();
    const agent = new Agent({ keepAlive: true, ca: issued.ca, servername: 'localhost' });
    agents.push(agent);
    const body = JSON.stringify(reviewOf(requestFor(aPod())));
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    };
    const at = { host: '127.0.0.1', port: server.port, agent, method: 'POST', path: '/test' };
    const request = httpsRequest({ ...at, headers });
    request.flushHeaders();
    // The server has read the head and waits for the body.
    await once(request, 'continue');
    request.write(body.slice(0, 20));
    const stopped = server.stop();
    const response = once(request, 'response');
    request.end(body.slice(20));
    const [{ statusCode, headers: answered }] = await response;
    expect([statusCode, answered.connection]).toEqual([200, 'close']);
    await stopped;
  });

  test('answers a review on a connection that was opened before and not used yet', async () => {
    const { server } = await started();
    const at = { host: '127.0.0.1', port: server.port, ca: issued.ca, servername: 'localhost' };
    const socket = connect(at);
    await once(socket, 'secureConnect');
    const stopped = server.stop();
    const body = JSON.stringify(reviewOf(requestFor(aPod())));
    const length = Buffer.byteLength(body);
    const head = `POST /test HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    socket.write(head + body);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    await stopped;
  });

  test('cuts off after a while what does not end by itself', async () => {
    const clock = new TestClock(Date.now());
    const { server } = await started({ clock });
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      ca: issued.ca,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    socket.write(
      'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    const stopped = server.stop();
    clock.advance(5_000);
    await Promise.all([closed, stopped]);
  });
});
