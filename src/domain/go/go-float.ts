/**
 * Numbers as text, read and written exactly as Go's strconv does it: evaluation targets and metric values were written by
 * people and operators whose tools are Go programs, and are compared as text by scripts.
 */

/** The number in a text, or Go's own words for why there is none. */
export type ParsedFloat = { readonly value: number } | { readonly error: string };

const digits = String.raw`\d+(?:_\d+)*`;
const hexDigits = String.raw`[\da-f]+(?:_[\da-f]+)*`;
const decimalForm = new RegExp(
  String.raw`^[+-]?(?:${digits}(?:\.(?:${digits})?)?|\.${digits})(?:e[+-]?${digits})?$`,
  'i',
);
const hexForm = new RegExp(
  String.raw`^([+-]?)0x_?(?:(${hexDigits})(?:\.(${hexDigits})?)?|\.(${hexDigits}))p([+-]?${digits})$`,
  'i',
);
const specialForm = /^(?:([+-]?)inf(?:inity)?|nan)$/i;

/** `strconv.ParseFloat(text, 64)`: decimal, exponent, hexadecimal, `inf` and `nan`; no space, no overflow. */
export function parseGoFloat(text: string): ParsedFloat {
  const special = specialForm.exec(text);
  if (special !== null) {
    if (special[1] === undefined) return { value: Number.NaN };
    return { value: special[1] === '-' ? -Infinity : Infinity };
  }
  const value = decimalForm.test(text) ? Number(text.replaceAll('_', '')) : hexValue(text);
  if (value === undefined) return refused(text, 'invalid syntax');
  return Number.isFinite(value) ? { value } : refused(text, 'value out of range');
}

function refused(text: string, why: string): ParsedFloat {
  return { error: `strconv.ParseFloat: parsing ${quoteGo(text)}: ${why}` };
}

// Beyond these exponents every mantissa a caller could send is infinite or zero.
const largestExponent = 1_000_000;

function hexValue(text: string): number | undefined {
  const match = hexForm.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = match[4] ?? '', , exponent = '0'] = match;
  const hex = (whole + fraction).replaceAll('_', '');
  const fractionDigits = fraction.replaceAll('_', '').length;
  const power = Math.max(
    -largestExponent,
    Math.min(largestExponent, Number(exponent.replaceAll('_', ''))),
  );
  const magnitude = scaled(BigInt(`0x${hex}`), power - 4 * fractionDigits);
  return sign === '-' ? -magnitude : magnitude;
}

/** The float nearest to `mantissa · 2^exponent`, ties to even, as IEEE 754 asks. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const highestBit = mantissa.toString(2).length - 1 + exponent;
  if (highestBit > 1024) return Infinity;
  if (highestBit < -1080) return 0;
  // 2^unit is what the last bit of the result is worth: 53 bits of precision, fewer where the number is subnormal.
  const unit = Math.max(highestBit - 52, -1074);
  const shift = BigInt(unit - exponent);
  return Number(shift <= 0n ? mantissa << -shift : roundedHalfEven(mantissa, shift)) * 2 ** unit;
}

function roundedHalfEven(mantissa: bigint, shift: bigint): bigint {
  const quotient = mantissa >> shift;
  const rest = mantissa - (quotient << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

/** `strconv.FormatFloat(value, 'f', -1, 64)`: plain decimals, as few as tell the number from its neighbours. */
export function formatPlain(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const { sign, digits: shown, point } = shortest(value);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${shown}`;
  const padded = shown.padEnd(point, '0');
  const fraction = padded.slice(point);
  return `${sign}${padded.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Go's `%v` of a float: the same digits, with an exponent from 1e+06 upward and below 1e-04. */
export function formatGeneral(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  const { sign, digits: shown, point } = shortest(value);
  const exponent = point - 1;
  if (value === 0 || (exponent >= -4 && exponent < 6)) return formatPlain(value);
  const mantissa = shown.length === 1 ? shown : `${shown.slice(0, 1)}.${shown.slice(1)}`;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${power}`;
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** The shortest digits of a finite number and where its decimal point is: 12.5 is `125` with the point after 2. */
function shortest(value: number): { sign: string; digits: string; point: number } {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return { sign, digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

const namedEscapes: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': '\\\\',
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

/** `strconv.Quote`: the text in double quotes, what cannot be printed escaped. */
export function quoteGo(text: string): string {
  return `"${Array.from(text, quotedCharacter).join('')}"`;
}

function quotedCharacter(character: string): string {
  const named = namedEscapes[character];
  if (named !== undefined) return named;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return String.raw`\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x1_0000) return String.raw`\u${code.toString(16).padStart(4, '0')}`;
  return String.raw`\U${code.toString(16).padStart(8, '0')}`;
}
