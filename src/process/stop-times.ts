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
} as const;
