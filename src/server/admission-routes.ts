import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Webhook } from '../admission/registry.ts';
import { BadReview, respond } from '../admission/respond.ts';
import type { AdmissionReviewAnswer } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ReviewCounts, ReviewOutcome } from './review-counts.ts';
import type { ServerLog } from './server-log.ts';

export interface AdmissionRoutesOptions {
  readonly webhooks: readonly Webhook[];
  readonly lookup: Lookup;
  readonly clock: Clock;
  readonly counts: ReviewCounts;
  readonly log: ServerLog;
}

/** One route per webhook of the table. */
export function addAdmissionRoutes(app: FastifyInstance, options: AdmissionRoutesOptions): void {
  // The body is parsed once, here: fastify's own parser and its schemas would look at it a second and a third time.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  for (const webhook of options.webhooks) {
    app.post(webhook.path, (request, reply) =>
      answer(webhook, request.body, { ...options, reply }),
    );
  }
}

function answer(
  webhook: Webhook,
  body: unknown,
  { lookup, clock, counts, log, reply }: AdmissionRoutesOptions & { reply: FastifyReply },
): FastifyReply {
  try {
    const review = respond(webhook, parsedJson(body), { lookup, now: clock.now() });
    counts.add(webhook.name, outcomeOf(review));
    return reply.type('application/json').send(JSON.stringify(review));
  } catch (error) {
    if (error instanceof BadReview) {
      counts.add(webhook.name, 'bad-review');
      return reply.code(400).send({ error: error.message });
    }
    // Ours: the API server goes by the webhook's failure policy.
    counts.add(webhook.name, 'fault');
    const err = error instanceof Error ? error : new Error(String(error));
    log.error({ webhook: webhook.name, err }, 'a review could not be answered');
    return reply
      .code(500)
      .send({ error: 'the review could not be answered; see the log of Sluice' });
  }
}

function parsedJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new BadReview('the body is empty');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new BadReview('the body is no JSON', { cause });
  }
}

function outcomeOf({ response }: AdmissionReviewAnswer): ReviewOutcome {
  if (!response.allowed) return 'denied';
  return response.patch === undefined ? 'allowed' : 'patched';
}
