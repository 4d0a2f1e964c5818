/**
 * The API server's answer when it was not a success. `code` is the HTTP status (0: no answer came), `reason` the reason
 * of the metav1.Status (`AlreadyExists`, `Conflict`, `Forbidden`, …), the message the server's own words.
 */
export class ClusterError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  /** The reasons of the causes that the metav1.Status names: `NamespaceTerminating` for one. */
  readonly causes: readonly string[];

  constructor(
    answer: {
      code: number;
      reason: string;
      message: string;
      retryAfterMs?: number;
      causes?: readonly string[];
    },
    options?: { cause?: unknown },
  ) {
    super(answer.message, options);
    this.name = 'ClusterError';
    this.code = answer.code;
    this.reason = answer.reason;
    this.retryAfterMs = answer.retryAfterMs;
    this.causes = answer.causes ?? [];
  }
}

/** Whether a creation was refused because its Namespace is being deleted: nothing more can be created in it. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof ClusterError && error.causes.includes('NamespaceTerminating');
}
