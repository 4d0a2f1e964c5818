import type { Logger } from '../telemetry/logger.ts';

/** Where the server writes what it sees. Never a body: it may hold what is nobody's business. */
export type ServerLog = Pick<Logger, 'info' | 'warn' | 'error'>;
