/** One way of sending a request to a collector. */
export interface Transport {
  /** Resolves with the body of the answer; rejects with `RequestFailed`. */
  send(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/** The collector did not take a request. */
export class RequestFailed extends Error {
  /** Whether the same request can never be taken (OTLP: a failure that must not be retried, and is about the data). */
  readonly isFinal: boolean;

  constructor(message: string, options: { readonly isFinal: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'RequestFailed';
    this.isFinal = options.isFinal;
  }
}
