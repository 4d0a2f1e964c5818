import { readFile } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { addressHere } from './address-here.ts';
import type { AdmissionRoutesOptions } from './admission-routes.ts';
import { buildApp, buildProbeApp } from './app.ts';
import type { ReadinessCheck } from './health-routes.ts';
import type { ClientRule } from './client-identity.ts';
import { setConnectionLimits } from './connection-limits.ts';
import type { ServingCertificates } from './serving-certificate.ts';
import { defined } from '../api/json.ts';

export interface AdmissionServerOptions extends AdmissionRoutesOptions {
  readonly certificates: ServingCertificates;
  readonly listen: { readonly address: string; readonly port: number };
  /** A port for the probes over plain HTTP, for those who cannot check a certificate. */
  readonly probePort?: number;
  /** What must be so beside the certificate. */
  readonly readiness: readonly ReadinessCheck[];
  /** How long reviews are still answered after `/readyz` has begun to say no, until no more reviews come. */
  readonly drainMs?: number;
  /** Who may send reviews, and the file with the CA (PEM) that has signed their certificates; anybody, if not given. */
  readonly clients?: ClientRule & { readonly caFile: string };
}

/** A review in flight is answered within milliseconds; whatever is open after this is not one. */
const hardStopMs = 5_000;

/** The HTTPS server, with a beginning and an end (a `Part` of `runtime/lifecycle.ts`). */
export class AdmissionServer {
  readonly name = 'admission server';
  /** The drain, what is in flight after it, and a second for the sockets. */
  readonly stopWithinMs: number;
  readonly #options: AdmissionServerOptions;
  #app: FastifyInstance | undefined;
  #probes: FastifyInstance | undefined;
  #stopping: Promise<void> | undefined;
  #clientCa: string | undefined;

  constructor(options: AdmissionServerOptions) {
    this.#options = options;
    this.stopWithinMs = (options.drainMs ?? 0) + hardStopMs + 1_000;
  }

  /**
   * Resolves when the server listens. Rejects when there is no certificate to serve, and none is waited for, or when the port
   * is taken.
   */
  async start(): Promise<void> {
    const { certificates, listen, probePort } = this.#options;
    await certificates.start();
    const { clients } = this.#options;
    if (clients !== undefined) this.#clientCa = await readFile(clients.caFile, 'utf8');
    const readiness = this.#readiness();
    this.#app = buildApp({
      ...this.#options,
      readiness,
      server: (answer) => this.#httpsServer(answer),
      isStopping: () => this.#stopping !== undefined,
    });
    const host = addressHere(listen.address);
    await this.#app.listen({ host, port: listen.port });
    if (probePort !== undefined) {
      this.#probes = buildProbeApp(readiness);
      await this.#probes.listen({ host, port: probePort });
    }
  }

  /** The port of the webhooks, once started. */
  get port(): number {
    return portOf(this.#app);
  }

  /** The port of the plain probes, once started. */
  get probePort(): number {
    return portOf(this.#probes);
  }

  /**
   * Says first that it is not ready, goes on answering for `drainMs` with `Connection: close`, then takes no new
   * connection, answers what is in flight and closes the rest. A second call waits for the first.
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const { clock, drainMs = 0, certificates } = this.#options;
    certificates.stop();
    if (drainMs > 0) await new Promise<void>((resolve) => void clock.after(drainMs, resolve));
    const hardStop = clock.after(hardStopMs, () => this.#app?.server.closeAllConnections());
    await this.#app?.close();
    hardStop.cancel();
    await this.#probes?.close();
  }

  #readiness(): readonly ReadinessCheck[] {
    const { certificates, readiness } = this.#options;
    return [
      {
        name: 'certificate',
        problem: () => certificates.problem(),
        detail: () => certificates.detail(),
      },
      ...readiness,
      {
        name: 'running',
        problem: () => (this.#stopping === undefined ? undefined : 'the process is stopping'),
      },
    ];
  }

  #httpsServer(answer: RequestListener): Server {
    const { certificates } = this.#options;
    const ca = this.#clientCa;
    const rest = { minVersion: 'TLSv1.2', ...defined({ ca }) } as const;
    // Probes come without a certificate: who may do what is judged request by request.
    const asked = { requestCert: ca !== undefined, rejectUnauthorized: false };
    const { current } = certificates;
    const pair = current && { cert: current.cert, key: current.key };
    const server: HttpsServer = createServer({ ...pair, ...rest, ...asked }, answer);
    setConnectionLimits(server);
    // New connections get the new certificate; those that are open live on.
    certificates.onChange(({ cert, key }) => {
      server.setSecureContext({ cert, key, ...rest });
    });
    return server;
  }
}

function portOf(app: FastifyInstance | undefined): number {
  const address: AddressInfo | string | null | undefined = app?.server.address();
  if (typeof address !== 'object' || address === null)
    throw new Error('the server does not listen');
  return address.port;
}
