import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** A Git server that serves one bare repository over HTTP to whoever has the password. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** How many requests came without the password. */
  readonly refused: number;
}

export interface ServedRepository {
  /** Of the bare repository. */
  readonly directory: string;
  readonly user: string;
  readonly password: string;
}

/** Starts a server on a loopback port; `git http-backend` does the work. */
export async function serveGit(repository: ServedRepository): Promise<GitServer> {
  const { user, password } = repository;
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  let refused = 0;
  const server = createServer((request, response) => {
    if (request.headers.authorization === expected) {
      void answer(repository, request, response).catch(() => response.destroy());
      return;
    }
    refused += 1;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/deployments.git`,
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One request by CGI (RFC 3875). */
async function answer(
  { directory, user }: ServedRepository,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://git');
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      REMOTE_USER: user,
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname.replace('/deployments.git', ''),
      QUERY_STRING: searchParams.toString(),
      CONTENT_TYPE: type,
      HTTP_CONTENT_ENCODING: encoding,
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [output] = await Promise.all([buffer(backend.stdout), pipeline(request, backend.stdin)]);
  const end = output.indexOf('\r\n\r\n');
  const fields = output.subarray(0, end).toString('latin1').split('\r\n');
  const headers = fields.map((field) => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon), field.slice(colon + 1).trim()] as const;
  });
  const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
  response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
  response.end(output.subarray(end + 4));
}
