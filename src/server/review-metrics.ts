/** How reviews end. */
export type ReviewOutcome =
  | 'allowed'
  | 'patched'
  | 'denied'
  | 'converted'
  | 'unconvertible'
  | 'bad-review'
  | 'fault';

/** What the server reports of its work. Must not throw. */
export interface ReviewMetrics {
  /** A review ended so. */
  reviewed(webhook: string, outcome: ReviewOutcome): void;
  /** A request on the path of a webhook was answered, also one whose body was not even read. */
  responded(path: string, code: number, ms: number): void;
}
