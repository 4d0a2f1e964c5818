import type { RequestListener, Server } from 'node:http';
import type { Readable } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { conversionPath } from '../admission/conversion-manifests.ts';
import { addAdmissionRoutes, type AdmissionRoutesOptions } from './admission-routes.ts';
import { BodyBudget, bodyLimit } from './body-budget.ts';
import { clientProblem, type ClientRule } from './client-identity.ts';
import { addConversionRoute } from './conversion-route.ts';
import { addHealthRoutes, type ReadinessCheck } from './health-routes.ts';
import { BodyRefused, type ReceivedBody, receiveBody } from './receive-body.ts';
import { withoutSchemas } from './without-schemas.ts';

export interface AppOptions extends AdmissionRoutesOptions {
  readonly readiness: readonly ReadinessCheck[];
  /** Makes the server that the app will answer on. */
  readonly server: (answer: RequestListener) => Server;
  /** Whether the process is about to stop: callers are then told to open their next connection elsewhere. */
  readonly isStopping: () => boolean;
  /** Who may send reviews; anybody, if that is not known. */
  readonly clients?: ClientRule;
}

/**
 * Bytes of reviews in memory at once: a few of the largest, thousands of usual ones. What Pods and conversions need is their own:
 * neither is held up by what is sent to other paths.
 */
const budgets = { pods: 3 * bodyLimit, conversions: 4 * bodyLimit, others: 3 * bodyLimit };

/** The webhooks that no Pod starts without. */
const podPaths = [
  '/mutate-v1-pod',
  '/validate-v1-pod',
  '/mutate-withdrawn-v1-pod',
  '/validate-withdrawn-v1-pod',
];

/** The admission webhooks, the conversion and the probes. Nothing listens yet. */
export function buildApp(options: AppOptions): FastifyInstance {
  const app = Fastify({
    ...withoutSchemas,
    serverFactory: options.server,
    bodyLimit,
    // A review that arrives on an open connection while the process stops is answered like any other.
    return503OnClosing: false,
    exposeHeadRoutes: false,
  });
  refuseStrangers(app, options);
  app.addHook('preHandler', (_request, reply, done) => {
    if (options.isStopping()) reply.header('connection', 'close');
    done();
  });
  measure(app, options);
  answerErrors(app, options);
  takeBodiesAsTheyAre(app, options);
  addConversionRoute(app, options);
  addAdmissionRoutes(app, options);
  addHealthRoutes(app, options.readiness);
  return app;
}

/** The probes alone, for a port of their own. */
export function buildProbeApp(readiness: readonly ReadinessCheck[]): FastifyInstance {
  const app = Fastify({ ...withoutSchemas, exposeHeadRoutes: false });
  addHealthRoutes(app, readiness);
  return app;
}

/** A body is parsed once, where it is answered: fastify's own parser and its schemas would look at it a second and a third time. */
function takeBodiesAsTheyAre(app: FastifyInstance, { clock }: AppOptions): void {
  const others = new BodyBudget(budgets.others);
  const pods = new BodyBudget(budgets.pods);
  const own = new Map([
    [conversionPath, new BodyBudget(budgets.conversions)],
    ...podPaths.map((path) => [path, pods] as const),
  ]);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request: FastifyRequest, stream: Readable) =>
    receiveBody(stream, { budget: own.get(request.routeOptions.url ?? '') ?? others, clock }),
  );
  app.addHook('preHandler', (request, reply, done) => {
    const { body } = request;
    if (isReceived(body)) {
      // Until it is answered, or the client has gone.
      reply.raw.on('close', body.release);
      request.body = body.bytes;
    }
    done();
  });
}

function isReceived(body: unknown): body is ReceivedBody {
  return typeof body === 'object' && body !== null && 'release' in body;
}

/** What was asked for and how it was answered; paths that nothing is served on are left out, for anybody can ask for any. */
function measure(app: FastifyInstance, { metrics }: AppOptions): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url } = request.routeOptions;
    if (request.method === 'POST' && url !== undefined)
      metrics.responded(url, reply.statusCode, reply.elapsedTime);
    done();
  });
}

/** Only the API server is answered, if it is known by a certificate. For conversions it has none, and they tell nothing. */
function refuseStrangers(app: FastifyInstance, { clients }: AppOptions): void {
  if (clients === undefined) return;
  app.addHook('onRequest', (request, reply, done) => {
    const isOpen = request.method === 'GET' || request.routeOptions.url === conversionPath;
    const problem = isOpen ? undefined : clientProblem(request.raw, clients);
    if (problem === undefined) return done();
    void reply.code(403).header('connection', 'close').send({ error: problem });
  });
}

function answerErrors(app: FastifyInstance, { log }: AppOptions): void {
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (error instanceof BodyRefused) {
      // The rest of the body is not waited for.
      reply.header('connection', 'close');
      if (status === 503) reply.header('retry-after', '1');
      return reply.code(status).send({ error: error.message });
    }
    if (status < 500) {
      // A wrong media type is a bad envelope like any other.
      return reply.code(status === 415 ? 400 : status).send({ error: error.message });
    }
    log.error({ err: error }, 'a request could not be answered');
    return reply.code(500).send({ error: 'the request could not be answered' });
  });
}
