import type { Log } from '../ports/log.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { conversionPath } from '../admission/conversion-manifests.ts';
import { convertReview } from '../admission/convert.ts';
import { BadReview } from '../admission/respond.ts';
import { parsedJson } from './review-body.ts';
import type { ReviewMetrics } from './review-metrics.ts';

export interface ConversionRouteOptions {
  readonly metrics: ReviewMetrics;
  readonly log: Log;
}

const name = 'conversion';

/**
 * The route by which the API server has objects converted. It needs no cache: filling the caches may take a conversion, so
 * it answers from the moment the server listens, ready or not.
 */
export function addConversionRoute(app: FastifyInstance, options: ConversionRouteOptions): void {
  app.post(conversionPath, (request, reply) => answer(request.body, reply, options));
}

function answer(
  body: unknown,
  reply: FastifyReply,
  { metrics, log }: ConversionRouteOptions,
): FastifyReply {
  try {
    const { answer: review, problems } = convertReview(parsedJson(body));
    for (const problem of problems) {
      metrics.reviewed(name, 'unconvertible');
      log.warn({ ...problem }, 'an object could not be converted as a whole');
    }
    if (review.response.result.status === 'Success') metrics.reviewed(name, 'converted');
    return reply.type('application/json').send(JSON.stringify(review));
  } catch (error) {
    if (error instanceof BadReview) {
      metrics.reviewed(name, 'bad-review');
      return reply.code(400).send({ error: error.message });
    }
    metrics.reviewed(name, 'fault');
    const err = error instanceof Error ? error : new Error(String(error));
    log.error({ err }, 'objects could not be converted');
    return reply
      .code(500)
      .send({ error: 'the objects could not be converted; see the log of Sluice' });
  }
}
