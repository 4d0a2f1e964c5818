/**
 * How long the parts of a process may take to stop, in milliseconds. Together with the drain of the admission server they stay
 * below the grace period of a Pod, or the kubelet would cut off what is still being answered: see `longestStopMs` and its test.
 */
export const stopTimes = {
  /** Metric queries are given up at once; what they were about to write is not waited for. */
  metricsMs: 2_000,
  /** The last spans are sent and marked in five seconds; one more for the connection to the collector. */
  tracesMs: 6_000,
  /** Reconciles in flight, spans, and the Lease. */
  controllersMs: 15_000,
  eventsMs: 4_000,
  cachesMs: 2_000,
  connectionMs: 1_000,
  /** What the admission server takes after its drain. */
  serverMs: 6_000,
} as const;

/** What a Pod has that says nothing else (`terminationGracePeriodSeconds`). */
const usualGraceSeconds = 30;
const spareSeconds = 5;

/** How long the whole process may take to stop, in milliseconds, if it still answers reviews for so long. */
export function longestProcessStopMs(drainMs: number): number {
  const { serverMs, controllersMs, eventsMs, cachesMs, connectionMs } = stopTimes;
  return Math.max(drainMs + serverMs, controllersMs + eventsMs) + cachesMs + connectionMs;
}

/** The grace period of a Pod of Sluice: what the process may take, with time to spare, and never less than usual. */
export function gracePeriodSeconds(drainSeconds: number): number {
  const needed = Math.ceil(longestProcessStopMs(drainSeconds * 1_000) / 1_000) + spareSeconds;
  return Math.max(usualGraceSeconds, needed);
}
