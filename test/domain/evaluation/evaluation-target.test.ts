import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareWithTarget,
  targetError,
} from '../../../src/domain/evaluation/evaluation-target.ts';

describe('compareWithTarget', () => {
  test.each([
    ['5', '>4', true],
    ['4', '>4', false],
    ['4', '<4', false],
    ['3.99', '<4', true],
    ['1e3', '>999.5', true],
    ['-1', '<-0.5', true],
    ['0x10p0', '>15', true],
    ['+Inf', '>1e308', true],
    ['4', '<inf', true],
  ])('%s against %s: met is %s', (value, target, met) => {
    expect(compareWithTarget(value, target)).toEqual({ met });
  });

  test('a value or a target that is missing has no values to compare', () => {
    expect(compareWithTarget('', '>1')).toEqual({ error: 'no values' });
    expect(compareWithTarget('1', '')).toEqual({ error: 'no values' });
  });

  test('another operator is invalid, once both numbers could be read', () => {
    expect(compareWithTarget('1', '=1')).toEqual({ error: 'invalid operator' });
    expect(compareWithTarget('1', '日1')).toEqual({ error: 'invalid operator' });
    expect(compareWithTarget('1', '>=1')).toEqual({
      error: 'strconv.ParseFloat: parsing "=1": invalid syntax',
    });
  });

  test('a space before the number is an error, as in Keptn', () => {
    expect(compareWithTarget('1', '> 0')).toEqual({
      error: 'strconv.ParseFloat: parsing " 0": invalid syntax',
    });
  });

  test('a value that is no number is named before the target is looked at', () => {
    expect(compareWithTarget('n/a', 'x')).toEqual({
      error: 'strconv.ParseFloat: parsing "n/a": invalid syntax',
    });
  });

  test('NaN meets no target and is no error', () => {
    expect(compareWithTarget('NaN', '>0')).toEqual({ met: false });
    expect(compareWithTarget('0', '<nan')).toEqual({ met: false });
    expect(compareWithTarget('NaN', '?0')).toEqual({ met: false });
  });

  test('a number never meets both a target and its opposite, and neither when equal', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, finite, (value, bound) => {
        const above = compareWithTarget(String(value), `>${bound}`);
        const below = compareWithTarget(String(value), `<${bound}`);
        expect(above).toEqual({ met: value > bound });
        expect(below).toEqual({ met: value < bound });
      }),
    );
  });

  test('answers every pair of texts without throwing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, target) => {
        const comparison = compareWithTarget(value, target);
        expect('met' in comparison).not.toBe('error' in comparison);
      }),
    );
  });
});

describe('targetError', () => {
  test('says nothing about a target that a value could meet', () => {
    expect(targetError('<0.5')).toBeUndefined();
  });

  test('says what is wrong with one that none could', () => {
    expect(targetError('5')).toBe('strconv.ParseFloat: parsing "": invalid syntax');
    expect(targetError('!5')).toBe('invalid operator');
  });
});
