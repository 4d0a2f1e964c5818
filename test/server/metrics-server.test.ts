import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { MetricsServer, type MetricsServerOptions } from '../../src/server/metrics-server.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

let server: MetricsServer | undefined;
afterEach(() => server?.stop());

async function serving(more: Partial<MetricsServerOptions> = {}) {
  const clock = new TestClock();
  const log = new LogMemory();
  let made = 0;
  const started = new MetricsServer({
    listen: { address: '127.0.0.1', port: 0 },
    text: () => Promise.resolve(`made ${(made += 1)}\n`),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    clock,
    log,
    ...more,
  });
  await started.start();
  server = started;
  const get = (path = '/metrics', headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${started.port}${path}`, { headers });
  return { clock, log, get };
}

describe('the metrics server', () => {
  test('serves the metrics as Prometheus wants them, and nothing else', async () => {
    const { get } = await serving();
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('made 1\n');
    for (const path of ['/', '/livez', '/mutate-v1-pod'])
      expect((await get(path)).status).toBe(404);
  });

  test('makes one text a second, however many ask for it', async () => {
    const { get, clock } = await serving();
    const all = await Promise.all(Array.from({ length: 8 }, async () => (await get()).text()));
    expect(new Set(all)).toEqual(new Set(['made 1\n']));
    clock.advance(1_000);
    expect(await (await get()).text()).toBe('made 2\n');
  });

  test('with a token file, answers only who carries the token that stands there now', async () => {
    const tokenFile = join(await mkdtemp(join(tmpdir(), 'sluice-metrics-')), 'token');
    await writeFile(tokenFile, 'first\n');
    const { get } = await serving({ tokenFile });
    const bearer = (token: string) => get('/metrics', { authorization: `Bearer ${token}` });
    expect((await get()).status).toBe(401);
    expect((await bearer('firsT')).status).toBe(401);
    expect((await bearer('first')).status).toBe(200);
    await writeFile(tokenFile, 'second\n');
    expect((await bearer('first')).status).toBe(401);
    expect((await bearer('second')).status).toBe(200);
  });

  test('does not start without the token it is to ask for', async () => {
    await expect(serving({ tokenFile: '/nowhere/token' })).rejects.toThrow(/ENOENT.*token/u);
  });

  test('a text that cannot be made is an error of that scrape alone, and is in the log', async () => {
    let fails = true;
    const text = () => (fails ? Promise.reject(new Error('broken')) : Promise.resolve('good\n'));
    const { get, log } = await serving({ text });
    expect((await get()).status).toBe(500);
    expect(JSON.stringify(log)).toContain('could not be answered');
    fails = false;
    expect(await (await get()).text()).toBe('good\n');
  });
});
