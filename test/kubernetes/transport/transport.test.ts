import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ClusterError } from '../../../src/api/cluster-error.ts';
import { AdapterRig, requestTimeoutMs } from '../../support/memory/adapter-rig.ts';
import type { SeenRequest } from '../../support/api-server/fake-api-server.ts';

let rig: AdapterRig;
beforeEach(async () => void (rig = await AdapterRig.start()));
afterEach(() => rig[Symbol.asyncDispose]());

const path = '/api/v1/namespaces/shop';
const get = { verb: 'get', path } as const;
const change = { verb: 'patch', path, body: [] } as const;
const isShop = (request: SeenRequest): boolean => request.path === path;

async function errorOf(promise: Promise<unknown>): Promise<ClusterError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClusterError);
  return error as ClusterError;
}

/** Resolves when the transport waits for its back-off; answers for how long. */
async function waiting(): Promise<number | undefined> {
  const shortest = (): number | undefined =>
    rig.clock.leftovers.find((ms) => ms < requestTimeoutMs);
  await vi.waitFor(() => expect(shortest()).toBeDefined(), { interval: 2 });
  return shortest();
}

describe('the transport', () => {
  it('needs at most one TLS connection for a hundred requests, and few for many at once', async () => {
    for (let index = 0; index < 200; index += 1) await rig.transport.request(get);
    expect(rig.server.connections).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 400 }, () => rig.transport.request(get)));
    expect(rig.server.connections).toBeLessThanOrEqual(32);
    expect(rig.transport.counts.connections).toBe(rig.server.connections);
    expect(rig.transport.counts.requests.get).toBe(600);
  });

  it.each(['create', 'update', 'patch', 'delete'] as const)(
    'keeps its connection after a %s, which has a body',
    async (verb) => {
      for (let index = 0; index < 10; index += 1) {
        rig.server.fail(isShop, { answer: 422 });
        await errorOf(rig.transport.request({ verb, path, body: {} }));
      }
      expect(rig.server.connections).toBeLessThanOrEqual(2);
    },
  );

  it('says who it is and asks for JSON', async () => {
    await rig.transport.request(get);
    const { headers } = rig.server.requests[0] ?? { headers: {} };
    expect(headers).toMatchObject({
      'user-agent': 'sluice/test',
      accept: 'application/json',
      authorization: 'Bearer token-1',
    });
  });

  it('waits out a 429 as long as the server asks, for writes too', async () => {
    rig.server.fail(isShop, { answer: 429, headers: { 'retry-after': '3' } });
    const answer = rig.transport.request(change);
    expect(await waiting()).toBe(3000);
    expect(rig.server.requests).toHaveLength(1);
    rig.clock.advance(3000);
    await answer;
    expect(rig.server.requests).toHaveLength(2);
  });

  it('asks before each try whether a write may still be sent', async () => {
    rig.server.fail(isShop, { answer: 429, headers: { 'retry-after': '3' } }, 9);
    let leads = true;
    const failed = errorOf(rig.transport.request({ ...change, maySend: () => leads }));
    expect(await waiting()).toBe(3000);
    leads = false;
    rig.clock.advance(3000);
    expect(await failed).toMatchObject({ code: 0, reason: 'Unavailable' });
    expect(rig.server.requests).toHaveLength(1);
    await errorOf(rig.transport.request({ ...change, maySend: () => leads }));
    expect(rig.server.requests).toHaveLength(1);
  });

  it('ends its waiting when its caller gives up, and sends nothing any more', async () => {
    rig.server.fail(isShop, { answer: 429, headers: { 'retry-after': '3' } }, 9);
    const stop = new AbortController();
    const failed = errorOf(rig.transport.request({ ...change, signal: stop.signal }));
    await waiting();
    stop.abort();
    expect(await failed).toMatchObject({ code: 0, message: 'the request was given up' });
    expect(rig.server.requests).toHaveLength(1);
  });

  it.each([429, 503])('sends what is urgent once, also when the answer is %i', async (answer) => {
    rig.server.fail(isShop, { answer, headers: { 'retry-after': '1' } });
    const error = await errorOf(rig.transport.request({ ...get, isUrgent: true }));
    expect(error).toMatchObject({ code: answer });
    expect(rig.server.requests).toHaveLength(1);
  });

  it('sends what is urgent though every connection waits for an answer', async () => {
    rig.server.fail((request) => request.method === 'PATCH', 'silence', 50);
    const hanging = Array.from({ length: 50 }, () => errorOf(rig.transport.request(change)));
    await vi.waitFor(() => expect(rig.server.requests).toHaveLength(32));
    const answer = await rig.transport.request({ ...get, isUrgent: true });
    expect(answer).toMatchObject({ metadata: { name: 'shop' } });
    await rig.transport.close();
    await Promise.all(hanging);
  });

  it('leaves a Retry-After of minutes to its caller', async () => {
    rig.server.fail(isShop, { answer: 429, headers: { 'retry-after': '120' } });
    const error = await errorOf(rig.transport.request(get));
    expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests', retryAfterMs: 120_000 });
  });

  it('repeats a read that the server failed, a bounded number of times', async () => {
    rig.server.fail(isShop, { answer: 503 }, 9);
    const failed = errorOf(rig.transport.request(get));
    for (const wait of [100, 200, 400]) {
      expect(await waiting()).toBe(wait);
      rig.clock.advance(wait);
    }
    expect(await failed).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
    expect(rig.server.requests).toHaveLength(4);
  });

  it('does not repeat a write that the server failed: it may have happened', async () => {
    rig.server.fail(isShop, { answer: 500 });
    expect(await errorOf(rig.transport.request(change))).toMatchObject({ code: 500 });
    expect(rig.server.requests).toHaveLength(1);
  });

  it('repeats a read whose connection broke', async () => {
    rig.server.fail(isShop, 'reset');
    const answer = rig.transport.request(get);
    await waiting();
    rig.clock.advance(100);
    expect(await answer).toMatchObject({ metadata: { name: 'shop' } });
  });

  it('calls a write whose connection broke Unavailable', async () => {
    rig.server.fail(isShop, 'reset');
    const error = await errorOf(rig.transport.request(change));
    expect(error).toMatchObject({ code: 0, reason: 'Unavailable' });
  });

  it('calls a server that refuses connections Unavailable, and comes back when it does', async () => {
    await rig.transport.request(get);
    await rig.server.down();
    const error = await errorOf(rig.transport.request(change));
    expect(error).toMatchObject({ code: 0, reason: 'Unavailable' });
    await rig.server.up();
    expect(await rig.transport.request(change)).toMatchObject({ kind: 'Namespace' });
  });

  it('does not wait for an answer for ever', async () => {
    rig.server.fail(isShop, 'silence');
    const failed = errorOf(rig.transport.request(change));
    await vi.waitFor(() => expect(rig.server.requests).toHaveLength(1));
    rig.clock.advance(requestTimeoutMs);
    expect(await failed).toMatchObject({
      code: 0,
      reason: 'Unavailable',
      message: 'the API server did not answer in time',
    });
  });

  it('lets a slow answer take its time as long as something comes', async () => {
    await rig.transport.read(get, async (body) => {
      const iterator = body[Symbol.asyncIterator]();
      rig.clock.advance(requestTimeoutMs - 1);
      await iterator.next();
      rig.clock.advance(requestTimeoutMs - 1);
      expect((await iterator.next()).done).toBe(true);
    });
    expect(rig.server.requests).toHaveLength(1);
  });

  it('gives up when its caller does', async () => {
    rig.server.fail(isShop, 'silence');
    const stop = new AbortController();
    const failed = errorOf(rig.transport.request({ ...get, signal: stop.signal }));
    await vi.waitFor(() => expect(rig.server.requests).toHaveLength(1));
    stop.abort();
    expect(await failed).toMatchObject({ code: 0, message: 'the request was given up' });
  });

  it('renews its token on 401 and asks once more', async () => {
    rig.server.fail(isShop, { answer: 401 });
    await rig.transport.request(change);
    const tokens = rig.server.requests.map(({ headers }) => headers.authorization);
    expect(tokens).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('takes a second 401 for an answer', async () => {
    rig.server.fail(isShop, { answer: 401 }, 2);
    expect(await errorOf(rig.transport.request(get))).toMatchObject({ code: 401 });
    expect(rig.server.requests).toHaveLength(2);
  });

  it('takes a page of HTML for no answer, and repeats nothing of it', async () => {
    const body = '<html>secret</html>';
    rig.server.fail(isShop, { answer: 200, body });
    const error = await errorOf(rig.transport.request(change));
    expect(error).toMatchObject({
      code: 0,
      reason: 'Unavailable',
      message: 'the answer is not JSON',
    });
    rig.server.fail(isShop, { answer: 502, body });
    const gateway = await errorOf(rig.transport.request(change));
    expect(gateway).toMatchObject({ code: 502, message: 'HTTP 502 without a metav1.Status' });
    expect(JSON.stringify([error, error.cause, gateway.cause])).not.toContain('secret');
  });

  it('hands on the server’s own reason and words', async () => {
    const body = JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'quota exceeded' });
    rig.server.fail(isShop, { answer: 403, body });
    const error = await errorOf(rig.transport.request(get));
    expect(error).toMatchObject({ code: 403, reason: 'Forbidden', message: 'quota exceeded' });
  });

  it('leaves no timer behind', async () => {
    await rig.transport.request(get);
    expect(rig.clock.leftovers).toEqual([]);
  });
});
