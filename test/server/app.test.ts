import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { type Webhook, webhooks } from '../../src/admission/registry.ts';
import { buildApp, buildProbeApp } from '../../src/server/app.ts';
import { bodyLimit } from '../../src/server/body-budget.ts';
import type { ReadinessCheck } from '../../src/server/health-routes.ts';
import { ReviewCounts } from '../support/memory/review-counts.ts';
import { standardObjects } from '../support/builders/builders.ts';
import { nested } from '../support/builders/nested.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';
import { aPod, aReplicaSet, ownedBy } from '../support/builders/workloads.ts';

const table = webhooks({ operatorNamespace: 'keptn-system' });
const podPath = '/mutate-v1-pod';
const json = { 'content-type': 'application/json' };

const faulty: Webhook = {
  name: 'faulty',
  type: 'validating',
  path: '/faulty',
  resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' },
  operations: ['CREATE'],
  failurePolicy: 'Fail',
  handle: () => {
    throw new Error('a defect');
  },
};

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function built(
  options: {
    readiness?: readonly ReadinessCheck[];
    isStopping?: () => boolean;
    clock?: TestClock;
  } = {},
) {
  const counts = new ReviewCounts();
  const log = new LogMemory();
  app = buildApp({
    webhooks: [...table, faulty],
    lookup: fixedLookup([], admissionIndexes),
    clock: options.clock ?? new TestClock(),
    metrics: counts,
    log,
    readiness: options.readiness ?? [],
    server: (answer) => createServer(answer),
    isStopping: options.isStopping ?? (() => false),
  });
  const server = app;
  const post = (url: string, payload: string | Buffer, headers: Record<string, string> = json) =>
    server.inject({ method: 'POST', url, payload, headers });
  return { app: server, counts, log, post };
}

const heldPod = aPod({ owners: [ownedBy(aReplicaSet())] });
const podReview = reviewOf(requestFor(heldPod));

describe('a review', () => {
  test.each(table.map((row) => [row.name, row.path, row] as const))(
    'for %s is answered at %s',
    async (
      name,
      path,
      { resource: { group, version, kind }, operations: [operation = 'CREATE'] },
    ) => {
      const { post, counts } = built();
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const own = standardObjects.find((one) => one.kind === kind);
      const object = { apiVersion, kind, metadata: { name: 'x' }, spec: own?.spec ?? {} };
      const answer = await post(path, JSON.stringify(reviewOf(requestFor(object, { operation }))));
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain('application/json');
      expect(answer.json()).toMatchObject({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: 'review-1', allowed: true },
      });
      expect(counts.count(name, 'allowed')).toBe(1);
    },
  );

  test('of a Pod that is to be held carries the patch', async () => {
    const { post, counts } = built();
    const answer = await post(podPath, JSON.stringify(podReview));
    expect(answer.json()).toMatchObject({ response: { patchType: 'JSONPatch' } });
    expect(counts.count('mpod.keptn.sh', 'patched')).toBe(1);
  });

  test('of an object that cannot be judged is a 422 inside a 200', async () => {
    const { post, counts } = built();
    const request = requestFor(heldPod, { object: { metadata: {}, spec: 'text' } });
    const answer = await post(podPath, JSON.stringify(reviewOf(request)));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      response: { allowed: false, status: { code: 422, message: expect.stringContaining('spec') } },
    });
    expect(counts.count('mpod.keptn.sh', 'denied')).toBe(1);
  });
});

