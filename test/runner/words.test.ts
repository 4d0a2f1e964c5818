import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wordsOf } from '../../runner/words.ts';

it.each([
  ['', []],
  ['   ', []],
  ['-i test.txt', ['-i', 'test.txt']],
  ['a\tb\n c', ['a', 'b', 'c']],
  [`--name='a b' "c d"e`, ['--name=a b', 'c de']],
  [String.raw`a\ b "c\"d" 'e\f' "g\h"`, ['a b', 'c"d', String.raw`e\f`, String.raw`g\h`]],
  ['$HOME *', ['$HOME', '*']],
  [`''`, ['']],
  ['"a b', undefined],
  ["it's", undefined],
])('%j is %j', (text, want) => {
  expect(wordsOf(text)).toEqual(want);
});

it('splits quoted text as a shell does', () => {
  const word = fc.stringMatching(/^[a-z "'\\]{0,8}$/);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), (words) => {
      const quoted = words.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' ');
      expect(wordsOf(quoted)).toEqual(words);
    }),
  );
});

it('agrees with a shell', () => {
  const text = fc.stringMatching(/^[a-c "'\\]{0,12}$/).filter((one) => wordsOf(one) !== undefined);
  fc.assert(
    fc.property(text, (one) => {
      const script = `printf '%s\\0' ${one}`;
      const printed = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
      const want = printed.split('\0').slice(0, -1);
      // printf prints its format once for no arguments at all.
      expect(wordsOf(one)).toEqual(one.trim() === '' ? [] : want);
    }),
    { numRuns: 40 },
  );
});
