import type { SpanRecord } from '../api/span.ts';

/** Sends spans to one collector. */
export interface SpanExporter {
  /**
   * Resolves when the collector has accepted the spans, with its words if it kept some of them out. Rejects with
   * `SpansRejected` if it will never accept them, and with any other error if it may another time.
   */
  export(spans: readonly SpanRecord[], signal: AbortSignal): Promise<string | undefined>;
  /** Resolves when nothing is left of the connection. */
  close(): Promise<void>;
}
