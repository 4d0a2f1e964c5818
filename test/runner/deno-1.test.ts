import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      'error: Uncaught (in promise) TypeError: Deno.iter(...) is not a function or its return value is not async iterable',
      'Deno.iter',
      'for await over the readable of the file or connection',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.Buffer is not a constructor',
      'Deno.Buffer',
      'Buffer of jsr:@std/io',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.resources is not a function',
      'Deno.resources',
      'what https://docs.deno.com/runtime/reference/migration_guide/ names for it',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.fsyncSync is not a function',
      'Deno.fsyncSync',
      'the method of that name of the file',
    ],
    [
      'error: Uncaught (in promise) TypeError: Deno.env is not a function',
      'Deno.env',
      'Deno.env.get()',
    ],
    [
      'error: Expected a JavaScript or TypeScript module, but identified a Json module. Consider importing Json modules with an import attribute with the type of "json".',
      'import of JSON without its type',
      "import … with { type: 'json' }",
    ],
    [
      'error: Uncaught (in promise) TypeError: Attempted to load JSON module without specifying "type": "json" attribute in the import statement.',
      'import of JSON without its type',
      "import … with { type: 'json' }",
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
    'error: Uncaught (in promise) TypeError: Deno.copyFiles is not a function',
    "error: Uncaught (in promise) TypeError: Cannot read properties of undefined (reading 'print')",
  ])('is not told from an error of its own: %s', (line) => {
    expect(deno.remedy?.(line, invocation)).toBeUndefined();
  });
});

describe('a script whose error does not name what is missing', () => {
  it('is looked into for the member of Deno that it reads something of', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-deno-1-'));
    const script = join(directory, 'function.ts');
    writeFileSync(script, 'const other = shop.print;\nDeno.core.print("x");\n');
    const line = (member: string) =>
      `error: Uncaught (in promise) TypeError: Cannot read properties of undefined (reading '${member}')`;
    expect(deno.remedy?.(line('print'), { ...invocation, script })).toContain('has no Deno.core;');
    expect(deno.remedy?.(line('other'), { ...invocation, script })).toBeUndefined();
    rmSync(directory, { recursive: true });
  });
});

describe('what is not of Deno 1', () => {
  it('but behind a flag is said to be so', () => {
    const line = 'error: Uncaught (in promise) TypeError: Deno.openKv is not a function';
    expect(deno.remedy?.(line, invocation)).toBe(
      'Deno.openKv is not stable yet; cmdParameters: --unstable-kv switches it on',
    );
  });

  it('but perhaps a type, or of an old std, is both named', () => {
    const line =
      "error: Uncaught SyntaxError: The requested module './types.ts' does not provide an export named 'Foo'";
    expect(deno.remedy?.(line, invocation)).toBe(
      './types.ts exports nothing named Foo. If that is a type, Deno 2 wants "import type" or "export type"; of modules under https://deno.land/std take the present ones, jsr:@std/…',
    );
  });

  it('but an option of cmdParameters that Deno 2 does not have names that', () => {
    expect(deno.remedy?.("error: unexpected argument '--lock-write' found", invocation)).toBe(
      'Deno 2 has no option --lock-write; take it out of cmdParameters',
    );
  });
});
