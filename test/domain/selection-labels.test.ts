import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelValue, selectionLabels } from '../../src/domain/selection-labels.ts';

describe('selectionLabels', () => {
  test('leaves out what does not apply', () => {
    expect(selectionLabels({ app: 'shop', workload: '', version: '1.0.0' })).toEqual({
      'sluice.keptn.sh/app': 'shop',
      'sluice.keptn.sh/version': '1.0.0',
    });
  });
});

describe('labelValue', () => {
  test('keeps what may be a value', () => {
    const texts = ['1.0.0', 'a', 'v1_2-3', 'x'.repeat(63)];
    expect(texts.map(labelValue)).toEqual(texts);
  });

  test('gives other texts a legal value, never the same one twice', () => {
    const texts = ['1.0.0+build.5', '1.0.0-build.5+', '-x', 'ä', 'x'.repeat(64), 'x'.repeat(65)];
    const values = texts.map(labelValue);
    expect(new Set(values).size).toBe(texts.length);
    expect(values[0]).toMatch(/^1\.0\.0-build\.5-[a-z2-7]{10}$/);
  });

  test('is legal for any text, in time that does not grow with it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (text) => {
        expect(labelValue(text)).toMatch(/^(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/);
      }),
    );
  });
});
