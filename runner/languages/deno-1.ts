import { readFileSync } from 'node:fs';

/** What Deno 2 has in place of what it took away from Deno 1; undefined: there is no one thing. */
const successors: Readonly<Record<string, string | undefined>> = {
  run: 'new Deno.Command()',
  readAll: 'new Response(stream).bytes()',
  readAllSync: 'Deno.readFileSync(), or the readSync() of the file in a loop',
  writeAll: 'the write() of a WritableStream writer',
  writeAllSync: 'the writeSync() of the file in a loop',
  copy: 'readable.pipeTo(writable)',
  iter: 'for await over the readable of the file or connection',
  iterSync: 'the readSync() of the file in a loop',
  close: 'the close() of the file or connection',
  serveHttp: 'Deno.serve()',
  env: 'Deno.env.get()',
  customInspect: "Symbol.for('Deno.customInspect')",
  File: 'Deno.FsFile',
  core: 'what is documented: Deno.core was never meant for scripts',
  signal: 'Deno.addSignalListener()',
  signals: 'Deno.addSignalListener()',
  Signal: "the name of the signal as text, such as 'SIGINT'",
  setRaw: 'Deno.stdin.setRaw()',
  sleepSync: 'await new Promise((resolve) => setTimeout(resolve, ms))',
  emit: 'jsr:@deno/emit',
  bundle: 'jsr:@deno/emit',
  Buffer: 'Buffer of jsr:@std/io',
  ...of('the method of that name of the file', [
    'fdatasync',
    'fdatasyncSync',
    'flock',
    'flockSync',
    'fstat',
    'fstatSync',
    'fsync',
    'fsyncSync',
    'ftruncate',
    'ftruncateSync',
    'funlock',
    'funlockSync',
    'futime',
    'futimeSync',
    'isatty',
    'read',
    'readSync',
    'seek',
    'seekSync',
    'shutdown',
    'write',
    'writeSync',
  ]),
  ...of(undefined, [
    'compile',
    'compilerOptions',
    'formatDiagnostics',
    'metrics',
    'openPlugin',
    'resources',
    'transpileOnly',
    'Server',
  ]),
};

function of(instead: string | undefined, names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, instead]));
}

/** What Deno has only behind a flag, by the flag. */
const unstable: Readonly<Record<string, string>> = { openKv: 'kv', cron: 'cron' };

const guide = 'what https://docs.deno.com/runtime/reference/migration_guide/ names for it';

/**
 * What the error of a script says that was written for Deno 1, and what to write instead; undefined for any other error. The text
 * of the script is looked at where the error does not name what is missing.
 */
export function outdatedIn(line: string, script: string): string | undefined {
  if (/^error: .*\bReferenceError: window is not defined/u.test(line)) {
    return outdated('window', 'globalThis');
  }
  if (line.startsWith('error: Import assertions are deprecated')) {
    return outdated('import … assert { … }', 'import … with { … }');
  }
  if (
    /^error: (?:Expected a .* but identified a Json module|.*Attempted to load JSON module)/u.test(
      line,
    )
  ) {
    return outdated('import of JSON without its type', "import … with { type: 'json' }");
  }
  return ofDeno(line, script) ?? ofModule(line) ?? ofArgument(line);
}

function outdated(what: string, instead: string): string {
  return `the script was written for Deno 1, and this is Deno 2, which has no ${what}; write ${instead}`;
}

/** A member of `Deno` that is called, made or looked into. */
function ofDeno(line: string, script: string): string | undefined {
  const called =
    /^error: .*\bTypeError: Deno\.(\w+)(?:\(\.\.\.\))? is not a (?:function|constructor)/u;
  const name = called.exec(line)?.[1] ?? lookedInto(line, script);
  if (name === undefined) return undefined;
  if (Object.hasOwn(unstable, name)) {
    return `Deno.${name} is not stable yet; cmdParameters: --unstable-${unstable[name] ?? ''} switches it on`;
  }
  return Object.hasOwn(successors, name)
    ? outdated(`Deno.${name}`, successors[name] ?? guide)
    : undefined;
}

/** Of `Deno.signals.interrupt` the error names only the second word. */
function lookedInto(line: string, script: string): string | undefined {
  const error = /^error: .*\bTypeError: Cannot read properties of undefined \(reading '(\w+)'\)/u;
  const [, member] = error.exec(line) ?? [];
  if (member === undefined) return undefined;
  const found = [...textOf(script).matchAll(/\bDeno\.(\w+)\s*\.\s*(\w+)/gu)];
  return found.find(
    ([, name = '', read]) => read === member && Object.hasOwn(successors, name),
  )?.[1];
}

function textOf(script: string): string {
  try {
    return readFileSync(script, 'utf8').slice(0, 1_000_000);
  } catch {
    return '';
  }
}

/** Deno 1 dropped types by itself, as modules of an old std want it. */
function ofModule(line: string): string | undefined {
  const missing =
    /^error: .*\bSyntaxError: The requested module '(.*)' does not provide an export named '(\w+)'/u;
  const [, module = '', name = ''] = missing.exec(line) ?? [];
  if (name === '') return undefined;
  return `${module} exports nothing named ${name}. If that is a type, Deno 2 wants "import type" or "export type"; of modules under https://deno.land/std take the present ones, jsr:@std/…`;
}

/** An option of `cmdParameters` that Deno 2 does not have. */
function ofArgument(line: string): string | undefined {
  const [, option] = /^error: unexpected argument '(--[\w-]+)/u.exec(line) ?? [];
  return option === undefined
    ? undefined
    : `Deno 2 has no option ${option}; take it out of cmdParameters`;
}
