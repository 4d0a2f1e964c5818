import { BadReview } from '../admission/respond.ts';

/** The JSON in the body of a review; throws `BadReview` if there is none. */
export function parsedJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new BadReview('the body is empty');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new BadReview('the body is no JSON', { cause });
  }
}
