import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from 'selfsigned';
import {
  type FunctionEnd,
  hostNames,
  runFunction,
  Scratch,
} from '../support/functions/function-run.ts';

const code = 'echo from a server\n';
const big = `# ${'x'.repeat(2_000)}\n`;

let plain: http.Server;
let secure: https.Server;
let scratch: Scratch;
let authority: string;
let flaky = 0;

beforeAll(async () => {
  scratch = new Scratch();
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  authority = scratch.file('ca.pem', certificate.cert);
  plain = http.createServer(answer).listen(0, '127.0.0.1');
  secure = https.createServer({ key: certificate.private, cert: certificate.cert }, answer);
  secure.listen(0, '127.0.0.1');
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
});

afterAll(() => {
  plain.close();
  secure.close();
  plain.closeAllConnections();
  secure.closeAllConnections();
  scratch[Symbol.dispose]();
});

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const answers: Readonly<Record<string, () => void>> = {
    '/ok.sh': () => response.end(code),
    '/who.sh': () => response.end(`echo '${headers.host}'`),
    '/empty.sh': () => response.end(' \n'),
    '/big.sh': () => response.end(big),
    '/cut.sh': () => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('echo half of a script\n', () => response.destroy());
    },
    '/slow.sh': () => response.write('echo '),
    '/flaky.sh': () => {
      flaky += 1;
      if (flaky < 3) response.writeHead(503).end();
      else response.end(code);
    },
    '/moved.sh': () => redirect('/ok.sh'),
    '/circle.sh': () => redirect('/circle.sh'),
    '/metadata.sh': () => redirect('http://169.254.169.254/latest/user-data'),
    '/mapped.sh': () => redirect('http://[::ffff:127.0.0.2]:1/'),
    '/cluster.sh': () => redirect('http://10.96.0.1/'),
    '/ftp.sh': () => redirect('ftp://files.example/x'),
    '/downgrade.sh': () => redirect(`http://127.0.0.1:${port(plain)}/ok.sh`),
    '/dir/main.ts': () =>
      response.end("import { word } from './lib/word.ts';\nconsole.log(word, import.meta.main);\n"),
    '/dir/lib/word.ts': () => response.end("export const word: string = 'neighbour';\n"),
  };
  const redirect = (location: string): void => {
    response.writeHead(302, { location }).end();
  };
  (answers[url] ?? (() => response.writeHead(404).end('echo not found')))();
}

function port(server: http.Server): number {
  return (server.address() as AddressInfo).port;
}

