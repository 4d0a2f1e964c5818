import type { Clock } from './clock.ts';

/** Waits for a work, for so many milliseconds at most, and says whether it has ended. Rejects if the work does in that time. */
export async function endsWithin(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = clock.after(ms, () => resolve(false));
  // What fails after it was given up has no one left to tell.
  work.catch(() => undefined);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.cancel();
  }
}
