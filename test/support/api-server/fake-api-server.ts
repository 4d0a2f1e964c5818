import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { generate } from 'selfsigned';

import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import type { Credentials } from '../../../src/kubernetes/auth/credentials.ts';
import { FakeWatch, isInScope, type Scope } from './fake-api-watch.ts';
import { MemoryStore } from '../../../src/cli/played/memory-store.ts';
import { TestClock } from '../clock-and-chance/test-clock.ts';

/** One request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  readonly isWatch: boolean;
}

/** What happens to a request instead of an answer. */
export type Fault =
  | { answer: number; body?: string; headers?: Record<string, string> }
  /** The connection breaks before an answer. */
  | 'reset'
  /** No answer ever comes. */
  | 'silence'
  /** The connection breaks after so many bytes of the answer's body. */
  | { cutAfter: number };

interface PlannedFault {
  matches: (request: SeenRequest) => boolean;
  fault: Fault;
  times: number;
}

interface Target extends Scope {
  readonly name: string | undefined;
  readonly isStatus: boolean;
}

/**
 * An API server over real HTTPS in this process, on a `MemoryStore`: lists in pages, watches with history, JSON patches,
 * deletions, and faults on demand. Only the kinds it was told about are served.
 */
export class FakeApiServer implements AsyncDisposable {
  readonly store: MemoryStore;
  readonly requests: SeenRequest[] = [];
  /** Connections (and TLS handshakes) so far. */
  connections = 0;
  /** Versions below this are forgotten: watches from there and lists continued there are answered with 410. */
  forgottenBefore = 0;
  /** How a watch from a forgotten version is told so. */
  expiredAs: 'status' | 'event' = 'status';
  /** The answer to a request is held back until this resolves. */
  beforeAnswer: (request: SeenRequest) => Promise<void> | undefined = () => undefined;
  /** The most objects of one page, if that is less than what is asked for. */
  pageLimit = Infinity;
  readonly #server: Server;
  readonly #kinds = new Set<Kind>();
  /** By the client's port: the TCP connections below TLS, which alone can be reset. */
  readonly #sockets = new Map<number | undefined, Socket>();
  readonly #faults: PlannedFault[] = [];
  readonly #watches: FakeWatch[] = [];
  readonly #lists = new Map<string, readonly KubernetesObject[]>();
  readonly #ca: string;
  #port = 0;

  static async start(...kinds: readonly Kind[]): Promise<FakeApiServer> {
    const { private: key, cert } = await generate(
      [{ name: 'commonName', value: 'fake-api-server' }],
      {
        keyType: 'ec',
        algorithm: 'sha256',
        extensions: [
          {
            name: 'subjectAltName',
            altNames: [
              { type: 7, ip: '127.0.0.1' },
              { type: 2, value: 'api.example' },
            ],
          },
        ],
      },
    );
    const server = new FakeApiServer({ key, cert }, kinds);
    await server.up();
    return server;
  }

