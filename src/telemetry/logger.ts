import { pino } from 'pino';

/**
 * What a log line may carry beside its message. Objects never go into a log, because objects hold Secrets and grow: a line
 * names its subject by uid, kind, namespace and name, and says the verdict.
 */
export interface LogFields {
  readonly [field: string]: string | number | boolean | undefined;
}

/** Writes log lines. Every line is written before the call returns, so that a crash loses none. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines all carry these fields. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'text';
  /** Takes whole lines, synchronously. */
  readonly write: (line: string) => void;
}

/** A logger that writes one line per call: JSON with `time` as RFC 3339 and the level as a word, or text for people. */
export function createLogger(options: LoggerOptions): Logger {
  const { write, format, level } = options;
  const destination = {
    write: format === 'json' ? write : (line: string) => write(textLine(line)),
  };
  const base = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (word) => ({ level: word }) },
    },
    destination,
  );
  return loggerOver(base);
}

/** The fields that describe an error: its class, its words, and the words of its causes; never a stack of a stranger's object. */
export function errorFields(error: unknown): LogFields {
  const chain: string[] = [];
  let current = error;
  // A cause may point back at its error.
  while (current !== undefined && chain.length < 8) {
    chain.push(wordsOf(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  const [message = 'unknown', ...causes] = chain;
  return {
    error: message,
    ...(error instanceof Error && { errorClass: error.name }),
    ...(causes.length > 0 && { cause: causes.join(': ') }),
  };
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : `a thrown ${typeof thrown}`;
}

function loggerOver(base: pino.Logger): Logger {
  return {
    debug: (message, fields) => base.debug(scalarsOf(fields), message),
    info: (message, fields) => base.info(scalarsOf(fields), message),
    warn: (message, fields) => base.warn(scalarsOf(fields), message),
    error: (message, fields) => base.error(scalarsOf(fields), message),
    with: (fields) => loggerOver(base.child(scalarsOf(fields))),
  };
}

// The type keeps objects out where it is believed; this keeps them out where a value came from outside.
function scalarsOf(fields: LogFields | undefined): LogFields {
  if (fields === undefined) return {};
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && typeof value !== 'object'),
  );
}

/** `05:21:00.123 warn  message  key=value key="two words"` */
function textLine(json: string): string {
  const { level, time, message, ...fields }: Record<string, unknown> = JSON.parse(json);
  const clock = String(time).slice('2026-01-01T'.length, -1);
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${quotedIfNeeded(String(value))}`,
  );
  return `${[clock, String(level).padEnd(5), String(message), ...pairs].join(' ')}\n`;
}

function quotedIfNeeded(value: string): string {
  return /^[^\s"=]+$/u.test(value) ? value : JSON.stringify(value);
}
