import { parserOf, type Parser } from '../parse.ts';
import { list, object, oneOf, text, typed, type Static } from '../schema.ts';

/** ConversionReview of apiextensions.k8s.io/v1: objects that the API server wants in another version, and the answer. */

const conversionApiVersion = 'apiextensions.k8s.io/v1';

/** A group (a DNS subdomain), a slash and a version (a DNS label). */
const longestApiVersion = 253 + 1 + 63;

const conversionReview = object('', {
  apiVersion: oneOf('', [conversionApiVersion]),
  kind: oneOf('', ['ConversionReview']),
  request: object('', {
    uid: text('', { minLength: 1 }),
    desiredAPIVersion: text('', { maxLength: longestApiVersion }),
    // Each is looked at by itself, so that the answer can name the one that cannot be converted.
    objects: list('', typed<unknown>({})),
  }),
});

export type ConversionReview = Static<typeof conversionReview>;

/** All objects in the order asked, or why there are none; `result.message` is shown to the user. */
export interface ConversionReviewAnswer {
  apiVersion: typeof conversionApiVersion;
  kind: 'ConversionReview';
  response: {
    uid: string;
    result: { status: 'Success' } | { status: 'Failed'; message: string };
    convertedObjects?: unknown[];
  };
}

/** Judges the envelope only. */
export const parseConversionReview: Parser<ConversionReview> = parserOf(conversionReview);
