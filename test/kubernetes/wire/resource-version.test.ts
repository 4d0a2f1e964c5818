import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareVersions, isOlder } from '../../../src/kubernetes/wire/resource-version.ts';

describe('resource versions', () => {
  it('are ordered as the integers they are, beyond what a number can hold', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 64n }),
        fc.bigInt({ min: 1n, max: 2n ** 64n }),
        (one, other) => {
          const order = compareVersions(String(one), String(other));
          expect(Math.sign(order ?? Number.NaN)).toBe(one < other ? -1 : Number(one > other));
        },
      ),
    );
  });

  it('are not ordered when they are anything else', () => {
    for (const odd of ['', '0', '01', '-1', '1.5', 'abc', '1e3']) {
      expect(compareVersions(odd, '5')).toBeUndefined();
      expect(isOlder(odd, '5')).toBe(false);
    }
    expect(compareVersions(undefined, '5')).toBeUndefined();
    expect(compareVersions('abc', 'abc')).toBe(0);
  });
});
