import { withoutEnd } from '../../api/text/text-edges.ts';

/** Text that Go's `time.ParseDuration` refuses. */
export class DurationInvalid extends Error {
  constructor(text: string) {
    super(
      `"${text}" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)`,
    );
    this.name = 'DurationInvalid';
  }
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // U+00B5 (micro sign) and U+03BC (Greek mu), as Go has it.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

// A Go duration is a 64-bit count of nanoseconds.
const longestMs = 2 ** 63 / 1e6;
const segment = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`;
const whole = new RegExp(`^[-+]?(?:${segment})+$`);

/** Milliseconds of a Go duration (`1h2m3.5s`, `0`), with fractions for µs and ns; throws `DurationInvalid`. */
export function parseDuration(text: string): number {
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  if (!whole.test(text)) throw new DurationInvalid(text);
  let ms = 0;
  for (const [, amount = '', unit = ''] of unsigned.matchAll(new RegExp(segment, 'g'))) {
    ms += Number(amount) * (unitMs[unit] ?? 0);
  }
  if (ms >= longestMs) throw new DurationInvalid(text);
  return text.startsWith('-') ? -ms : ms;
}

/** As `parseDuration`, but `otherwise` for nothing and for text that is no duration: for reading what is already stored. */
export function durationOr(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  try {
    return parseDuration(text);
  } catch {
    return otherwise;
  }
}

/** The duration as Go's `String()` writes it: `1h2m3.5s`, `1.5ms`, `0s`. Parts below a nanosecond are rounded. */
export function formatDuration(ms: number): string {
  const wholeMs = Math.trunc(ms);
  const ns = BigInt(wholeMs) * 1_000_000n + BigInt(Math.round((ms - wholeMs) * 1e6));
  return ns < 0n ? `-${formatPositive(-ns)}` : formatPositive(ns);
}

/** The duration as Go stores it when it copies an object (`5m0s` for `5m`): text that is none stays as it is. */
export function asGoWrites(text: string): string {
  const ms = durationOr(text, Number.NaN);
  return Number.isNaN(ms) ? text : formatDuration(ms);
}

function formatPositive(ns: bigint): string {
  if (ns === 0n) return '0s';
  if (ns < 1_000n) return `${ns}ns`;
  if (ns < 1_000_000n) return `${decimal(ns, 3)}µs`;
  if (ns < 1_000_000_000n) return `${decimal(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^digits` in decimal, without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const padded = value.toString().padStart(digits + 1, '0');
  const fraction = withoutEnd(padded.slice(-digits), '0');
  const integer = padded.slice(0, -digits);
  return fraction === '' ? integer : `${integer}.${fraction}`;
}
