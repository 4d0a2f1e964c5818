import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256, suffix } from '../../src/domain/hash.ts';

const text = fc.string({ maxLength: 12 });

test('sha256 is the standard one', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('suffixes are frozen: existing objects carry them in their names', () => {
  expect([suffix([]), suffix(['']), suffix(['a', 'b']), suffix(['ü', '💥'])]).toEqual([
    'b6dtccrb3r',
    'gm7dtzcnh5',
    'kp4x2tx3m5',
    'zjzyjafcww',
  ]);
});

test('a suffix is ten characters of lower-case base 32', () => {
  fc.assert(
    fc.property(fc.array(text), (parts) => {
      expect(suffix(parts)).toMatch(/^[a-z2-7]{10}$/);
    }),
  );
});

test('lists that read the same when joined have different suffixes', () => {
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (one, other) => {
      expect(suffix(one) === suffix(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  expect(suffix(['ab', 'c'])).not.toBe(suffix(['a', 'bc']));
  expect(suffix(['1:a'])).not.toBe(suffix(['', 'a']));
});
