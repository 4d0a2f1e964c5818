import { expect, test } from 'vitest';
import { JobKind } from '../../src/api/builtin.ts';
import { decisionsLogged } from '../../src/process/decision-log.ts';
import { silentLog } from '../../src/kubernetes/wire/silent-log.ts';
import type { LogFields } from '../../src/ports/log.ts';

function logged(debugKey: string | undefined): LogFields[] {
  const lines: LogFields[] = [];
  const { onDecided } = decisionsLogged(debugKey, {
    ...silentLog,
    debug: (fields) => void lines.push(fields),
  });
  const decided = {
    controller: 'task',
    observation: {
      now: 7,
      kind: JobKind,
      named: new Map([['a', 1]]),
      made: new Set(['b']),
    },
    plan: { wakeAfterMs: 5 },
  };
  onDecided?.({ ...decided, key: { namespace: 'shop', name: 'check' } });
  onDecided?.({ ...decided, key: { namespace: 'shop', name: 'other' } });
  return lines;
}

test('the decisions on the key that is asked for are written, with the observation and the plan', () => {
  expect(logged('task/shop/check')).toEqual([
    {
      controller: 'task',
      namespace: 'shop',
      name: 'check',
      observation: '{"now":7,"kind":"batch/v1/Job","named":{"a":1},"made":["b"]}',
      plan: '{"wakeAfterMs":5}',
    },
  ]);
});

test('without a key nothing of an object is written', () => {
  expect(logged(undefined)).toEqual([]);
});