describe('a conversion', () => {
  const definition = (name: string, spec: unknown) => ({
    apiVersion: 'lifecycle.keptn.sh/v1alpha2',
    kind: 'KeptnTaskDefinition',
    metadata: { name, namespace: 'shop' },
    spec,
  });
  const conversionOf = (...objects: readonly unknown[]) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'conversion-1', desiredAPIVersion: 'lifecycle.keptn.sh/v1', objects },
  });
  const convert = '/convert';

  test('answers with every object of the list, in order', async () => {
    const { post, counts } = built();
    const review = conversionOf(
      definition('a', { function: {} }),
      definition('b', { function: { runtime: 'python' } }),
    );
    const answer = await post(convert, JSON.stringify(review));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: {
        uid: 'conversion-1',
        result: { status: 'Success' },
        convertedObjects: [
          { ...definition('a', { deno: {} }), apiVersion: 'lifecycle.keptn.sh/v1' },
          { ...definition('b', { python: {} }), apiVersion: 'lifecycle.keptn.sh/v1' },
        ],
      },
    });
    expect(counts.count('conversion', 'converted')).toBe(1);
  });

  test('answers while the caches are empty and while the process stops', async () => {
    const readiness = [{ name: 'caches', problem: () => 'waiting for KeptnTaskDefinition' }];
    const { app: server, post } = built({ readiness, isStopping: () => true });
    expect((await server.inject('/readyz')).statusCode).toBe(503);
    const answer = await post(convert, JSON.stringify(conversionOf(definition('a', {}))));
    expect(answer.json()).toMatchObject({ response: { result: { status: 'Success' } } });
  });

  test('of a list with one object that cannot be converted answers with all others, and says which', async () => {
    const { post, counts, log } = built();
    const review = conversionOf(definition('a', { function: {} }), {
      ...definition('b', {}),
      apiVersion: 'lifecycle.keptn.sh/v7',
    });
    const answer = await post(convert, JSON.stringify(review));
    expect(answer.statusCode).toBe(200);
    const why =
      'cannot be converted: KeptnTaskDefinition shop/b cannot be converted from lifecycle.keptn.sh/v7 to lifecycle.keptn.sh/v1';
    expect(answer.json()).toMatchObject({
      response: {
        result: { status: 'Success' },
        convertedObjects: [
          { metadata: { name: 'a' }, spec: { deno: {} } },
          {
            metadata: {
              name: 'b',
              annotations: { 'sluice.keptn.sh/conversion-problem': expect.stringContaining(why) },
            },
          },
        ],
      },
    });
    expect(counts.count('conversion', 'unconvertible')).toBe(1);
    expect(log.lines).toHaveLength(1);
  });

  test('of a list with many objects that cannot be converted as a whole writes ten lines and a count', async () => {
    const { post, counts, log } = built();
    const deep = definition('deep', { function: { odd: nested(100) } });
    const review = conversionOf(...Array.from({ length: 500 }, () => deep));
    const answer = await post(convert, JSON.stringify(review));
    expect(answer.json()).toMatchObject({ response: { result: { status: 'Success' } } });
    expect(log.lines).toHaveLength(11);
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { others: 490 } });
    expect(counts.count('conversion', 'unconvertible')).toBe(500);
  });

  test('of 50,000 empty objects is refused in one line', async () => {
    const { post, log } = built();
    const empty = Array.from({ length: 50_000 }, () => ({}));
    const answer = await post(convert, JSON.stringify(conversionOf(...empty)));
    expect(answer.json()).toMatchObject({ response: { result: { status: 'Failed' } } });
    expect(answer.payload.length).toBeLessThan(1_000);
    expect(log.lines).toHaveLength(1);
  });

  test('whose answer would be many times as long as the review is refused', async () => {
    const { post, log } = built();
    const long = Array.from({ length: 1_400_000 }, () => '1e20').join(',');
    const review = conversionOf({ ...definition('a', []), apiVersion: 'lifecycle.keptn.sh/v1' });
    const answer = await post(convert, JSON.stringify(review).replace('[]', `[${long}]`));
    const { result } = answer.json().response;
    expect(result.status).toBe('Failed');
    expect(result.message).toContain('longer than');
    expect(log.lines).toHaveLength(1);
  });

  test('of nothing is nothing', async () => {
    const answer = await built().post(convert, JSON.stringify(conversionOf()));
    expect(answer.json()).toMatchObject({ response: { convertedObjects: [] } });
  });

  test.each([
    ['malformed', '{'],
    ['an AdmissionReview', JSON.stringify(podReview)],
    ['without objects', JSON.stringify({ ...conversionOf(), request: { uid: 'x' } })],
  ])('is a 400 when it is %s', async (_what, body) => {
    const { post, counts } = built();
    expect((await post(convert, body)).statusCode).toBe(400);
    expect(counts.count('conversion', 'bad-review')).toBe(1);
  });

  test('that is too large is refused before it is read', async () => {
    const answer = await built().post(convert, Buffer.alloc(bodyLimit + 1, 32));
    expect(answer.statusCode).toBe(413);
  });
});

