import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatGeneral,
  formatPlain,
  parseGoFloat,
  quoteGo,
} from '../../../src/domain/go/go-float.ts';

// Text, value as Go prints it, and Go's error: the output of a Go 1.26 program over the same texts.
const parsedByGo: readonly (readonly [text: string, value: string, error: string])[] = [
  ['', '0', 'strconv.ParseFloat: parsing "": invalid syntax'],
  ['1', '1', ''],
  ['+1', '1', ''],
  ['-1', '-1', ''],
  ['1.', '1', ''],
  ['.', '0', 'strconv.ParseFloat: parsing ".": invalid syntax'],
  ['.5', '0.5', ''],
  ['-.5e-3', '-0.0005', ''],
  ['1e5', '100000', ''],
  ['1E+5', '100000', ''],
  ['1e', '0', 'strconv.ParseFloat: parsing "1e": invalid syntax'],
  ['1e+', '0', 'strconv.ParseFloat: parsing "1e+": invalid syntax'],
  ['1_0', '10', ''],
  ['1__0', '0', 'strconv.ParseFloat: parsing "1__0": invalid syntax'],
  ['_1', '0', 'strconv.ParseFloat: parsing "_1": invalid syntax'],
  ['1_', '0', 'strconv.ParseFloat: parsing "1_": invalid syntax'],
  ['1_.5', '0', 'strconv.ParseFloat: parsing "1_.5": invalid syntax'],
  ['1._5', '0', 'strconv.ParseFloat: parsing "1._5": invalid syntax'],
  ['1_23.50_0_0e+1_2', '1.235e+14', ''],
  ['inf', '+Inf', ''],
  ['+Inf', '+Inf', ''],
  ['-infinity', '-Inf', ''],
  ['INFINITY', '+Inf', ''],
  ['infin', '0', 'strconv.ParseFloat: parsing "infin": invalid syntax'],
  ['nan', 'NaN', ''],
  ['NaN', 'NaN', ''],
  ['-nan', '0', 'strconv.ParseFloat: parsing "-nan": invalid syntax'],
  ['+nan', '0', 'strconv.ParseFloat: parsing "+nan": invalid syntax'],
  ['0x1p4', '16', ''],
  ['0x1P-2', '0.25', ''],
  ['0x.8p1', '1', ''],
  ['0x1', '0', 'strconv.ParseFloat: parsing "0x1": invalid syntax'],
  ['0x1p', '0', 'strconv.ParseFloat: parsing "0x1p": invalid syntax'],
  ['0x_1p4', '16', ''],
  ['0x1_8p0', '24', ''],
  ['0xg', '0', 'strconv.ParseFloat: parsing "0xg": invalid syntax'],
  ['1e400', '+Inf', 'strconv.ParseFloat: parsing "1e400": value out of range'],
  ['-1e400', '-Inf', 'strconv.ParseFloat: parsing "-1e400": value out of range'],
  ['1e-400', '0', ''],
  [
    '1.797693134862315808e308',
    '+Inf',
    'strconv.ParseFloat: parsing "1.797693134862315808e308": value out of range',
  ],
  ['1.7976931348623158e308', '1.7976931348623157e+308', ''],
  ['4.9e-324', '5e-324', ''],
  ['2e-324', '0', ''],
  ['3e-324', '5e-324', ''],
  [' 1', '0', 'strconv.ParseFloat: parsing " 1": invalid syntax'],
  ['1 ', '0', 'strconv.ParseFloat: parsing "1 ": invalid syntax'],
  ['1,0', '0', 'strconv.ParseFloat: parsing "1,0": invalid syntax'],
  ['0b1', '0', 'strconv.ParseFloat: parsing "0b1": invalid syntax'],
  ['0o7', '0', 'strconv.ParseFloat: parsing "0o7": invalid syntax'],
  ['1f', '0', 'strconv.ParseFloat: parsing "1f": invalid syntax'],
  ['12abc', '0', 'strconv.ParseFloat: parsing "12abc": invalid syntax'],
  [
    '0x1.fffffffffffff8p1023',
    '+Inf',
    'strconv.ParseFloat: parsing "0x1.fffffffffffff8p1023": value out of range',
  ],
  ['0x1p-1074', '5e-324', ''],
  ['0x1p-1075', '0', ''],
  ['0x1.8p-1075', '5e-324', ''],
  ['0x1.00000000000008p0', '1', ''],
  ['0x1.000000000000081p0', '1.0000000000000002', ''],
  ['0x1.00000000000018p0', '1.0000000000000004', ''],
  ['-0', '-0', ''],
  ['00012', '12', ''],
  ['1e0000000000000000000009', '1e+09', ''],
  ['0x1p99999999999', '+Inf', 'strconv.ParseFloat: parsing "0x1p99999999999": value out of range'],
  ['0x0p99999999999', '0', ''],
  ['0x1p-99999999999', '0', ''],
  ['0e9999999', '0', ''],
  ['1e99999999', '+Inf', 'strconv.ParseFloat: parsing "1e99999999": value out of range'],
  ['0x1.8p+1_0', '1536', ''],
  ['1_e5', '0', 'strconv.ParseFloat: parsing "1_e5": invalid syntax'],
  ['1e1_0', '1e+10', ''],
  ['1e_1', '0', 'strconv.ParseFloat: parsing "1e_1": invalid syntax'],
  ['\u00e9', '0', 'strconv.ParseFloat: parsing "\u00e9": invalid syntax'],
  ['"q"', '0', 'strconv.ParseFloat: parsing "\\"q\\"": invalid syntax'],
  ['\n', '0', 'strconv.ParseFloat: parsing "\\n": invalid syntax'],
  ['\t5', '0', 'strconv.ParseFloat: parsing "\\t5": invalid syntax'],
  ['0x', '0', 'strconv.ParseFloat: parsing "0x": invalid syntax'],
  ['0X1p1', '2', ''],
  ['0xAp0', '10', ''],
  ['0xap0', '10', ''],
  ['1p4', '0', 'strconv.ParseFloat: parsing "1p4": invalid syntax'],
  ['--1', '0', 'strconv.ParseFloat: parsing "--1": invalid syntax'],
  ['+-1', '0', 'strconv.ParseFloat: parsing "+-1": invalid syntax'],
  ['0x.p1', '0', 'strconv.ParseFloat: parsing "0x.p1": invalid syntax'],
  ['0x1.p1', '2', ''],
  ['\u200b1', '0', 'strconv.ParseFloat: parsing "\\u200b1": invalid syntax'],
  ['\u65e5', '0', 'strconv.ParseFloat: parsing "\u65e5": invalid syntax'],
  ['0_x1p4', '0', 'strconv.ParseFloat: parsing "0_x1p4": invalid syntax'],
  ['0x1_p4', '0', 'strconv.ParseFloat: parsing "0x1_p4": invalid syntax'],
  ['0x1p_4', '0', 'strconv.ParseFloat: parsing "0x1p_4": invalid syntax'],
];

