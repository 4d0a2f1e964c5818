import { hexDigest } from '../hash.ts';

/**
 * Ids of traces and spans follow from uids, so that a span's `traceparent` is known before it ends, and a span that is
 * exported again is the same span. Frozen: other systems hold these ids.
 */

/** The id of the trace that begins with an object. */
export function traceIdFor(uid: string): string {
  return hexDigest(['trace', uid], 32);
}

/** The id of the span of an attempt of an object. */
export function objectSpanId(uid: string, attempt: number): string {
  return hexDigest(['span', uid, String(attempt)], 16);
}

/** The id of the span of a phase of a version. */
export function phaseSpanId(uid: string, phase: string, attempt: number): string {
  return hexDigest(['span', uid, phase, String(attempt)], 16);
}
