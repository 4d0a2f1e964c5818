import { expect, it } from 'vitest';

import { stopTimes } from '../../src/process/stop-times.ts';
import { configFrom } from '../../src/config/config.ts';

// What a Pod has that says nothing else (terminationGracePeriodSeconds).
const usualGraceMs = 30_000;
/** What the admission server takes beside its drain. */
const serverMs = 6_000;

it('everything stops within the usual grace period of a Pod, with time to spare', () => {
  const { drainMs } = configFrom({ flags: new Map(), env: {} });
  const { controllersMs, eventsMs, cachesMs, connectionMs } = stopTimes;
  const working = Math.max(drainMs + serverMs, controllersMs + eventsMs);
  expect(working + cachesMs + connectionMs).toBeLessThanOrEqual(usualGraceMs - 5_000);
});

it('the controllers have time for each of what they stop', () => {
  const drainOfEngineMs = 5_000;
  const leaseMs = 2_000;
  const { controllersMs, tracesMs, metricsMs } = stopTimes;
  expect(metricsMs).toBeLessThanOrEqual(drainOfEngineMs);
  expect(drainOfEngineMs + tracesMs + leaseMs).toBeLessThan(controllersMs);
});
