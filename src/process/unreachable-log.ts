import type { Log } from '../ports/log.ts';
import type { Clock } from '../runtime/clock.ts';

const againAfterMs = 60_000;

/**
 * Logs in which an API server that cannot be reached is one line for all of them, and one more each minute while that lasts: what
 * is tried for each kind, and for the Lease, says the same, and goes to debug. Such a line has the field `code` 0.
 */
export function unreachableOnce(clock: Pick<Clock, 'elapsed'>): (log: Log) => Log {
  let toldAt: number | undefined;
  return (log) => ({
    // Loggers keep their methods on a prototype.
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    error: (fields, message) => log.error(fields, message),
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
        { error: fields['error'] },
        'nothing works without the API server; it is tried again and again',
      );
    },
  });
}
