import type { Logger } from '../../../src/telemetry/logger.ts';

type Level = 'info' | 'warn' | 'error';

/** A log that a test can read. */
export class LogMemory implements Pick<Logger, Level> {
  readonly lines: { level: Level; fields: object; message: string }[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message });
  }
}
