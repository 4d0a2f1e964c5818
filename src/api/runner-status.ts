import { deepestLevel, isDeeperThan } from './depth.ts';
import { parserOf, type Parser } from './parse.ts';
import {
  bool,
  integer,
  list,
  object,
  oneOf,
  optional,
  text,
  typed,
  type Static,
} from './schema.ts';

/** What Sluice's runner leaves as termination message (contract: runner/README.md). Further fields may come. */
const runnerStatus = object('', {
  status: oneOf('', ['succeeded', 'failed']),
  message: text(''),
  timestamp: text(''),
  reason: text(''),
  exitCode: optional(integer('')),
  final: bool(''),
  attemptsAllowed: optional(integer('')),
  attemptsMade: optional(integer('')),
  attempts: optional(
    list(
      '',
      object('', {
        startedAt: optional(text('', { format: 'date-time' })),
        durationMs: optional(integer('')),
        reason: optional(text('')),
        exitCode: optional(integer('')),
        signal: optional(text('')),
        lastErrorLine: optional(text('')),
      }),
    ),
  ),
  result: optional(typed<unknown>({})),
  resultError: optional(object('', { reason: text(''), message: text('') })),
});

/** How a function went, as its runner tells it. */
export type RunnerStatus = Static<typeof runnerStatus>;

/** It stands a few levels down in every object that holds it. */
const deepestResult = deepestLevel - 10;

const parse: Parser<RunnerStatus> = parserOf(runnerStatus);

/**
 * The status in a termination message; undefined where the message is something else. All containers of a Pod share 12 KiB: in
 * one with more than three, injected ones included, the kubelet cuts the message off. What came whole before that counts.
 */
export function runnerStatusIn(message: string): RunnerStatus | undefined {
  if (!message.startsWith('{')) return undefined;
  const parsed = parse(jsonIn(message) ?? jsonIn(wholeFieldsOf(message)));
  return parsed.ok ? withFlatResult(parsed.value) : undefined;
}

/** A result that is too deep is none: it would be handed on to objects, which must not be. */
function withFlatResult(status: RunnerStatus): RunnerStatus {
  const { result, ...rest } = status;
  if (!isDeeperThan(result, deepestResult)) return status;
  const message = `the result is nested deeper than ${deepestResult} levels`;
  return { ...rest, resultError: { reason: 'ResultInvalid', message } };
}

function jsonIn(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** The object that is left when the last field, which is not whole, is taken away. */
function wholeFieldsOf(message: string): string {
  let depth = 0;
  let end = 0;
  for (const { 0: token, index } of message.matchAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}[\],]/gsu)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ',' && depth === 1) end = index;
  }
  return `${message.slice(0, end)}}`;
}
