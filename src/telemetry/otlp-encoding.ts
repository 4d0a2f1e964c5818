import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanContext, SpanRecord } from '../api/span.ts';
import { defined } from '../api/json.ts';

type Encoding = 'json' | 'protobuf';

/** Who sends the spans: OpenTelemetry's own attributes of its SDK, and these. */
export function resourceOf(attributes: Readonly<Record<string, string>>): Resource {
  return defaultResource().merge(resourceFromAttributes(attributes));
}

/** One ExportTraceServiceRequest. */
export function encoded(
  spans: readonly SpanRecord[],
  resource: Resource,
  encoding: Encoding,
): Uint8Array {
  const request = serializerOf(encoding).serializeRequest(
    spans.map((span) => readable(span, resource)),
  );
  if (request === undefined) throw new TypeError('spans could not be encoded');
  return request;
}

/** What an ExportTraceServiceResponse says of spans that were not accepted; nothing for an answer that is none. */
export function decoded(
  answer: Uint8Array,
  encoding: Encoding,
): { readonly rejectedSpans?: number; readonly errorMessage?: string } {
  if (answer.length === 0) return {};
  try {
    return serializerOf(encoding).deserializeResponse(answer).partialSuccess ?? {};
  } catch {
    // The status said that the request was accepted; some collectors say so in words of their own.
    return {};
  }
}

function serializerOf(encoding: Encoding) {
  return encoding === 'json' ? JsonTraceSerializer : ProtobufTraceSerializer;
}

const statusCodes = {
  ok: SpanStatusCode.OK,
  error: SpanStatusCode.ERROR,
  unset: SpanStatusCode.UNSET,
} as const;

function readable(span: SpanRecord, resource: Resource): ReadableSpan {
  const { parent, description } = span;
  return {
    name: span.name,
    // Keptn's kind for all spans. The conventions for CI/CD want SERVER and INTERNAL: where the two differ, Keptn's stays.
    kind: SpanKind.CONSUMER,
    spanContext: () => contextOf(span),
    ...(parent !== undefined && { parentSpanContext: contextOf(parent) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: {
      code: statusCodes[span.outcome],
      ...defined({ message: description }),
    },
    attributes: { ...span.attributes },
    links: span.links.map((link) => ({
      context: contextOf(link),
      attributes: { ...link.attributes },
    })),
    events: span.events.map(({ name, atMs }) => ({ name, time: hrTime(atMs) })),
    ended: true,
    resource,
    instrumentationScope: { name: span.scope },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, spanId }: SpanContext) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
