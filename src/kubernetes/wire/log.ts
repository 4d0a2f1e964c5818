/** What a log line may carry beside its message: never an object, a body or a token. */
export interface LogFields {
  readonly [field: string]: string | number | boolean | undefined;
}

/** Where the adapter writes what it sees: the shape of the logger of `src/telemetry`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
}

/** A log nobody reads. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {} };
