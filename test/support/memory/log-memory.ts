import type { Log, LogFields } from '../../../src/ports/log.ts';

type Level = 'info' | 'warn' | 'error';

/** A log that a test can read. */
export class LogMemory implements Log {
  readonly lines: { level: Level; fields: LogFields; message: string }[] = [];

  /** Not kept: what is logged at this level is for people who look for a fault. */
  debug(): void {}

  info(fields: LogFields, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: LogFields, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }

  error(fields: LogFields, message: string): void {
    this.lines.push({ level: 'error', fields, message });
  }
}
