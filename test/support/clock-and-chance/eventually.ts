import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined nor false, and returns it. Gives up after `withinMs` (30 s unless
 * told) with `what` was awaited, and with the last error if asking failed.
 */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 30_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const { answer, error } = await attempt(ask);
    if (isAnswer(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`did not happen within ${withinMs / 1000} s: ${what}`, { cause: error });
    }
    await sleep(50);
  }
}

async function attempt<T>(ask: () => T | Promise<T>): Promise<{ answer?: T; error?: unknown }> {
  try {
    return { answer: await ask() };
  } catch (error) {
    return { error };
  }
}

function isAnswer<T>(answer: T | undefined): answer is Exclude<T, undefined | false> {
  return answer !== undefined && answer !== false;
}
