import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../runtime/clock.ts';
import { addressHere } from './address-here.ts';
import { setConnectionLimits } from './connection-limits.ts';
import { withoutSchemas } from './without-schemas.ts';
import type { Log } from '../ports/log.ts';

export interface MetricsServerOptions {
  readonly listen: { readonly address: string; readonly port: number };
  /** Makes what is served, in Prometheus' text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
  /** A file with the token that a scrape must carry (`Authorization: Bearer …`), read at each one; anybody may scrape, if not given. */
  readonly tokenFile?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** So long one text answers every scrape: however many ask, and however often, reviews are hardly held up by it. */
const freshForMs = 1_000;

/** Few collectors scrape; everybody else on this port is a mistake or an attack. */
const mostFromOneAddress = 20;

/** `/metrics` over plain HTTP on a port of its own, with a beginning and an end (a `Part` of `runtime/lifecycle.ts`). */
export class MetricsServer {
  readonly name = 'metrics';
  readonly stopWithinMs = 1_000;
  readonly #options: MetricsServerOptions;
  readonly #app: FastifyInstance = Fastify({
    ...withoutSchemas,
    exposeHeadRoutes: false,
    bodyLimit: 1,
  });
  #made: { readonly text: Promise<string>; readonly atMs: number } | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#app.get('/metrics', async (request, reply) => {
      if (!(await this.#mayScrape(request.headers.authorization)))
        return reply
          .code(401)
          .header('www-authenticate', 'Bearer')
          .send({ error: 'the bearer token is missing or wrong' });
      return reply.type(options.contentType).send(await this.#text());
    });
    this.#app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const { statusCode = 500 } = error;
      if (statusCode < 500) return reply.code(statusCode).send({ error: error.message });
      options.log.error({ err: error }, 'a scrape of the metrics could not be answered');
      return reply
        .code(500)
        .send({ error: 'the metrics could not be read; see the log of Sluice' });
    });
  }

  /** Resolves when the server listens. Rejects when the port is taken or the token cannot be read. */
  async start(): Promise<void> {
    const { address, port } = this.#options.listen;
    await this.#token();
    setConnectionLimits(this.#app.server, mostFromOneAddress);
    await this.#app.listen({ host: addressHere(address), port });
  }

  /** The port, once started. */
  get port(): number {
    const address: AddressInfo | string | null = this.#app.server.address();
    if (typeof address !== 'object' || address === null)
      throw new Error('the server does not listen');
    return address.port;
  }

  async stop(): Promise<void> {
    this.#app.server.closeAllConnections();
    await this.#app.close();
  }

  #text(): Promise<string> {
    const nowMs = this.#options.clock.elapsed();
    if (this.#made !== undefined && nowMs - this.#made.atMs < freshForMs) return this.#made.text;
    const text = this.#options.text();
    this.#made = { text, atMs: nowMs };
    text.catch(() => (this.#made = undefined));
    return text;
  }

  async #mayScrape(authorization = ''): Promise<boolean> {
    const token = await this.#token();
    return token === undefined || isSame(authorization, `Bearer ${token}`);
  }

  async #token(): Promise<string | undefined> {
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return undefined;
    const token = (await readFile(tokenFile, 'utf8')).trim();
    if (token === '') throw new Error(`the file of the metrics token is empty: ${tokenFile}`);
    return token;
  }
}

/** Compares in a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
