import { text } from 'node:stream/consumers';

import type { Dispatcher, Pool as UndiciPool } from 'undici';

import type { Clock } from '../../runtime/clock.ts';
import { type Proxy, shownProxy } from '../../runtime/proxy.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Credentials, TlsSettings } from '../auth/credentials.ts';
import { clusterError, Deadline } from './deadline.ts';
import { Pool, ProxyAgent } from './http-client.ts';
import { repeatAfterMs, type Verb } from './retry-policy.ts';
import { parseAnswer, errorOfAnswer, unavailable } from './status-error.ts';
import { defined } from '../../api/json.ts';

export type { Verb } from './retry-policy.ts';

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly random: () => number;
  /** `sluice/<version>`: what the API server's audit log shows. */
  readonly userAgent: string;
  /** What leads to the API server; default: it is connected to directly. */
  readonly proxy?: Proxy;
  /** How long a request may go without a byte of its answer. Default 30 s. */
  readonly timeoutMs?: number;
  /** Told of every answer; for metrics. Must not throw. */
  readonly onAnswer?: (answer: { verb: Verb; code: number; ms: number }) => void;
}

/** One request to the API server. */
export interface Request {
  readonly verb: Verb;
  readonly path: string;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** The form of the answer that is asked for; default `application/json`. */
  readonly accept?: string;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
  /** How long it may go without a byte, where the transport's own limit is too long. */
  readonly timeoutMs?: number;
  /** Asked before each try; a `no` rejects, and nothing is sent. Default: it may be sent. */
  readonly maySend?: () => boolean;
  /** Goes over connections of its own, so that it waits for no other request, and is sent once. */
  readonly isUrgent?: boolean;
}

/** The bytes of a successful answer, as they come. */
export type Body = AsyncIterable<Uint8Array>;

/** What the transport has done so far. */
export interface TransportCounts {
  /** Requests sent, repeated ones each time. */
  readonly requests: Readonly<Record<Verb, number>>;
  /** TCP (and TLS) connections opened. */
  readonly connections: number;
}

const methods: Readonly<Record<Verb, Dispatcher.HttpMethod>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

// The API server closes idle connections after 90 s (Go's IdleTimeout there). Giving them up earlier means that no
// request is ever sent into a connection that is being closed; undici's default of 4 s would mean a handshake for each.
const keepAliveTimeout = 60_000;

// HTTP/1.1 carries one request at a time. With fewer connections, fifty versions that pass their checks at the same moment
// wait for one another longer than for the API server (T5).
const maxConnections = 32;

// Of urgent requests there is one at a time; a second connection is for the one after it, when the first hangs.
const urgentConnections = 2;

// A proxy that never answers must not keep one of the connections for ever.
const tunnelTimeout = 10_000;

/**
 * The pools of one identity: watches hold their connections for minutes and must not take them from requests, and many slow
 * requests must not keep the renewal of the Lease waiting.
 */
interface Pools {
  readonly tls: TlsSettings;
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
  readonly urgent: Dispatcher;
}

