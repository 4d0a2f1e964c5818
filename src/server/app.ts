import type { RequestListener, Server } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { addAdmissionRoutes, type AdmissionRoutesOptions } from './admission-routes.ts';
import { BodyBudget, bodyLimit } from './body-budget.ts';
import { addConversionRoute } from './conversion-route.ts';
import { addHealthRoutes, type ReadinessCheck } from './health-routes.ts';

export interface AppOptions extends AdmissionRoutesOptions {
  readonly readiness: readonly ReadinessCheck[];
  /** Makes the server that the app will answer on. */
  readonly server: (answer: RequestListener) => Server;
  /** Whether the process is about to stop: callers are then told to open their next connection elsewhere. */
  readonly isStopping: () => boolean;
}

/** Bytes of reviews in memory at once: eight of the largest, thousands of usual ones. */
const budgetBytes = 8 * bodyLimit;

/** The admission webhooks, the conversion and the probes. Nothing listens yet. */
export function buildApp(options: AppOptions): FastifyInstance {
  const app = Fastify({
    serverFactory: options.server,
    bodyLimit,
    // A review that arrives on an open connection while the process stops is answered like any other.
    return503OnClosing: false,
    exposeHeadRoutes: false,
  });
  limitMemory(app, new BodyBudget(budgetBytes));
  app.addHook('preHandler', (_request, reply, done) => {
    if (options.isStopping()) reply.header('connection', 'close');
    done();
  });
  answerErrors(app, options);
  takeBodiesAsTheyAre(app);
  addConversionRoute(app, options);
  addAdmissionRoutes(app, options);
  addHealthRoutes(app, options.readiness);
  return app;
}

/** The probes alone, for a port of their own. */
export function buildProbeApp(readiness: readonly ReadinessCheck[]): FastifyInstance {
  const app = Fastify({ exposeHeadRoutes: false });
  addHealthRoutes(app, readiness);
  return app;
}

/** A body is parsed once, where it is answered: fastify's own parser and its schemas would look at it a second and a third time. */
function takeBodiesAsTheyAre(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

function limitMemory(app: FastifyInstance, budget: BodyBudget): void {
  app.addHook('onRequest', (request, reply, done) => {
    const giveBack = budget.take(request.headers['content-length'] ?? bodyOf(request.method));
    if (giveBack === undefined) {
      void reply.code(503).header('retry-after', '1').send({ error: 'too many reviews at once' });
      return;
    }
    reply.raw.once('close', giveBack);
    done();
  });
}

/** A GET announces no body and has none. */
function bodyOf(method: string): string | undefined {
  return method === 'GET' ? '0' : undefined;
}

function answerErrors(app: FastifyInstance, { log }: AppOptions): void {
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      // A wrong media type is a bad envelope like any other.
      return reply.code(status === 415 ? 400 : status).send({ error: error.message });
    }
    log.error({ err: error }, 'a request could not be answered');
    return reply.code(500).send({ error: 'the request could not be answered' });
  });
}
