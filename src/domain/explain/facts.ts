/**
 * What is known about an object beside the one sentence on it, as fields, so that programs need not read prose. The command
 * line puts them into words. Times are RFC 3339.
 */
export interface Facts {
  /** Keptn's state word. */
  readonly state?: string;
  /** CamelCase, as in the condition. */
  readonly reason?: string;
  readonly message?: string;
  readonly job?: string;
  readonly exitCode?: number;
  /** How often the container was started again. */
  readonly restarts?: number;
  /** How often a function ran. */
  readonly runs?: number;
  readonly startTime?: string;
  readonly endTime?: string;
  /** When it is given up if it has not ended before. */
  readonly deadline?: string;
  /** The last lines that the container wrote. */
  readonly output?: string;
  /** The JSON that a function returned. */
  readonly result?: unknown;
  /** Of an evaluation. */
  readonly objectives?: readonly ObjectiveFact[];
  readonly measurements?: { readonly done: number; readonly atMost: number };
  readonly nextAttemptTime?: string;
  /** The latest value of a metric. */
  readonly value?: string;
  /** When that value was measured. */
  readonly measuredAt?: string;
  /** Of a version, those that have begun. */
  readonly phases?: readonly PhaseFact[];
  readonly pods?: PodCount;
  /** What else is worth a sentence. */
  readonly notes?: readonly string[];
  /** What the reader can do now: sentences, commands included. */
  readonly remedies?: readonly string[];
}

/** One objective of an evaluation with its last measurement. */
export interface ObjectiveFact {
  readonly metric: string;
  readonly state: string;
  readonly value?: string;
  readonly message?: string;
}

/** A phase that has begun. */
export interface PhaseFact {
  readonly phase: string;
  readonly state: string;
}

/** The Pods of an owner, and how many of them Sluice holds. */
export interface PodCount {
  readonly all: number;
  readonly held: number;
}
