import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Message } from '../api-server/protobuf.ts';

/** A span as a collector got it. Times in milliseconds since the Unix epoch. */
export interface ReceivedSpan {
  readonly resource: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 5 is CONSUMER. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly events: readonly { readonly name: string; readonly atMs: number }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message: string };
}

const codes = ['unset', 'ok', 'error'] as const;
const msOf = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n);

/** The spans of an ExportTraceServiceRequest in protobuf (opentelemetry-proto v1). */
export function spansInProtobuf(body: Buffer): ReceivedSpan[] {
  return new Message(body).messages(1).flatMap((ofResource) =>
    ofResource.messages(2).flatMap((ofScope) =>
      ofScope.messages(2).map((span) => ({
        resource: attributesIn(ofResource.message(1), 1),
        scope: ofScope.message(1).text(1),
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentSpanId: span.hex(4),
        name: span.text(5),
        kind: Number(span.number(6)),
        startMs: msOf(span.number(7)),
        endMs: msOf(span.number(8)),
        attributes: attributesIn(span, 9),
        events: span
          .messages(11)
          .map((event) => ({ name: event.text(2), atMs: msOf(event.number(1)) })),
        links: span.messages(13).map((link) => ({
          traceId: link.hex(1),
          spanId: link.hex(2),
          attributes: attributesIn(link, 4),
        })),
        status: {
          code: codes[Number(span.message(15).number(3))] ?? 'unset',
          message: span.message(15).text(2),
        },
      })),
    ),
  );
}

function attributesIn(message: Message, number: number): Record<string, string> {
  return Object.fromEntries(
    message.messages(number).map((pair) => [pair.text(1), pair.message(2).text(1)]),
  );
}

const attributes = Type.Array(
  Type.Object({
    key: Type.String(),
    value: Type.Object({ stringValue: Type.Optional(Type.String()) }),
  }),
);
const nanoseconds = Type.String({ pattern: '^[0-9]+$' });
const jsonRequest = Type.Object({
  resourceSpans: Type.Array(
    Type.Object({
      resource: Type.Object({ attributes }),
      scopeSpans: Type.Array(
        Type.Object({
          scope: Type.Object({ name: Type.String() }),
          spans: Type.Array(
            Type.Object({
              traceId: Type.String(),
              spanId: Type.String(),
              parentSpanId: Type.Optional(Type.String()),
              name: Type.String(),
              kind: Type.Number(),
              startTimeUnixNano: nanoseconds,
              endTimeUnixNano: nanoseconds,
              attributes,
              events: Type.Array(Type.Object({ name: Type.String(), timeUnixNano: nanoseconds })),
              links: Type.Array(
                Type.Object({ traceId: Type.String(), spanId: Type.String(), attributes }),
              ),
              status: Type.Object({ code: Type.Number(), message: Type.Optional(Type.String()) }),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** The spans of an ExportTraceServiceRequest in JSON. */
export function spansInJson(body: Buffer): ReceivedSpan[] {
  const request: unknown = JSON.parse(body.toString('utf8'));
  if (!Value.Check(jsonRequest, request)) throw new TypeError('no ExportTraceServiceRequest');
  const record = (pairs: (typeof request)['resourceSpans'][number]['resource']['attributes']) =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue ?? '']));
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        resource: record(resource.attributes),
        scope: scope.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        startMs: msOf(BigInt(span.startTimeUnixNano)),
        endMs: msOf(BigInt(span.endTimeUnixNano)),
        attributes: record(span.attributes),
        events: span.events.map(({ name, timeUnixNano }) => ({
          name,
          atMs: msOf(BigInt(timeUnixNano)),
        })),
        links: span.links.map(({ traceId, spanId, attributes: pairs }) => ({
          traceId,
          spanId,
          attributes: record(pairs),
        })),
        status: { code: codes[span.status.code] ?? 'unset', message: span.status.message ?? '' },
      })),
    ),
  );
}
