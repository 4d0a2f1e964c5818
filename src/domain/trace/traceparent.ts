import type { SpanContext } from '../../api/span.ts';

/** The key of W3C trace context in Keptn's carriers: metadata, annotations, `phaseTraceIDs`, `spec.traceId`. */
export const traceparentKey = 'traceparent';

/** A map that carries W3C trace context, as Keptn's fields do. */
export type Carrier = Readonly<Record<string, string>>;

// W3C Trace Context §3.2: version, trace id, parent id, flags; versions after 00 may say more behind that.
const pattern =
  /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?$/u;
const zeros = /^0+$/u;

/** The span that a `traceparent` names; undefined for text that names none. */
export function spanOf(traceparent: string | undefined): SpanContext | undefined {
  const { version, traceId, spanId, more } = pattern.exec(traceparent?.trim() ?? '')?.groups ?? {};
  if (traceId === undefined || spanId === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return zeros.test(traceId) || zeros.test(spanId) ? undefined : { traceId, spanId };
}

/** The span's `traceparent`. Every span of ours is recorded, so its flags say sampled. */
export function traceparentOf({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** A carrier of the span. */
export function carrierOf(span: SpanContext): Record<string, string> {
  return { [traceparentKey]: traceparentOf(span) };
}

/** What a carrier holds beside trace context. */
export function withoutTraceContext(metadata: Carrier): Record<string, string> {
  const { [traceparentKey]: _traceparent, tracestate: _tracestate, ...rest } = metadata;
  return rest;
}
