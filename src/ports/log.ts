/** What may stand beside a message. */
export type LogValue = string | number | boolean | Error | undefined;

/**
 * The fields of a log line. Objects never go into a log, because objects hold Secrets and grow: a line names its subject by
 * uid, kind, namespace and name, and says the verdict. An Error is written as its words and those of its causes.
 */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Where every part of the process writes what it sees: fields first, then the message, as pino has it. Never throws. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
