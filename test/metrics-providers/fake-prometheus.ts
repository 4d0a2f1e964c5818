import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

/** A request as the server saw it; parameters are those of the form or, without one, of the URL. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Nothing is sent. */
  readonly silent?: boolean;
}

/** A loopback server that answers as `reply` says and remembers what it was asked. */
export class FakePrometheus implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  reply: (request: SeenRequest) => Reply;
  readonly #server: Server;
  readonly #scheme: string;

  constructor(reply: (request: SeenRequest) => Reply, tls?: { key: string; cert: string }) {
    this.reply = reply;
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#answer(request, response);
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const form = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', this.url);
    const parameters = form === '' ? url.searchParams : new URLSearchParams(form);
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      parameters: Object.fromEntries(parameters),
      authorization: request.headers.authorization,
    };
    this.seen.push(seen);
    const reply = this.reply(seen);
    if (reply.silent === true) return;
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  }
}

/** The answer of an instant query with these series, each of one value. */
export function vector(...values: readonly string[]): Reply {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000.5, value] }));
  return { body: { status: 'success', data: { resultType: 'vector', result } } };
}

/** The answer of a range query with these series. */
export function matrix(...series: readonly (readonly string[])[]): Reply {
  const result = series.map((values) => ({
    metric: {},
    values: values.map((value, index) => [1_700_000_000 + index, value]),
  }));
  return { body: { status: 'success', data: { resultType: 'matrix', result } } };
}
