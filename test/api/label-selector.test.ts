import { describe, expect, it } from 'vitest';

import { selects } from '../../src/api/label-selector.ts';

describe('a label selector', () => {
  const labels = { app: 'shop', 'keptn.sh/version': '1', empty: '' };

  it.each([
    ['', true],
    ['app=shop', true],
    ['app==shop', true],
    ['app = shop', true],
    ['app=other', false],
    ['app!=other', true],
    ['app!=shop', false],
    ['absent!=anything', true],
    ['absent=', false],
    ['empty=', true],
    ['keptn.sh/version', true],
    ['!keptn.sh/version', false],
    ['!absent', true],
    ['app in (shop,store)', true],
    ['app in (store)', false],
    ['app notin (store, mall)', true],
    ['absent in (a)', false],
    ['absent notin (a)', true],
    ['app in (shop,store),keptn.sh/version=1,!absent', true],
    ['app in (shop,store),keptn.sh/version=2', false],
  ])('%s: %s', (selector, want) => {
    expect(selects(selector, labels)).toBe(want);
  });

  it('that is none is an error, not an empty answer', () => {
    expect(() => selects('app >> shop', labels)).toThrow('"app >> shop" is not a requirement');
  });
});
