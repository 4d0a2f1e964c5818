import { ConversionImpossible, convertObject } from '../api/conversion.ts';
import { type ConversionReviewAnswer, parseConversionReview } from '../api/conversion-review.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { describeErrors } from '../api/parse.ts';
import { BadReview } from './respond.ts';

/**
 * The answer to a ConversionReview, from nothing but the review: every object converted, or none and why. Throws `BadReview`
 * for what is no review.
 */
export function convertReview(body: unknown): ConversionReviewAnswer {
  const parsed = parseConversionReview(body);
  if (!parsed.ok) throw new BadReview(`no ConversionReview: ${describeErrors(parsed.errors)}`);
  const { apiVersion, kind, request } = parsed.value;
  const { uid, desiredAPIVersion, objects } = request;
  try {
    const convertedObjects = objects.map((one) => convertObject(one, desiredAPIVersion, ownKinds));
    const response = { uid, result: { status: 'Success' as const }, convertedObjects };
    return { apiVersion, kind, response };
  } catch (error) {
    if (!(error instanceof ConversionImpossible)) throw error;
    const { message } = error;
    return { apiVersion, kind, response: { uid, result: { status: 'Failed', message } } };
  }
}
