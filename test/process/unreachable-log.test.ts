import type { LogFields } from '../../src/ports/log.ts';
import { expect, test } from 'vitest';
import { unreachableOnce } from '../../src/process/unreachable-log.ts';

function seen() {
  const lines: string[] = [];
  const line = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level} ${message} ${String(fields['error'] ?? '')}`.trim());
  const clock = { at: 0, elapsed: () => clock.at };
  const log = unreachableOnce(
    { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    clock,
  );
  const warnings = () => lines.splice(0).filter((one) => one.startsWith('warn'));
  return { log, clock, warnings };
}

test('an API server that cannot be reached is one line for all kinds, and one more each minute', () => {
  const { log, clock, warnings } = seen();
  const error = 'the API server cannot be reached: connect ECONNREFUSED 127.0.0.1:1';
  const fail = () => {
    for (const kind of ['pods', 'jobs', 'keptntasks']) {
      log.warn({ code: 0, error }, `${kind} cannot be listed`);
    }
  };
  const once = [`warn nothing works without the API server; it is tried again and again ${error}`];
  fail();
  expect(warnings()).toEqual(once);
  clock.at = 59_000;
  fail();
  expect(warnings()).toEqual([]);
  clock.at = 60_000;
  fail();
  expect(warnings()).toEqual(once);
});

test('what the API server answers is told for each kind', () => {
  const { log, warnings } = seen();
  log.warn({ code: 403, error: 'no' }, 'pods cannot be listed');
  log.warn({ code: 403, error: 'no' }, 'jobs cannot be listed');
  expect(warnings()).toHaveLength(2);
});
