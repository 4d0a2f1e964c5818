import type { Log } from '../ports/log.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { conversionPath } from '../admission/conversion-manifests.ts';
import { type ConversionProblem, convertReview, refusedReview } from '../admission/convert.ts';
import { BadReview } from '../admission/respond.ts';
import { answerLimit } from './body-budget.ts';
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

/** So many objects of a review are named in the log; of the others it has the count. */
const mostLogged = 10;

/** The log is written while nothing else is answered, so that it must not grow with what somebody sends. */
function logProblems(problems: readonly ConversionProblem[], log: Log): void {
  for (const problem of problems.slice(0, mostLogged)) {
    log.warn({ ...problem }, 'an object could not be converted as a whole');
  }
  const others = problems.length - mostLogged;
  if (others > 0) log.warn({ others }, 'further objects could not be converted as a whole');
}

function answer(
  body: unknown,
  reply: FastifyReply,
  { metrics, log }: ConversionRouteOptions,
): FastifyReply {
  try {
    const { answer: review, problems } = convertReview(parsedJson(body));
    for (const _ of problems) metrics.reviewed(name, 'unconvertible');
    logProblems(problems, log);
    const text = JSON.stringify(review);
    if (Buffer.byteLength(text) > answerLimit) {
      metrics.reviewed(name, 'unconvertible');
      log.warn(
        { bytes: text.length, limit: answerLimit },
        'the answer to a conversion is too long',
      );
      return reply.send(
        refusedReview(review, `the answer would be longer than ${answerLimit} bytes`),
      );
    }
    if (review.response.result.status === 'Success') metrics.reviewed(name, 'converted');
    return reply.type('application/json').send(text);
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