// A number with its `%v` and its `FormatFloat(x, 'f', -1, 64)`, from the same program.
const printedByGo: readonly (readonly [number: string, general: string, plain: string])[] = [
  ['0e+00', '0', '0'],
  ['1e+00', '1', '1'],
  ['1e-01', '0.1', '0.1'],
  ['1e+06', '1e+06', '1000000'],
  ['1e+05', '100000', '100000'],
  ['1.23456e+05', '123456', '123456'],
  ['1.234567e+06', '1.234567e+06', '1234567'],
  ['1e+21', '1e+21', '1000000000000000000000'],
  ['1e+22', '1e+22', '10000000000000000000000'],
  ['1e-04', '0.0001', '0.0001'],
  ['1e-05', '1e-05', '0.00001'],
  ['1.2345e-04', '0.00012345', '0.00012345'],
  ['1.2345678901234568e+20', '1.2345678901234568e+20', '123456789012345680000'],
  ['1e+05', '100000', '100000'],
  ['9.99999e+05', '999999', '999999'],
  ['1.0000005e+06', '1.0000005e+06', '1000000.5'],
  ['-1e+06', '-1e+06', '-1000000'],
  ['3e-01', '0.3', '0.3'],
  ['1.23456789e+05', '123456.789', '123456.789'],
  ['1e+20', '1e+20', '100000000000000000000'],
];

describe('parseGoFloat', () => {
  test.each(parsedByGo)('reads %j as Go does', (text, value, error) => {
    const parsed = parseGoFloat(text);
    if (error !== '') expect(parsed).toEqual({ error });
    else expect('value' in parsed && formatGeneral(parsed.value)).toBe(value);
  });

  test('never throws and never reads a text with a space', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(parseGoFloat(`${before} ${after}`)).toHaveProperty('error');
      }),
    );
  });

  test('reads hexadecimal digits to the nearest float, also where they exceed its precision', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 200n }), (mantissa) => {
        expect(parseGoFloat(`0x${mantissa.toString(16)}p0`)).toEqual({ value: Number(mantissa) });
      }),
    );
  });

  test('reads a subnormal hexadecimal number with one rounding only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (steps) => {
        expect(parseGoFloat(`0x${steps.toString(16)}p-1074`)).toEqual({
          value: steps * 2 ** -1074,
        });
      }),
    );
  });
});

describe('formatPlain and formatGeneral', () => {
  test.each(printedByGo)('print %s as Go does', (number, general, plain) => {
    expect(formatGeneral(Number(number))).toBe(general);
    expect(formatPlain(Number(number))).toBe(plain);
  });

  test('print NaN and the infinities as Go does', () => {
    expect([Number.NaN, Infinity, -Infinity, -0].map(formatPlain)).toEqual([
      'NaN',
      '+Inf',
      '-Inf',
      '-0',
    ]);
    expect([Number.NaN, Infinity, -Infinity, -0].map(formatGeneral)).toEqual([
      'NaN',
      '+Inf',
      '-Inf',
      '-0',
    ]);
  });

  test('are read back as the same number', () => {
    fc.assert(
      fc.property(fc.double(), (number) => {
        expect(parseGoFloat(formatPlain(number))).toEqual({ value: number });
        expect(parseGoFloat(formatGeneral(number))).toEqual({ value: number });
      }),
    );
  });
});

describe('quoteGo', () => {
  test('escapes what cannot be printed as strconv.Quote does', () => {
    expect(quoteGo('a"\\\n\u0000\u007f\u200b日')).toBe('"a\\"\\\\\\n\\x00\\x7f\\u200b日"');
  });
});
