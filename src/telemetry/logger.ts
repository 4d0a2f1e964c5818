import type { Log, LogFields } from '../ports/log.ts';
import { visibleText } from '../api/text/visible-text.ts';
import { pino } from 'pino';

/**
 * Writes log lines. Every line is handed over before the call returns, so that a crash loses none. The ports that the engine,
 * the server and the cluster declare for their logs are satisfied by it.
 */
export interface Logger extends Log {
  /** A logger whose lines all carry these fields. */
  child(fields: LogFields): Logger;
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

function loggerOver(base: pino.Logger): Logger {
  return {
    debug: (fields, message) => base.debug(writable(fields), message),
    info: (fields, message) => base.info(writable(fields), message),
    warn: (fields, message) => base.warn(writable(fields), message),
    error: (fields, message) => base.error(writable(fields), message),
    child: (fields) => loggerOver(base.child(writable(fields))),
  };
}

// The types keep objects out where they are believed; this keeps them out where a value came from outside.
function writable(fields: object): Record<string, string | number | boolean> {
  const written: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries<unknown>({ ...fields })) {
    if (value instanceof Error) Object.assign(written, described(name, value));
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      written[name] = value;
  }
  return written;
}

/** The words of an error and of its causes, its class, and where it was thrown if it is a defect of ours. */
function described(name: string, error: Error): Record<string, string> {
  const causes: string[] = [];
  let cause = error.cause;
  // A cause may point back at its error.
  while (cause instanceof Error && causes.length < 8) {
    causes.push(cause.message);
    cause = cause.cause;
  }
  const isDefect =
    error.name === 'TypeError' || error.name === 'RangeError' || error.name === 'ReferenceError';
  return {
    [name]: error.message,
    errorClass: error.name,
    ...(causes.length > 0 && { cause: causes.join(': ') }),
    ...(isDefect && error.stack !== undefined && { stack: error.stack }),
  };
}

/** `05:21:00.123 warn  message  key=value key="two words"` */
function textLine(json: string): string {
  const { level, time, message, ...fields }: Record<string, unknown> = JSON.parse(json);
  const clock = String(time).slice('2026-01-01T'.length, -1);
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${quotedIfNeeded(String(value))}`,
  );
  return `${visibleText([clock, String(level).padEnd(5), String(message), ...pairs].join(' '))}\n`;
}

function quotedIfNeeded(value: string): string {
  return /^[^\s"=]+$/u.test(value) ? value : JSON.stringify(value);
}
