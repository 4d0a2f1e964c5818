import { expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/telemetry/logger.ts';

function linesOf(options: Partial<LoggerOptions>) {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { lines, logger: createLogger({ level: 'info', format: 'json', write, ...options }) };
}

test('a line is one JSON object with level, time, message and fields, written before the call returns', () => {
  const { lines, logger } = linesOf({});
  logger.info({ kind: 'Pod', verdict: 'gated' }, 'admitted');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
    message: 'admitted',
    kind: 'Pod',
    verdict: 'gated',
  });
});

test('lines below the level are not written', () => {
  const { lines, logger } = linesOf({ level: 'warn' });
  logger.info({}, 'no');
  logger.warn({}, 'yes');
  expect(lines).toHaveLength(1);
});

test('text is one readable line, with quotes only where a value needs them', () => {
  const { lines, logger } = linesOf({ format: 'text' });
  logger.warn({ kind: 'Pod', reason: 'connection reset' }, 'watch ended');
  expect(lines[0]).toMatch(
    /^[\d:.]{12} warn {2}watch ended kind=Pod reason="connection reset"\n$/u,
  );
});

test('a child carries its fields on every line', () => {
  const { lines, logger } = linesOf({});
  logger.child({ controller: 'keptn-task' }).info({}, 'started');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ controller: 'keptn-task' });
});

test('an object that slips past the types is left out', () => {
  const { lines, logger } = linesOf({});
  const fields = JSON.parse('{"name":"a","pod":{"env":"secret"}}');
  logger.info(fields, 'seen');
  expect(lines[0]).not.toContain('secret');
});

test('an error is described by its class, its message and the messages of its causes', () => {
  const { lines, logger } = linesOf({});
  logger.error(
    { err: new TypeError('no answer', { cause: new Error('connection reset') }) },
    'failed',
  );
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    err: 'no answer',
    errorClass: 'TypeError',
    cause: 'connection reset',
    stack: expect.stringContaining('logger.test.ts'),
  });
});

test('an error that is its own cause is described all the same', () => {
  const { lines, logger } = linesOf({});
  const error = new Error('loop');
  error.cause = error;
  logger.error({ err: error }, 'failed');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: 'loop' });
});

test('text for people holds no character that steers a terminal', () => {
  const { lines, logger } = linesOf({ format: 'text' });
  logger.warn({ said: 'x\u001b[2J\u202e' }, 'a\u009b31m');
  expect(lines.join('')).toContain('a\\u009b31m');
  for (const hidden of ['\u001b', '\u009b', '\u202e']) expect(lines.join('')).not.toContain(hidden);
});
