const dayMs = 86_400_000;

/** How long certificates and their parts in a rotation last, in milliseconds. */
export const lifetimes = {
  authorityMs: 365 * dayMs,
  leafMs: 90 * dayMs,
  /** Certificates are valid from so long before they were made: clocks of machines differ. */
  backdatedMs: dayMs,
  /**
   * So long a new authority stands in every caBundle before anything it has signed is served: each API server reads the
   * bundles by a watch of its own, and one of several may be late.
   */
  settleMs: 30_000,
  /** So long after a new authority was made the former ones stay trusted: what they have signed has expired by then. */
  formerMs: 91 * dayMs,
  /** Everything is looked at again after this time, whatever the watches said. */
  lookMs: 600_000,
} as const;
