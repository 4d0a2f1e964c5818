import type { Log } from '../kubernetes/wire/log.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The logger in the shape that the cluster's adapter writes to. */
export function clusterLog(log: Logger): Log {
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
  };
}
