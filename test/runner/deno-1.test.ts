import { describe, expect, it } from 'vitest';
import { deno } from '../../runner/languages/deno.ts';
import type { Invocation } from '../../runner/languages/language.ts';

const invocation: Invocation = {
  script: '/tmp/function.ts',
  interpreterOptions: [],
  scriptArguments: [],
  permissions: undefined,
  passedOn: [],
  resultFile: '/tmp/result',
  directory: '/tmp',
};

/** The lines are those of Deno 2.9. */
describe('a script that was written for Deno 1', () => {
  it.each([
    ['error: Uncaught (in promise) ReferenceError: window is not defined', 'window', 'globalThis'],
    [
      "error: Import assertions are deprecated. Use `with` keyword, instead of 'assert' keyword.",
      'import … assert { … }',
      'import … with { … }',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.writeAll is not a function',
      'Deno.writeAll',
      'the write() of a WritableStream writer',
    ],
    [
      'error: Uncaught TypeError: Deno.iter is not a function',
      'Deno.iter',
      'what https://docs.deno.com/runtime/reference/migration_guide/ names for it',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.Buffer is not a constructor',
      'Deno.Buffer',
      'what https://docs.deno.com/runtime/reference/migration_guide/ names for it',
    ],
  ])('fails with the cause and what to write instead: %s', (line, what, instead) => {
    expect(deno.remedy?.(line, invocation)).toBe(
      `the script was written for Deno 1, and this is Deno 2, which has no ${what}; write ${instead}`,
    );
  });

  it.each([
    'error: Uncaught (in promise) TypeError: shop.check is not a function',
    'error: Uncaught (in promise) ReferenceError: cart is not defined',
    'error: Uncaught (in promise) Error: the window is not defined',
  ])('is not told from an error of its own: %s', (line) => {
    expect(deno.remedy?.(line, invocation)).toBeUndefined();
  });
});