describe.each(hostNames)('a script from a URL, the runner under %s', (host) => {
  const from = (url: string, ...args: string[]): Promise<FunctionEnd> =>
    runFunction({
      host,
      args: ['--runtime', 'bash', '--script', url, ...args],
      env: {
        NODE_EXTRA_CA_CERTS: authority,
        DENO_CERT: authority,
        KUBERNETES_SERVICE_HOST: '10.96.0.1',
      },
    });
  const fromPlain = (path: string, ...args: string[]): Promise<FunctionEnd> =>
    from(`http://127.0.0.1:${port(plain)}${path}`, '--allow-host', '127.0.0.1', ...args);
  const fromSecure = (path: string, ...args: string[]): Promise<FunctionEnd> =>
    from(`https://localhost:${port(secure)}${path}`, '--allow-host', 'localhost', ...args);

  const fails = async (run: Promise<FunctionEnd>, reason: string, why: RegExp): Promise<void> => {
    const { exitCode, stdout, status } = await run;
    expect(status).toMatchObject({ status: 'failed', reason });
    expect(status.message).toMatch(why);
    expect(status.attempts.at(-1)).toMatchObject({ reason });
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: '' });
  };

  it('is run', async () => {
    expect((await fromPlain('/ok.sh')).stdout).toBe('from a server\n');
  });

  it('is run from a server with TLS, which is asked by its name', async () => {
    expect((await fromSecure('/who.sh')).stdout).toBe(`localhost:${port(secure)}\n`);
  });

  it('is run from where a redirect leads', async () => {
    expect((await fromPlain('/moved.sh')).stdout).toBe('from a server\n');
  });

  it('is downloaded again when that failed, by the rule of attempts, and only until it is there', async () => {
    flaky = 0;
    const { exitCode, status } = await fromPlain(
      '/flaky.sh',
      '--retries',
      '3',
      '--retry-interval',
      '0',
    );
    expect(exitCode).toBe(0);
    expect(status.attempts.map(({ reason }) => reason)).toEqual([
      'DownloadRefused',
      'DownloadRefused',
      'Completed',
    ]);
    expect(flaky).toBe(3);
  });

  it('fails with an HTTP error', () => fails(fromPlain('/none.sh'), 'DownloadRefused', /HTTP 404/));

  it('goes without the proxies of the environment, which a failed download says', async () => {
    const { status } = await runFunction({
      host,
      args: ['--runtime', 'bash', '--script', 'http://127.0.0.1:9/', '--allow-host', '127.0.0.1'],
      env: { http_proxy: 'http://127.0.0.1:9' },
    });
    expect(status).toMatchObject({ status: 'failed', reason: 'DownloadFailed' });
    expect(status.message).toMatch(/\(http_proxy is not used for downloads\)/u);
  });

  it('fails if nobody answers', () =>
    fails(
      from('http://127.0.0.1:9/', '--allow-host', '127.0.0.1'),
      'DownloadFailed',
      /ECONNREFUSED|refused/,
    ));

  it('fails if the name is unknown', () =>
    fails(from('http://nowhere.invalid/x.sh'), 'DownloadFailed', /./));

  it('fails if the certificate is not trusted', async () => {
    const { status } = await runFunction({
      host,
      args: [
        '--runtime',
        'bash',
        '--script',
        `https://localhost:${port(secure)}/ok.sh`,
        '--allow-host',
        'localhost',
      ],
    });
    expect(status).toMatchObject({ reason: 'DownloadFailed', status: 'failed' });
    expect(status.message).toMatch(/certificate|issuer/i);
  });

  it('fails if the answer is cut short', () => fails(fromPlain('/cut.sh'), 'DownloadFailed', /./));

  it('fails if it takes too long', () =>
    fails(fromPlain('/slow.sh', '--download-timeout', '300ms'), 'DownloadTimeout', /within 300ms/));

  it('fails if the attempt takes too long', async () => {
    const { exitCode, status } = await fromPlain('/slow.sh', '--attempt-timeout', '500ms');
    expect(exitCode).toBe(124);
    expect(status.attempts).toMatchObject([{ reason: 'AttemptTimeout' }]);
    expect(status.attempts[0]).not.toHaveProperty('exitCode');
  });

  it('fails if it is larger than the limit', () =>
    fails(fromPlain('/big.sh', '--download-limit', '1KiB'), 'ScriptTooLarge', /larger than 1 KiB/));

  it('fails if it is empty', () => fails(fromPlain('/empty.sh'), 'ScriptEmpty', /is empty/));

  it('fails if it leads in circles', () =>
    fails(fromPlain('/circle.sh'), 'DownloadRefused', /more than 5 redirects/));

  it.each([
    ['the metadata service', '/metadata.sh', /169\.254\.169\.254/],
    ['loopback in disguise', '/mapped.sh', /127\.0\.0\.2|7f00:2/],
    ['the API server', '/cluster.sh', /10\.96\.0\.1/],
    ['another scheme', '/ftp.sh', /ftp:\/\//],
  ])('fails if it is redirected to %s', (_, path, why) =>
    fails(fromPlain(path), 'DownloadForbidden', why),
  );

  it('fails if it is redirected from https to http', () =>
    fails(
      fromSecure('/downgrade.sh', '--allow-host', '127.0.0.1'),
      'DownloadForbidden',
      /only https:\/\/ may follow/,
    ));

  it('comes from a host that is allowed and from no other, redirects included', async () => {
    const here = ['--only-host', '127.0.0.1'];
    expect((await fromPlain('/ok.sh', ...here)).stdout).toBe('from a server\n');
    await fails(
      fromPlain('/ok.sh', '--only-host', 'code.example.com', '--only-host', '*.example.org'),
      'DownloadForbidden',
      /127\.0\.0\.1 is none of the hosts that are allowed/,
    );
    await fails(fromPlain('/cluster.sh', ...here), 'DownloadForbidden', /10\.96\.0\.1 is none/);
  });

  it('does not come from the Pod itself, by address or by name', async () => {
    await fails(
      from(`http://127.0.0.1:${port(plain)}/ok.sh`),
      'DownloadForbidden',
      /--allow-host 127/,
    );
    await fails(
      from(`http://localhost:${port(plain)}/ok.sh`),
      'DownloadForbidden',
      /--allow-host localhost/,
    );
  });

  it('is run if it has the digest it must have, and else not', async () => {
    const digest = createHash('sha256').update(code).digest('hex');
    expect((await fromPlain('/ok.sh', '--sha256', digest)).stdout).toBe('from a server\n');
    await fails(
      fromPlain('/ok.sh', '--sha256', '0'.repeat(64)),
      'ChecksumMismatch',
      new RegExp(digest),
    );
  });

  it('keeps what is secret in a URL to itself', async () => {
    const { stderr, status } = await from(
      `http://user:password@127.0.0.1:${port(plain)}/none.sh?token=secret`,
      '--allow-host',
      '127.0.0.1',
    );
    expect(status.message).toBe(`http://127.0.0.1:${port(plain)}/none.sh?…: HTTP 404 Not Found`);
    expect(stderr).not.toMatch(/password|secret/);
  });

  it('imports its neighbours, in Deno', async () => {
    const { stdout, stderr } = await runFunction({
      host,
      args: [
        '--script',
        `http://127.0.0.1:${port(plain)}/dir/main.ts`,
        '--allow-host',
        '127.0.0.1',
      ],
    });
    expect(stdout, stderr).toBe('neighbour true\n');
  });
});

describe('a script from a file', () => {
  const from = (path: string, ...args: string[]): Promise<FunctionEnd> =>
    runFunction({ args: ['--runtime', 'bash', '--script', path, ...args] });

  it('fails if there is none, or it is a folder', async () => {
    for (const path of ['/nowhere/script.sh', '/tmp']) {
      const { exitCode, status } = await from(path);
      expect({ exitCode, reason: status.reason }).toEqual({
        exitCode: 125,
        reason: 'ScriptMissing',
      });
      expect(status.message).toContain(path);
    }
  });

  it('is tried again: it may come', async () => {
    const { status } = await from('/nowhere/script.sh', '--retries', '2', '--retry-interval', '0');
    expect(status.attemptsMade).toBe(3);
  });

  it('fails if it is empty', async () => {
    const { status } = await from(scratch.file('empty.sh', '\n\n'));
    expect(status).toMatchObject({ status: 'failed', reason: 'ScriptEmpty' });
  });

  it('is found by a file URL', async () => {
    const path = scratch.file('with space.sh', code);
    expect((await from(new URL(`file://${path}`).href)).stdout).toBe('from a server\n');
  });
});

describe('an inline script', () => {
  it('that is empty fails at once: the next attempt would find the same', async () => {
    const { exitCode, status } = await runFunction({
      args: ['--inline', '', '--retries', '5'],
    });
    expect(exitCode).toBe(125);
    expect(status).toMatchObject({ reason: 'ScriptEmpty', attemptsMade: 1 });
  });
});
