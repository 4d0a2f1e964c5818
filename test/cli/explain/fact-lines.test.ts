import { expect, test } from 'vitest';
import { factLines } from '../../../src/cli/explain/fact-lines.ts';

const now = Date.parse('2026-01-02T00:00:00Z');

test('times stand with their distance from now, deadlines too', () => {
  expect(
    factLines(
      { job: 'j', startTime: '2026-01-01T23:56:48Z', deadline: '2026-01-02T00:01:48Z' },
      now,
    ),
  ).toEqual([
    'Job j, since 2026-01-01T23:56:48Z (3m12s ago), given up at 2026-01-02T00:01:48Z (in 1m48s)',
  ]);
});

test('long spans are told in their largest units', () => {
  const line = (startTime: string): string => factLines({ startTime }, now).join();
  expect(line('2025-12-30T21:00:00Z')).toContain('(2d3h ago)');
  expect(line('2026-01-01T10:00:00Z')).toContain('(14h ago)');
  expect(line('2025-12-03T00:00:00Z')).toContain('(30d ago)');
  expect(line('2026-01-02T00:00:00Z')).toContain('(0s ago)');
  expect(line('never')).toBe('since never');
});

test('what can be done stands at the end', () => {
  expect(factLines({ remedies: ['kubectl x'], notes: ['a note'] }, now)).toEqual([
    'a note',
    '→ kubectl x',
  ]);
});
