import { describe, expect, it } from 'vitest';
import { type FunctionEnd, runFunction } from '../support/functions/function-run.ts';

const env = { KEPTN_CONTEXT: '{"appName":"shop","metadata":{"commit":"1234"}}' };

const run = (runtime: string, code: string, ...args: string[]): Promise<FunctionEnd> =>
  runFunction({ args: ['--runtime', runtime, '--inline', code, ...args], env });

describe('a Deno function', () => {
  it('returns what its default export returns, which gets the context', async () => {
    const { status } = await run(
      'deno',
      `export default async ({ appName, metadata }: { appName: string; metadata: Record<string, string> }) => {
         await new Promise((resolve) => setTimeout(resolve, 10));
         return { appName, commit: metadata.commit };
       };`,
    );
    expect(status.result).toEqual({ appName: 'shop', commit: '1234' });
  });

  it('is the main module, and is loaded once', async () => {
    const { stdout } = await run(
      'deno',
      'console.log(import.meta.main, import.meta.url === Deno.mainModule); export default () => {};',
    );
    expect(stdout).toBe('true true\n');
  });

  it('has the result of the file if it returns nothing', async () => {
    const { status } = await run(
      'deno',
      'export default () => Deno.writeTextFileSync(Deno.env.get("KEPTN_RESULT")!, "[1]");',
    );
    expect(status.result).toEqual([1]);
  });

  it('fails if its default export throws', async () => {
    const { exitCode, status } = await run(
      'deno',
      'export default async () => { throw new Error("no luck"); };',
    );
    expect(exitCode).toBe(1);
    expect(status.message).toBe('exit code 1: error: Uncaught (in promise) Error: no luck');
  });

  it.each([
    ['undefined in disguise', 'export default () => Symbol("x")', /returned a symbol/],
    [
      'a circle',
      'export default () => { const a: unknown[] = []; a.push(a); return a; }',
      /circular/,
    ],
    ['a large integer', 'export default () => 10n', /BigInt/],
  ])('succeeds without a result if it returns %s', async (_, code, why) => {
    const { exitCode, status } = await run('deno', code);
    expect(exitCode).toBe(0);
    expect(status.resultError).toMatchObject({ reason: 'ResultInvalid' });
    expect(status.resultError?.message).toMatch(why);
  });

  it('may export by default what is no function', async () => {
    const { exitCode, status } = await run('deno', 'export default { any: "thing" };');
    expect(exitCode).toBe(0);
    expect(status).not.toHaveProperty('result');
  });
});

describe('a Python function', () => {
  it('returns what main(context) returns', async () => {
    const { status } = await run(
      'python',
      'def main(context):\n    return {"app": context["appName"], "ü": [1, 2.5, None]}',
    );
    expect(status.result).toEqual({ app: 'shop', ü: [1, 2.5, null] });
  });

  it('returns what main(context) returns in the end', async () => {
    const { status } = await run(
      'python',
      'import asyncio\nasync def main(context):\n    await asyncio.sleep(0.01)\n    return context["appName"]',
    );
    expect(status.result).toBe('shop');
  });

  it.each([
    [
      'calls main itself',
      'def main(context):\n    print("ran")\n\nif __name__ == "__main__":\n    main({})',
    ],
    [
      'calls main from another function',
      'def main(context):\n    print("ran")\n\ndef start():\n    main({})\n\nstart()',
    ],
    ['has a main without a context', 'def main():\n    print("never")\n\nprint("ran")'],
    [
      'has a main whose context may be left out',
      'def main(argv=None):\n    print("never")\n\nprint("ran")',
    ],
  ])('that %s is left alone', async (_, code) => {
    const { exitCode, stdout, status } = await run('python', code);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'ran\n' });
    expect(status).not.toHaveProperty('result');
  });

  it('does not notice that it is not run directly', async () => {
    const { stdout } = await run(
      'python',
      [
        'import os, sys',
        'print(__name__, os.path.basename(__file__), sys.argv[0] == __file__)',
        'print(sys.path[0] == os.path.dirname(__file__), sys.modules["__main__"].__file__ == __file__)',
      ].join('\n'),
    );
    expect(stdout).toBe('__main__ function.py True\nTrue True\n');
  });

  it('has tracebacks that begin in its own code', async () => {
    const { exitCode, stderr, status } = await run(
      'python',
      'def main(context):\n    raise ValueError("no luck")',
    );
    expect({ exitCode, message: status.message }).toEqual({
      exitCode: 1,
      message: 'exit code 1: ValueError: no luck',
    });
    expect(stderr).toContain('raise ValueError("no luck")');
    expect(stderr).not.toContain('bootstrap');
  });

  it.each([
    ['what is no JSON', 'def main(context):\n    return {1, 2}', /set is not JSON serializable/],
    [
      'what JSON has no number for',
      'def main(context):\n    return float("nan")',
      /JSON compliant/,
    ],
    ['half a character', 'def main(context):\n    return "\\ud800"', /surrogates/],
  ])('succeeds without a result if it returns %s', async (_, code, why) => {
    const { exitCode, status } = await run('python', code);
    expect(exitCode).toBe(0);
    expect(status.resultError?.message).toMatch(why);
  });

  it('honours options of the interpreter', async () => {
    const { stdout } = await runFunction({
      args: [
        '--runtime',
        'python',
        '--inline',
        'import sys\nprint(sys.flags.optimize, sys.flags.isolated, sys.argv[1:])',
      ],
      env: { CMD_ARGS: '-O -I -- -x' },
    });
    expect(stdout).toBe("1 1 ['-x']\n");
  });
});

describe('a bash function', () => {
  it.each([
    ['a command fails', 'false; echo on'],
    ['a part of a pipe fails', 'false | cat; echo on'],
    ['a variable is not set', 'echo "$nothing"; echo on'],
  ])('ends when %s', async (_, code) => {
    const { exitCode, stdout } = await run('bash', code);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  it('is less strict if its definition says so', async () => {
    const { exitCode, stdout } = await runFunction({
      args: ['--runtime', 'bash', '--inline', 'false; echo "on $1"', '--', 'a'],
      env: { CMD_ARGS: '+e' },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'on a\n' });
  });
});
