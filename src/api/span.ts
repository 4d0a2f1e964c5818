/** Where a span is in a trace (W3C Trace Context), both in lower-case hex. */
export interface SpanContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
}

/** A span that has ended, as it is handed to an exporter. It says everything about itself: the same object gives the same span. */
export interface SpanRecord extends SpanContext {
  /** Name of the instrumentation scope (Keptn: tracer). */
  readonly scope: string;
  readonly name: string;
  /** Absent for the root of a trace. */
  readonly parent?: SpanContext;
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  /** Never before the start. */
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** In the order in which they happened. */
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** `unset` where the work was neither good nor bad: it was superseded. */
  readonly outcome: 'ok' | 'error' | 'unset';
  /** What is said of an error. */
  readonly description?: string;
}

/** Something that happened while a span ran. */
export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

/** Another span this one has to do with. */
export interface SpanLink extends SpanContext {
  readonly attributes: Readonly<Record<string, string>>;
}

/** The collector will never accept these spans as they are: sending them again is no use. */
export class SpansRejected extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpansRejected';
  }
}
