import { describe, expect, it, test } from 'vitest';

import { onThisClock } from '../../src/domain/clock-steps.ts';
import { elapsed, reached } from '../../src/domain/deployment/deployment-progress.ts';
import { timeToNextAttempt } from '../../src/domain/evaluation/evaluation-status.ts';
import { excessOf } from '../../src/domain/settings/retention-limits.ts';
import { rfc3339 } from '../../src/domain/time.ts';
import { anEvaluation } from '../support/builders/builders.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;
const minute = 60_000;

/** The clock is set by an hour when ten minutes have passed, and five more pass. */
const forward = {
  now: start + 15 * minute + hour,
  clockSteps: [{ fromMs: start + 10 * minute, toMs: start + 10 * minute + hour }],
};
const back = {
  now: start + 15 * minute - hour,
  clockSteps: [{ fromMs: start + 10 * minute, toMs: start + 10 * minute - hour }],
};

describe('a stored time', () => {
  it.each([forward, back])('lies as far back as time has passed since', (moment) => {
    expect(moment.now - onThisClock(start, moment)).toBe(15 * minute);
  });

  it('of after the step is left as it is', () => {
    for (const moment of [forward, back]) {
      const stored = moment.now - 2 * minute;
      expect(onThisClock(stored, moment)).toBe(stored);
    }
  });

  it('that this clock has skipped counts as the moment of the step', () => {
    expect(onThisClock(start + 30 * minute, forward)).toBe(start + 10 * minute + hour);
  });

  it('of a process that saw no step is taken as it is', () => {
    expect(onThisClock(start, { now: forward.now })).toBe(start);
  });

  it('that two steps have left behind is right again', () => {
    const clockSteps = [...forward.clockSteps, { fromMs: forward.now, toMs: forward.now - hour }];
    const moment = { now: start + 16 * minute, clockSteps };
    expect(moment.now - onThisClock(start, moment)).toBe(16 * minute);
  });
});

test.each([forward, back])('the time-out of a deployment is what passes', (moment) => {
  const counts = { wanted: 3, updated: 1, available: 3, existing: 3 };
  const deploymentProgress = reached(counts, start);
  const at = { counts, startedAtMs: start, timeoutMs: 20 * minute, ...moment };
  expect(elapsed({ deploymentProgress }, at)).toMatchObject({
    stillForMs: 15 * minute,
    record: undefined,
  });
});

test('the next attempt of an evaluation is as far away as it was', () => {
  const evaluation = anEvaluation({ spec: { retryInterval: '20m' } });
  const status = { ...evaluation.status, retryCount: 1, overallStatus: 'Progressing' } as const;
  const next = { ...status, evaluationStatus: {}, nextAttemptTime: rfc3339(start + 20 * minute) };
  for (const moment of [forward, back]) {
    expect(timeToNextAttempt(evaluation, next, moment)).toBe(5 * minute);
  }
});

test('history is kept for as long as was said', () => {
  const version = {
    apiVersion: 'a/v1',
    kind: 'A',
    metadata: { name: 'a', creationTimestamp: rfc3339(start) },
  };
  const limits = { versions: 10, maxAgeMs: 30 * minute, unusedAppMs: 0, suspended: false };
  expect(excessOf([version], limits, forward).versions).toEqual([]);
});
