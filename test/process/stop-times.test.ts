import { expect, it } from 'vitest';
import { configFrom } from '../../src/config/config.ts';
import {
  gracePeriodSeconds,
  longestProcessStopMs,
  stopTimes,
} from '../../src/process/stop-times.ts';

// What a Pod has that says nothing else (terminationGracePeriodSeconds).
const usualGraceMs = 30_000;

it('everything stops within the usual grace period of a Pod, with time to spare', () => {
  const { drainMs } = configFrom({ flags: new Map(), env: {} });
  expect(longestProcessStopMs(drainMs)).toBeLessThanOrEqual(usualGraceMs - 5_000);
  expect(gracePeriodSeconds(drainMs / 1_000)).toBe(usualGraceMs / 1_000);
});

it('a Pod that drains for longer has a longer grace period', () => {
  expect(longestProcessStopMs(60_000)).toBe(60_000 + 6_000 + 2_000 + 1_000);
  expect(gracePeriodSeconds(60)).toBe(74);
});

it('the controllers have time for each of what they stop', () => {
  const drainOfEngineMs = 5_000;
  const leaseMs = 2_000;
  const { controllersMs, tracesMs, metricsMs } = stopTimes;
  expect(metricsMs).toBeLessThanOrEqual(drainOfEngineMs);
  expect(drainOfEngineMs + tracesMs + leaseMs).toBeLessThan(controllersMs);
});
