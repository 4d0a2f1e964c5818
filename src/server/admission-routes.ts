import type { Log } from '../ports/log.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Webhook } from '../admission/registry.ts';
import { AdmittedLately } from './admitted-lately.ts';
import { BadReview, respond } from '../admission/respond.ts';
import type { AdmissionReviewAnswer } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Clock } from '../runtime/clock.ts';
import { parsedJson } from './review-body.ts';
import type { ReviewMetrics, ReviewOutcome } from './review-metrics.ts';

export interface AdmissionRoutesOptions {
  readonly webhooks: readonly Webhook[];
  readonly lookup: Lookup;
  readonly clock: Clock;
  readonly metrics: ReviewMetrics;
  readonly log: Log;
}

/** One route per webhook of the table. */
export function addAdmissionRoutes(app: FastifyInstance, options: AdmissionRoutesOptions): void {
  const lately = new AdmittedLately(options.clock);
  const lookup = lately.over(options.lookup);
  for (const webhook of options.webhooks) {
    app.post(webhook.path, (request, reply) =>
      answer(webhook, request.body, { ...options, lookup, lately, reply }),
    );
  }
}

function answer(
  webhook: Webhook,
  body: unknown,
  {
    lookup,
    lately,
    clock,
    metrics,
    log,
    reply,
  }: AdmissionRoutesOptions & { readonly lately: AdmittedLately; readonly reply: FastifyReply },
): FastifyReply {
  try {
    const review = respond(webhook, parsedJson(body), {
      lookup,
      now: clock.now(),
      answered: (request, given) => lately.note(request, given),
    });
    metrics.reviewed(webhook.name, outcomeOf(review));
    return reply.type('application/json').send(JSON.stringify(review));
  } catch (error) {
    if (error instanceof BadReview) {
      metrics.reviewed(webhook.name, 'bad-review');
      return reply.code(400).send({ error: error.message });
    }
    // Ours: the API server goes by the webhook's failure policy.
    metrics.reviewed(webhook.name, 'fault');
    const err = error instanceof Error ? error : new Error(String(error));
    log.error({ webhook: webhook.name, err }, 'a review could not be answered');
    return reply
      .code(500)
      .send({ error: 'the review could not be answered; see the log of Sluice' });
  }
}

function outcomeOf({ response }: AdmissionReviewAnswer): ReviewOutcome {
  if (!response.allowed) return 'denied';
  return response.patch === undefined ? 'allowed' : 'patched';
}
