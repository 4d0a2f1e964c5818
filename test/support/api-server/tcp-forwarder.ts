import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What stands before several processes, as a Service does: each connection goes to one of the targets in turn. */
export class TcpForwarder implements AsyncDisposable {
  readonly #server: Server;
  /** The sockets that are open, each with the port its connection leads to. */
  readonly #open = new Map<Socket, number>();
  #targets: readonly number[] = [];
  #turn = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#forward(socket));
  }

  /** Listens on this port of 127.0.0.1. */
  static async on(port: number): Promise<TcpForwarder> {
    const server = createServer({ pauseOnConnect: true });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TcpForwarder(server);
  }

  /** Connections go to these ports from now on; those that are open break. */
  to(...ports: readonly number[]): void {
    this.#targets = ports;
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Connections that are opened from now on go to these ports, and those that are open live on: what a Service does. */
  leadTo(...ports: readonly number[]): void {
    this.#targets = ports;
  }

  /** Resolves when no connection to this port is open any more. */
  async closed(port: number): Promise<void> {
    for (;;) {
      const [left] = [...this.#open].find(([, to]) => to === port) ?? [];
      if (left === undefined) return;
      await new Promise((resolve) => left.once('close', resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.to();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A target that does not listen is passed over: each is tried once, beginning with the one whose turn it is. */
  #forward(socket: Socket): void {
    const first = this.#turn % Math.max(1, this.#targets.length);
    this.#turn += 1;
    this.#tryInTurn(socket, [...this.#targets.slice(first), ...this.#targets.slice(0, first)]);
  }

  #tryInTurn(socket: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      socket.destroy();
      return;
    }
    const target = connect(port, '127.0.0.1');
    const refused = (): void => this.#tryInTurn(socket, others);
    target.once('error', refused);
    target.once('connect', () => {
      target.off('error', refused);
      this.#join(socket, target, port);
    });
  }

  #join(one: Socket, other: Socket, port: number): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#open.set(from, port);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
