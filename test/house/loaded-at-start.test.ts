import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as undici from 'undici';
import { Pool, ProxyAgent } from '../../src/kubernetes/transport/http-client.ts';

const root = join(import.meta.dirname, '../..');

/** Says at the end what the process has loaded: Node's own modules, and the CommonJS files of packages. */
const tellLoaded = `
  import { createRequire } from 'node:module';
  const { cache } = createRequire(process.cwd() + '/start.js');
  process.on('exit', () => process.stderr.write(JSON.stringify([...process.moduleLoadList, ...Object.keys(cache)])));
`;

test('a Pod loads neither the fetch of Node nor the parts of undici, fastify and OpenTelemetry that it does not use', () => {
  const preload = `data:text/javascript,${encodeURIComponent(tellLoaded)}`;
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--import', preload, 'src/main.ts', 'run', '--check'],
    { cwd: root, encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const loaded: readonly string[] = JSON.parse(stderr);
  const unused =
    /internal\/deps\/undici|\/undici\/(?:index\.js|lib\/(?:mock|cache|interceptor))|ajv-compiler|fast-json-stringify-compiler|@grpc|client-node|peculiar/u;
  expect(loaded.filter((file) => unused.test(file))).toEqual([]);
  expect(loaded.some((file) => file.endsWith('/undici/lib/dispatcher/pool.js'))).toBe(true);
});

test('the pool and the proxy of the transport are those that undici exports', () => {
  expect(Pool).toBe(undici.Pool);
  expect(ProxyAgent).toBe(undici.ProxyAgent);
});
