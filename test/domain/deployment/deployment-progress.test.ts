import { describe, expect, test } from 'vitest';
import {
  elapsed,
  looksStuck,
  reached,
} from '../../../src/domain/deployment/deployment-progress.ts';
import { rfc3339 } from '../../../src/domain/time.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const timeoutMs = 300_000;
const counts = { wanted: 3, updated: 1, available: 3, existing: 3 };

const at = (seconds: number, now: typeof counts, deploymentProgress = reached(counts, start)) =>
  elapsed(
    { deploymentProgress },
    { counts: now, startedAtMs: start, timeoutMs, now: start + seconds * 1000 },
  );

describe('the time-out of a deployment', () => {
  test('runs while nothing moves', () => {
    expect(at(200, counts)).toMatchObject({ record: undefined, stillForMs: 200_000 });
  });

  test('begins anew when more Pods are updated, or fewer old ones are left', () => {
    for (const better of [
      { ...counts, updated: 2, existing: 4 },
      { ...counts, updated: 1, existing: 2 },
      { ...counts, available: 4 },
    ]) {
      expect(at(200, better)).toMatchObject({
        record: { time: rfc3339(start + 200_000) },
        stillForMs: 0,
      });
    }
  });

  test('does not begin anew when a Pod comes and goes: only the most that was reached counts', () => {
    expect(at(200, { ...counts, available: 2 }).stillForMs).toBe(200_000);
    expect(at(250, counts).stillForMs).toBe(250_000);
  });

  test('writes nothing for progress within a tenth of it, and looks again then', () => {
    const better = { ...counts, updated: 3 };
    expect(at(10, better)).toEqual({ record: undefined, stillForMs: 0, wakeAfterMs: 20_000 });
    expect(at(30, better).record).toMatchObject({ updated: 3 });
  });

  test('of a deployment that began before anything was recorded runs from its beginning', () => {
    const options = { counts, startedAtMs: start, timeoutMs, now: start + 100_000 };
    expect(elapsed({}, options)).toMatchObject({
      record: { time: rfc3339(start), updated: 1 },
      stillForMs: 100_000,
    });
  });

  test('begins anew when a paused roll-out is resumed', () => {
    const resumed = { counts, startedAtMs: start + 150_000, timeoutMs, now: start + 200_000 };
    const status = { deploymentProgress: reached(counts, start) };
    expect(elapsed(status, resumed).stillForMs).toBe(50_000);
  });

  test('is not lengthened without end by a clock that was set back', () => {
    const later = reached(counts, start + 3_600_000);
    expect(at(100, counts, later).stillForMs).toBe(0);
    expect(at(100, counts, later).wakeAfterMs).toBeLessThanOrEqual(timeoutMs + 1);
  });

  test('looks again when the roll-out begins to look stuck, and when the time is over', () => {
    expect(at(10, counts).wakeAfterMs).toBe(20_000);
    expect(at(30, counts).wakeAfterMs).toBe(270_001);
    expect([looksStuck(29_999, timeoutMs), looksStuck(30_000, timeoutMs)]).toEqual([false, true]);
  });
});