describe('a bad envelope is a 400', () => {
  test.each([
    ['malformed', '{"apiVersion":', json],
    ['empty', '', json],
    ['no review', '{}', json],
    [
      'of another version',
      JSON.stringify({ ...podReview, apiVersion: 'admission.k8s.io/v1beta1' }),
      json,
    ],
    ['of another media type', JSON.stringify(podReview), { 'content-type': 'application/yaml' }],
    ['of no media type', JSON.stringify(podReview), { 'content-type': '' }],
    ['not text', Buffer.from([0xff, 0xfe, 0x00]), json],
  ])('when it is %s', async (_what, body, headers) => {
    const { post } = built();
    const answer = await post(podPath, body, headers);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toHaveProperty('error');
  });

  test('and is counted', async () => {
    const { post, counts } = built();
    await post(podPath, 'x');
    expect(counts.count('mpod.keptn.sh', 'bad-review')).toBe(1);
  });
});

describe('hostile bodies', () => {
  test('of more than 7 MiB are refused with 413, of 7 MiB they are read', async () => {
    const { post } = built();
    const padded = (length: number) => {
      const text = JSON.stringify({ ...podReview, padding: '' });
      return text.replace('"padding":""', `"padding":"${'x'.repeat(length - text.length)}"`);
    };
    expect((await post(podPath, padded(bodyLimit))).statusCode).toBe(200);
    expect((await post(podPath, padded(bodyLimit + 1))).statusCode).toBe(413);
  });

  test('nested as deeply as they can be are answered', async () => {
    const { post } = built();
    const depth = 500_000;
    const nest = '['.repeat(depth) + ']'.repeat(depth);
    expect((await post(podPath, nest)).statusCode).toBe(400);
    const inside = JSON.stringify(podReview).replace(
      '"containers":[',
      `"deep":${nest},"containers":[`,
    );
    expect((await post(podPath, inside)).json()).toMatchObject({ response: { allowed: true } });
  });

  test('with keys that mean something to JavaScript change nothing but themselves', async () => {
    const { post } = built();
    const text = JSON.stringify(podReview)
      .replace(
        '"metadata":{',
        '"metadata":{"__proto__":{"labels":{"a":1}},"constructor":{"prototype":{"b":1}},',
      )
      .replace('{', '{"__proto__":{"polluted":true},');
    const answer = await post(podPath, text);
    expect(answer.json()).toMatchObject({ response: { allowed: true, patchType: 'JSONPatch' } });
    expect({}).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('b');
  });

  /** A running server, and requests that begin and never end. */
  async function listening() {
    const clock = new TestClock();
    const { app: server } = built({ clock });
    const address = await server.listen({ port: 0, host: '127.0.0.1' });
    const { port, hostname } = new URL(address);
    const begin = (path: string, sent: number) => {
      const socket = connect(Number(port), hostname);
      const answer = textOf(socket).catch(() => '');
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bodyLimit}\r\n\r\n`,
      );
      socket.write(Buffer.alloc(sent, 32));
      return { socket, answer };
    };
    const statusOf = async (path: string, body: unknown) => {
      const payload = JSON.stringify(body);
      const answer = await fetch(address + path, { method: 'POST', body: payload, headers: json });
      await answer.text();
      return answer.status;
    };
    return { clock, begin, address, statusOf };
  }

  test('that are announced and not sent take nothing from others', async () => {
    const { begin, statusOf, clock } = await listening();
    const requests = Array.from({ length: 40 }, () => begin(podPath, 0));
    await expect.poll(() => clock.leftovers.length).toBe(40);
    expect(await statusOf(podPath, podReview)).toBe(200);
    for (const { socket } of requests) socket.destroy();
    await expect.poll(() => clock.leftovers.length).toBe(0);
  });

  test('that do not come whole within three seconds are given up, and the connection is closed', async () => {
    const { begin, clock } = await listening();
    const { answer } = begin(podPath, 1_000);
    await expect.poll(() => clock.leftovers.length).toBe(1);
    clock.advance(3_000);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [^]*did not come within 3000 ms/u);
  });

  test('do not fill the memory: what would be too much at once is refused with 503 and the rest answered', async () => {
    const { begin, statusOf, address, clock } = await listening();
    const requests = Array.from({ length: 3 }, () => begin(podPath, bodyLimit - 1));
    const isFull = () => statusOf(podPath, podReview);
    await expect.poll(isFull).toBe(503);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    // Conversions and other reviews have budgets of their own.
    expect(await statusOf('/convert', {})).toBe(400);
    expect(await statusOf('/faulty', podReview)).toBe(500);
    clock.advance(3_000);
    for (const { answer } of requests) expect(await answer).toContain('408');
    expect(await isFull()).toBe(200);
  });
});

describe('our own fault', () => {
  test('is a 500 without a verdict, logged and counted, and the process answers the next review', async () => {
    const { post, counts, log } = built();
    const answer = await post('/faulty', JSON.stringify(podReview));
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).not.toHaveProperty('response');
    expect(answer.body).not.toContain('a defect');
    expect(counts.count('faulty', 'fault')).toBe(1);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { webhook: 'faulty' } }]);
    expect((await post(podPath, JSON.stringify(podReview))).statusCode).toBe(200);
  });
});

describe('the probes', () => {
  const answerOf = async (server: FastifyInstance, url: string) => {
    const { statusCode, body } = await server.inject({ url });
    return [statusCode, body];
  };

  test('say ready when every check is passed, and otherwise what is missing', async () => {
    let missing: string | undefined = 'Pods are not synced yet';
    const readiness = [
      { name: 'certificate', problem: () => undefined },
      { name: 'caches', problem: () => missing },
    ];
    const { app: server } = built({ readiness });
    const probes = buildProbeApp(readiness);
    for (const one of [server, probes]) {
      missing = 'Pods are not synced yet';
      expect(await answerOf(one, '/livez')).toEqual([200, 'ok\n']);
      expect(await answerOf(one, '/readyz')).toEqual([
        503,
        '[+] certificate ok\n[-] caches: Pods are not synced yet\nnot ready\n',
      ]);
      missing = undefined;
      expect(await answerOf(one, '/readyz')).toEqual([
        200,
        '[+] certificate ok\n[+] caches ok\nready\n',
      ]);
    }
    await probes.close();
  });
});

describe('other requests', () => {
  test.each([
    ['GET', podPath],
    ['POST', '/'],
    ['POST', '/mutate-v1-pod/x'],
  ] as const)('%s %s is not found', async (method, url) => {
    const { app: server } = built();
    expect((await server.inject({ method, url, payload: '{}', headers: json })).statusCode).toBe(
      404,
    );
  });

  test('the query that the API server adds is no obstacle', async () => {
    const { post } = built();
    expect((await post(`${podPath}?timeout=3s`, JSON.stringify(podReview))).statusCode).toBe(200);
  });

  test('are told to close their connection while the process stops', async () => {
    let stopping = false;
    const { post } = built({ isStopping: () => stopping });
    expect((await post(podPath, JSON.stringify(podReview))).headers.connection).not.toBe('close');
    stopping = true;
    const answer = await post(podPath, JSON.stringify(podReview));
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
  });
});
