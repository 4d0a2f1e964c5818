import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

/** How the proxy answers: 200 leads on, any other status does not. */
type Verdict = number | 'hang';

/**
 * An HTTP proxy on a loopback port. It resolves names in a way of its own: all of them, with every port, are the one target
 * on this machine. `CONNECT` makes a tunnel; a request with a whole URL is passed on.
 */
export class ConnectProxy implements AsyncDisposable {
  /** What it was asked, such as `CONNECT api.example:443`. */
  readonly asked: string[] = [];
  /** `Proxy-Authorization` of each of those. */
  readonly authorizations: (string | undefined)[] = [];
  verdict: Verdict = 200;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** Starts a proxy that leads to this port. */
  static async to(port: number): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(targetPort: number) {
    this.#server = createServer((request, response) => {
      this.#note(`${request.method} ${request.url}`, request.headers['proxy-authorization']);
      if (this.verdict === 'hang') return;
      if (this.verdict !== 200) {
        response.writeHead(this.verdict).end();
        return;
      }
      const { method, headers } = request;
      const { pathname, search } = new URL(request.url ?? '');
      const target = { port: targetPort, host: '127.0.0.1', method, path: pathname + search };
      const onward = forward({ ...target, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', ({ url, headers }, client: Socket) => {
      this.#note(`CONNECT ${url}`, headers['proxy-authorization']);
      if (this.verdict === 'hang') return;
      if (this.verdict !== 200) {
        client.end(`HTTP/1.1 ${this.verdict} Refused\r\n\r\n`);
        return;
      }
      const target = this.#keep(connect(targetPort, '127.0.0.1'));
      target.once('connect', () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        client.pipe(target).pipe(client);
      });
    });
  }

  /** Of the proxy, to put into a setting. */
  urlFor(host = '127.0.0.1', userInfo = ''): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not listening');
    return `http://${userInfo}${host}:${address.port}`;
  }

  get url(): string {
    return this.urlFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #note(asked: string, authorization: string | undefined): void {
    this.asked.push(asked);
    this.authorizations.push(authorization);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }
}
