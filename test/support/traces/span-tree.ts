import { expect } from 'vitest';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { ReceivedSpan } from './received-spans.ts';

/** The spans a collector holds, by id: what it got more than once must have been the same each time. */
export function distinctSpans({ spans }: Pick<OtlpReceiver, 'spans'>): ReceivedSpan[] {
  const byId = new Map<string, ReceivedSpan>();
  for (const span of spans) {
    const known = byId.get(span.spanId);
    if (known !== undefined) expect(span).toEqual(known);
    byId.set(span.spanId, span);
  }
  return [...byId.values()];
}

/**
 * Spans as an indented tree of names and status codes; of spans below the same one those that started first come first, then
 * by name. The random-looking ends of names are left out.
 */
export function spanTree(spans: readonly ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parentSpanId: string, depth: number): string[] =>
    spans
      .filter((span) => span.parentSpanId === parentSpanId)
      .toSorted((one, other) => one.startMs - other.startMs || rank(one) - rank(other))
      .flatMap((span) => [
        `${'  '.repeat(depth)}${plainName(span)} ${span.status.code}`,
        ...below(span.spanId, depth + 1),
      ]);
  const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== '' && !ids.has(parentSpanId));
  return [...below('', 0), ...orphans.map((span) => `orphan ${plainName(span)}`)];
}

/** The name of a span without what makes names of objects unique. */
export function plainName({ name }: Pick<ReceivedSpan, 'name'>): string {
  return name
    .replace(/-[a-z2-7]{10}$/u, '')
    .replace(/^(?<app>\w+)-[0-9a-f]{10}-[0-9a-f]{8}$/u, '$<app>');
}

const phases = [
  'PreDeployTasks',
  'PreDeployEvaluations',
  'Deploy',
  'PostDeployTasks',
  'PostDeployEvaluations',
];

/** Phases in their order; what is none in the order of names. */
function rank({ name }: ReceivedSpan): number {
  const phase = phases.findLastIndex((one) => name.endsWith(one));
  return phase === -1 ? name.charCodeAt(name.indexOf('-') + 1) : phase;
}
