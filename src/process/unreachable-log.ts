import type { Log } from '../ports/log.ts';
import type { Clock } from '../runtime/clock.ts';

const againAfterMs = 60_000;

/**
 * A log in which an API server that cannot be reached is one line, and one more each minute while that lasts: what is tried for
 * each kind says the same, and goes to debug.
 */
export function unreachableOnce(log: Log, clock: Pick<Clock, 'elapsed'>): Log {
  let toldAt: number | undefined;
  return {
    ...log,
    warn(fields, message) {
      if (fields['code'] !== 0) {
        log.warn(fields, message);
        return;
      }
      const now = clock.elapsed();
      log.debug(fields, message);
      if (toldAt !== undefined && now - toldAt < againAfterMs) return;
      toldAt = now;
      log.warn(
        {
          error: fields['error'],
        },
        'nothing works without the API server; it is tried again and again',
      );
    },
  };
}
