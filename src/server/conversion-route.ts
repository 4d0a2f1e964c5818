import type { Log } from '../ports/log.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { conversionPath } from '../admission/conversion-manifests.ts';
import { convertReview } from '../admission/convert.ts';
import { BadReview } from '../admission/respond.ts';
import { parsedJson } from './review-body.ts';
import type { ReviewCounts } from './review-counts.ts';

export interface ConversionRouteOptions {
  readonly counts: ReviewCounts;
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
  { counts, log }: ConversionRouteOptions,
): FastifyReply {
  try {
    const { answer: review, problems } = convertReview(parsedJson(body));
    for (const problem of problems) {
      counts.add(name, 'unconvertible');
      log.warn({ ...problem }, 'an object could not be converted as a whole');
    }
    if (review.response.result.status === 'Success') counts.add(name, 'converted');
    return reply.type('application/json').send(JSON.stringify(review));
  } catch (error) {
    if (error instanceof BadReview) {
      counts.add(name, 'bad-review');
      return reply.code(400).send({ error: error.message });
    }
    counts.add(name, 'fault');
    const err = error instanceof Error ? error : new Error(String(error));
    log.error({ err }, 'objects could not be converted');
    return reply
      .code(500)
      .send({ error: 'the objects could not be converted; see the log of Sluice' });
  }
}
