import type { LogFields } from '../../src/ports/log.ts';
import { expect, test } from 'vitest';
import { unreachableOnce } from '../../src/process/unreachable-log.ts';

function seen() {
  const lines: string[] = [];
  const line = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level} ${message} ${String(fields['error'] ?? '')}`.trim());
  const clock = { at: 0, elapsed: () => clock.at };
  const unreachable = unreachableOnce(clock);
  const base = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  const log = unreachable(base);
  const ofLease = unreachable(base);
  const warnings = () => lines.splice(0).filter((one) => one.startsWith('warn'));
  return { log, ofLease, clock, warnings };
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

test('the Lease says no more of it than that line', () => {
  const { log, ofLease, warnings } = seen();
  log.warn({ code: 0, error: 'connect ECONNREFUSED' }, 'pods cannot be listed');
  ofLease.warn({ code: 0, error: 'connect ECONNREFUSED' }, 'the Lease cannot be asked about');
  expect(warnings()).toHaveLength(1);
  ofLease.warn({ error: 'leases is forbidden' }, 'the Lease cannot be read or written');
  expect(warnings()).toHaveLength(1);
});
