/**
 * What is left, in milliseconds, of a wait of `spanMs` that began at a stored time; 0 or less when it is over. A beginning
 * that lies further ahead than the wait is long was stored by a clock that was ahead, or before this one was set back: then
 * the wait is over, or it would last for as long as the clocks differ.
 */
export function remainingMs(beganAtMs: number, spanMs: number, now: number): number {
  return beganAtMs - now > spanMs ? 0 : beganAtMs + spanMs - now;
}