/**
 * HTTP/1.1 to one API server over kept-alive connections. Every failure is a `ClusterError`: what the server answered, or
 * code 0 (`Unavailable`) when no answer came in time. A 401 renews the credentials and is tried once more; what else is
 * repeated is in `retry-policy.ts`. Bodies and answers are never logged.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #basePath: string;
  readonly #requests: Record<Verb, number> = {
    get: 0,
    list: 0,
    watch: 0,
    create: 0,
    update: 0,
    patch: 0,
    delete: 0,
  };
  #connections = 0;
  #pools: Pools | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#basePath = options.credentials.server.pathname.replace(/\/$/u, '');
  }

  get counts(): TransportCounts {
    return { requests: { ...this.#requests }, connections: this.#connections };
  }

  /** Sends a request and parses the JSON of its answer. */
  async request(request: Request): Promise<unknown> {
    return this.read(request, async (body) => parseAnswer(await text(body)));
  }

  /** Sends a request and reads its answer as `reader` does. When that fails, what it has read so far counts for nothing. */
  async read<T>(request: Request, reader: (body: Body) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      assertWanted(request);
      try {
        return await this.#try(request, reader);
      } catch (error) {
        if (request.isUrgent === true) throw error;
        const waitMs = repeatAfterMs(
          request.verb,
          { error: clusterError(error), tries },
          this.#options.random,
        );
        if (waitMs === undefined || request.signal?.aborted === true) throw error;
        await sleep(this.#options.clock, waitMs, request.signal);
      }
    }
  }

  /**
   * Opens a watch and answers its bytes as they come. The stream fails when the connection breaks, and ends when the server
   * ends the watch; aborting the signal closes it.
   */
  async stream(path: string, signal: AbortSignal, accept?: string): Promise<Body> {
    const deadline = new Deadline(this.#options.clock, this.#timeoutMs({}), signal);
    try {
      const request: Request = { verb: 'watch', path, ...defined({ accept }) };
      const { body } = await this.#send(request, deadline);
      deadline.lift();
      return body;
    } catch (error) {
      deadline.end();
      throw deadline.explain(error);
    }
  }

  /** Closes all connections, aborting what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.credentials.close();
    await destroy(this.#pools);
  }

  #timeoutMs(request: Pick<Request, 'timeoutMs'>): number {
    return request.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
  }

  async #try<T>(request: Request, reader: (body: Body) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#options.clock, this.#timeoutMs(request), request.signal);
    try {
      const { body } = await this.#send(request, deadline);
      return await reader(arriving(body, deadline));
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      deadline.end();
    }
  }

  /** Sends once, or twice when the credentials turn out to be outdated; answers only what succeeded. */
  async #send(request: Request, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    let answer = await this.#dispatch(request, deadline);
    if (answer.statusCode === 401) {
      await answer.body.dump();
      this.#options.credentials.expire();
      answer = await this.#dispatch(request, deadline);
    }
    const { statusCode, headers, body } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    const [retryAfter, auditId] = [headers['retry-after'], headers['audit-id']].map((value) =>
      typeof value === 'string' ? value : undefined,
    );
    throw errorOfAnswer(statusCode, await body.text(), { retryAfter, auditId });
  }

  async #dispatch(request: Request, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    const { clock, credentials, userAgent, onAnswer } = this.#options;
    const { verb, path, body } = request;
    const identity = await credentials.identity();
    const pools = this.#poolsFor(identity.tls);
    const startMs = clock.elapsed();
    const told = (code: number): void => onAnswer?.({ verb, code, ms: clock.elapsed() - startMs });
    this.#requests[verb] += 1;
    try {
      const answering = poolFor(request, pools).request({
        origin: credentials.server.origin,
        method: methods[verb],
        path: this.#basePath + path,
        headers: {
          ...identity.headers,
          accept: request.accept ?? 'application/json',
          'user-agent': userAgent,
          ...(body !== undefined && { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        // By default undici gives a connection up after a DELETE that had a body, which ours have (preconditions).
        reset: false,
        signal: deadline.signal,
      });
      // undici hears of an abort only when there is a connection: one that is being made does not hold up the caller.
      const answer = await Promise.race([answering, givenUp(deadline.signal)]);
      told(answer.statusCode);
      return answer;
    } catch (error) {
      told(0);
      throw this.#options.proxy === undefined ? error : throughProxy(this.#options.proxy, error);
    }
  }

  #poolsFor(tls: TlsSettings): Pools {
    if (this.#closed) throw unavailable('the connection to the API server is closed');
    if (this.#pools?.tls === tls) return this.#pools;
    const outdated = this.#pools;
    const pools = {
      tls,
      requests: this.#pool(tls, maxConnections),
      watches: this.#pool(tls, null),
      urgent: this.#pool(tls, urgentConnections),
    };
    this.#pools = pools;
    // What is under way ends on the old connections; watches end within their time-out.
    void outdated?.requests.close();
    void outdated?.watches.close();
    void outdated?.urgent.close();
    return pools;
  }

  #pool(tls: TlsSettings, connections: number | null): Dispatcher {
    const { credentials, proxy } = this.#options;
    const options = {
      connections,
      allowH2: false,
      keepAliveTimeout,
      keepAliveMaxTimeout: keepAliveTimeout,
      // Deadlines are ours (see `Deadline`): a watch may be silent for long, and tests move the clock by hand.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const connect = {
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      ...defined({ ca: tls.ca, cert: tls.cert, key: tls.key, servername: tls.serverName }),
      ...(tls.insecure === true && { rejectUnauthorized: false }),
    };
    const counted = (origin: URL | string, given: UndiciPool.Options): UndiciPool => {
      const pool = new Pool(origin, given);
      pool.on('connect', () => (this.#connections += 1));
      return pool;
    };
    if (proxy === undefined) return counted(credentials.server.origin, { ...options, connect });
    return new ProxyAgent({
      ...options,
      uri: proxy.url.href,
      requestTls: connect,
      factory: counted,
      clientFactory: (origin, given) =>
        new Pool(origin, { ...given, headersTimeout: tunnelTimeout }),
    });
  }
}

// A long list over a slow line takes its time; only silence is a failure.
async function* arriving(body: Body, deadline: Deadline): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    deadline.extend();
    yield chunk;
  }
}

/** Rejects when the signal aborts. */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted', { cause: signal.reason })), {
      once: true,
    });
  });
}

/** The cause may be the proxy's, and the user may not know that a proxy is set. */
function throughProxy(proxy: Proxy, error: unknown): Error {
  const words = error instanceof Error ? error.message || error.name : String(error);
  const remedy = proxy.setting.startsWith('proxy-url')
    ? ''
    : '; NO_PROXY names hosts and networks that are reached without it';
  return new Error(`through ${shownProxy(proxy)}: ${words}${remedy}`, { cause: error });
}

/** Rejects what must not be sent, or not any more. */
function assertWanted({ maySend, signal }: Request): void {
  if (maySend?.() === false) throw unavailable('this process may not send it any more');
  if (signal?.aborted === true) throw unavailable('the request was given up');
}

function poolFor({ verb, isUrgent }: Request, pools: Pools): Dispatcher {
  if (isUrgent === true) return pools.urgent;
  return verb === 'watch' ? pools.watches : pools.requests;
}

async function destroy(pools: Pools | undefined): Promise<void> {
  if (pools === undefined) return;
  await Promise.all([pools.requests, pools.watches, pools.urgent].map((pool) => pool.destroy()));
}