  private constructor(certificate: { key: string; cert: string }, kinds: readonly Kind[]) {
    this.store = new MemoryStore(new TestClock());
    this.#ca = certificate.cert;
    for (const kind of kinds) this.serve(kind);
    this.#server = createServer(certificate, (request, response) => {
      void this.#handle(request, response);
    });
    this.#server.on('secureConnection', () => (this.connections += 1));
    this.#server.on('connection', (socket: Socket) => {
      const { remotePort } = socket;
      this.#sockets.set(remotePort, socket);
      socket.on('close', () => this.#sockets.delete(remotePort));
    });
  }

  /** Knows a kind from now on. */
  serve(kind: Kind): void {
    this.#kinds.add(kind);
  }

  /** Does not know a kind any more. */
  unserve(kind: Kind): void {
    this.#kinds.delete(kind);
  }

  /** The next so many requests like this meet with a fault. */
  fail(matches: (request: SeenRequest) => boolean, fault: Fault, times = 1): void {
    this.#faults.push({ matches, fault, times });
  }

  /** The watches that are open, of one kind if named. */
  watches(kind?: Kind): readonly FakeWatch[] {
    return this.#watches.filter((one) => one.isOpen && (kind ?? one.scope.kind) === one.scope.kind);
  }

  /** Requests seen, of one sort. */
  count(matches: (request: SeenRequest) => boolean): number {
    return this.requests.filter(matches).length;
  }

  /** Goes down: refuses connections and breaks those there are. */
  async down(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
    await closed;
  }

  /** Comes (back) up at the same address. */
  async up(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address: AddressInfo | string | null = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Credentials that lead here, with a token that changes each time it is refused. */
  credentials(): Credentials {
    const tls = { ca: this.#ca };
    let token = 1;
    return {
      server: new URL(`https://127.0.0.1:${this.#port}`),
      namespace: 'sluice',
      identity: async () => ({ tls, headers: { authorization: `Bearer token-${token}` } }),
      expire: () => void (token += 1),
      close: () => {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(incoming.url ?? '/', 'https://fake');
    const body = await text(incoming);
    const request: SeenRequest = {
      method: incoming.method ?? '',
      path: pathname,
      query,
      headers: incoming.headers,
      body: body === '' ? undefined : JSON.parse(body),
      isWatch: query.get('watch') === 'true',
    };
    this.requests.push(request);
    await this.beforeAnswer(request);
    if (this.#meetsFault(request, response)) return;
    try {
      this.#answer(request, response);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const { code, reason, message } = error;
      send(response, code, { kind: 'Status', apiVersion: 'v1', code, reason, message });
    }
  }

  #meetsFault(request: SeenRequest, response: ServerResponse): boolean {
    const planned = this.#faults.find(({ matches, times }) => times > 0 && matches(request));
    if (planned === undefined) return false;
    planned.times -= 1;
    const { fault } = planned;
    if (fault === 'reset') this.#reset(response);
    else if (fault !== 'silence' && 'cutAfter' in fault) return cutting(response, fault.cutAfter);
    else if (fault !== 'silence')
      response.writeHead(fault.answer, fault.headers).end(fault.body ?? '');
    return true;
  }

  #reset({ socket }: ServerResponse): void {
    this.#sockets.get(socket?.remotePort)?.resetAndDestroy();
  }

  #answer(request: SeenRequest, response: ServerResponse): void {
    const target = this.#target(request);
    if (target === undefined) {
      // What an API server says of a path it does not know, in plain text.
      response
        .writeHead(404, { 'content-type': 'text/plain', 'audit-id': 'a' })
        .end('404 page not found\n');
    } else if (request.isWatch) {
      this.#watch(target, request, response);
    } else if (target.name === undefined && request.method === 'GET') {
      this.#list(target, request, response);
    } else {
      send(response, 200, this.#single(target, request));
    }
  }

  #target({ path, query }: SeenRequest): Target | undefined {
    const parts =
      /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+\/[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?<status>\/status)?$/u.exec(
        path,
      )?.groups;
    if (parts === undefined) return undefined;
    const kind = [...this.#kinds].find(
      ({ apiVersion, plural }) =>
        apiVersion === (parts['core'] ?? parts['group']) && plural === parts['plural'],
    );
    if (kind === undefined) return undefined;
    return {
      kind,
      namespace: parts['namespace'],
      name: parts['name'],
      isStatus: parts['status'] !== undefined,
      labelSelector: query.get('labelSelector') ?? '',
      fieldSelector: query.get('fieldSelector') ?? '',
    };
  }

  #single(target: Target, { method, body }: SeenRequest): unknown {
    const { kind, namespace, name = '', isStatus } = target;
    const ref = { kind, name, ...(namespace !== undefined && { namespace }) };
    switch (method) {
      case 'GET': {
        const object = this.store.get(kind, namespace, name);
        if (object !== undefined) return object;
        const message = `${kind.plural} "${name}" not found`;
        throw new ClusterError({ code: 404, reason: 'NotFound', message });
      }
      case 'POST':
        return this.store.create(kind, body as KubernetesObject);
      case 'PUT':
        return this.store.update(kind, body as KubernetesObject);
      case 'PATCH': {
        if (!isStatus) return this.store.patch(ref, body as []);
        const [version, status] = body as { value: string }[];
        return this.store.writeStatus(ref, version?.value, status?.value);
      }
      default:
        this.store.delete(ref, (body as { preconditions?: object }).preconditions);
        return { kind: 'Status', apiVersion: 'v1', status: 'Success' };
    }
  }

  #list(target: Target, { query }: SeenRequest, response: ServerResponse): void {
    const [version = String(this.#version()), start = '0'] = (query.get('continue') ?? '').split(
      '/',
    );
    const isFirst = start === '0';
    const all = isFirst ? this.#snapshot(target) : this.#lists.get(version);
    if (all === undefined || (!isFirst && Number(version) < this.forgottenBefore)) throw expired();
    const at = isFirst ? String(this.#version()) : version;
    this.#lists.set(at, all);
    const limit = Math.min(Number(query.get('limit') ?? all.length), this.pageLimit);
    const end = Number(start) + limit;
    send(response, 200, {
      kind: `${target.kind.kind}List`,
      apiVersion: target.kind.apiVersion,
      metadata: { resourceVersion: at, ...(end < all.length && { continue: `${at}/${end}` }) },
      // Items of a list of built-in objects do not say what they are.
      items: all
        .slice(Number(start), end)
        .map(({ apiVersion: _version, kind: _kind, ...rest }) => rest),
    });
  }

  #snapshot(target: Target): readonly KubernetesObject[] {
    return this.store.list(target.kind).filter((object) => isInScope(target, object));
  }

  #watch(target: Target, { query }: SeenRequest, response: ServerResponse): void {
    const from = query.get('resourceVersion');
    const version = from === null ? undefined : Number(from);
    const isForgotten = version !== undefined && version < this.forgottenBefore;
    if (isForgotten && this.expiredAs === 'status') throw expired();
    const watch = new FakeWatch(target, response, {
      store: this.store,
      version: isForgotten ? Number.POSITIVE_INFINITY : version,
      reset: () => this.#reset(response),
    });
    this.#watches.push(watch);
    if (!isForgotten) return;
    const { code, reason, message } = expired();
    watch.event('ERROR', { kind: 'Status', apiVersion: 'v1', code, reason, message });
    watch.end();
  }

  #version(): number {
    return this.store.history.at(-1)?.version ?? 1;
  }
}

/** The answer will break off; answers that it is still to be made. */
function cutting(response: ServerResponse, after: number): false {
  const whole = response.end.bind(response);
  response.end = (body: unknown) => {
    const bytes = Buffer.from(String(body));
    if (after >= bytes.length) return whole(bytes);
    // The client has read what was sent, or it would never have come for it.
    let turns = 20;
    const cut = (): void => {
      turns -= 1;
      if (turns > 0) setImmediate(cut);
      else response.socket?.destroy();
    };
    if (after === 0) response.socket?.destroy();
    else response.write(bytes.subarray(0, after), cut);
    return response;
  };
  return false;
}

function expired(): ClusterError {
  return new ClusterError({ code: 410, reason: 'Expired', message: 'too old resource version' });
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
