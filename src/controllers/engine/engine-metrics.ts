import type { QueueObserver } from '../../runtime/work-queue.ts';

/**
 * How a reconcile ended.
 * - `settled`: nothing is left to do until something changes.
 * - `gone`: there is nothing to decide.
 * - `refused`: the API server did not carry out an effect; it is tried again later.
 * - `unavailable`: a read or the status write failed; decided again later.
 * - `unsettled`: the decision asked for something new in every round; our mistake.
 * - `defect`: gathering or deciding threw; our mistake.
 * - `fenced`: this process may no longer write.
 */
export type ReconcileOutcome =
  | 'settled'
  | 'gone'
  | 'refused'
  | 'unavailable'
  | 'unsettled'
  | 'defect'
  | 'fenced';

/** What the engine reports about itself. Must not throw. */
export interface EngineMetrics {
  reconciled(controller: string, outcome: ReconcileOutcome, ms: number): void;
  /** The keys of an object of this kind could not be computed, so that it woke nothing; our mistake. */
  leftOut(controller: string, kind: string): void;
  /** What is measured of the queue of a controller; undefined where nothing is. */
  queue(controller: string): QueueObserver | undefined;
}

/** Metrics that are not kept. */
export const noMetrics: EngineMetrics = {
  reconciled: () => {},
  leftOut: () => {},
  queue: () => undefined,
};
