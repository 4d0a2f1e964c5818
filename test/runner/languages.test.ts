import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  FunctionRun,
  type FunctionStart,
  hostNames,
  runFunction,
  Scratch,
} from '../support/functions/function-run.ts';

/** One function in each language for everything that must hold for all of them. */
interface Functions {
  readonly success: string;
  readonly failure: string;
  /** Succeeds at the third attempt. */
  readonly thirdTime: string;
  /** Prints "ready" and waits, at the first attempt only. */
  readonly slowOnce: string;
  /** Prints "ready" and waits. */
  readonly slow: string;
  /** Prints "ready" and waits, and does not listen to SIGTERM. */
  readonly stubborn: string;
  /** Prints "ready" and waits; ends with 0 at SIGTERM. */
  readonly polite: string;
  readonly result: string;
  /** Prints 10 MiB in lines of 64 characters. */
  readonly tenMegabytes: string;
  readonly syntaxError: string;
  /** Prints DATA, SECURE_DATA, KEPTN_CONTEXT and its arguments. */
  readonly given: string;
  readonly closesStdout: string;
  readonly controlBytes: string;
  readonly hugeResult: string;
}

const line = 'x'.repeat(63);

const functions: Readonly<Record<'deno' | 'python' | 'bash', Functions>> = {
  deno: {
    success: 'const greeting: string = "hello"; console.log(greeting);',
    failure: 'console.log("tried"); console.error("no luck"); Deno.exit(3);',
    thirdTime: 'if (Deno.env.get("KEPTN_ATTEMPT") !== "3") throw new Error("not yet");',
    slowOnce:
      'if (Deno.env.get("KEPTN_ATTEMPT") === "1") { console.log("ready"); await new Promise((resolve) => setTimeout(resolve, 60_000)); }',
    slow: 'console.log("ready"); await new Promise((resolve) => setTimeout(resolve, 60_000));',
    stubborn:
      'Deno.addSignalListener("SIGTERM", () => {}); console.log("ready"); await new Promise((resolve) => setTimeout(resolve, 60_000));',
    polite:
      'Deno.addSignalListener("SIGTERM", () => Deno.exit(0)); console.log("ready"); await new Promise((resolve) => setTimeout(resolve, 60_000));',
    result:
      'Deno.writeTextFileSync(Deno.env.get("KEPTN_RESULT")!, \'{ "tests": [1, 2.50, "ü"] }\\n\');',
    tenMegabytes: `const line = new TextEncoder().encode("${line}\\n".repeat(1024));
      for (let n = 0; n < 160; n++) for (let rest = line; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));`,
    syntaxError: 'const = 3;',
    given:
      'for (const name of ["DATA", "SECURE_DATA", "KEPTN_CONTEXT"]) console.log(Deno.env.get(name)); console.log(Deno.args.join("|"));',
    closesStdout: 'Deno.stdout.close(); console.error("still here"); Deno.exit(4);',
    controlBytes:
      'Deno.stdout.writeSync(new Uint8Array([97, 27, 91, 50, 74, 0, 7, 13, 98, 13, 10, 99]));',
    hugeResult:
      'Deno.openSync(Deno.env.get("KEPTN_RESULT")!, { write: true, create: true }).truncateSync(2 ** 30);',
  },
  python: {
    success: 'print("hello")',
    failure: 'import sys\nprint("tried")\nprint("no luck", file=sys.stderr)\nsys.exit(3)',
    thirdTime:
      'import os\nif os.environ["KEPTN_ATTEMPT"] != "3":\n    raise RuntimeError("not yet")',
    slowOnce:
      'import os, time\nif os.environ["KEPTN_ATTEMPT"] == "1":\n    print("ready")\n    time.sleep(60)',
    slow: 'import time\nprint("ready")\ntime.sleep(60)',
    stubborn:
      'import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: None)\nprint("ready")\ntime.sleep(60)',
    polite:
      'import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint("ready")\ntime.sleep(60)',
    result: `import os\nopen(os.environ["KEPTN_RESULT"], "w").write('{ "tests": [1, 2.50, "ü"] }\\n')`,
    tenMegabytes: `import sys\nfor _ in range(160):\n    sys.stdout.write("${line}\\n" * 1024)`,
    syntaxError: 'def broken(:\n    pass',
    given:
      'import os, sys\nfor name in ["DATA", "SECURE_DATA", "KEPTN_CONTEXT"]:\n    print(os.environ[name])\nprint("|".join(sys.argv[1:]))',
    closesStdout: 'import os, sys\nos.close(1)\nprint("still here", file=sys.stderr)\nos._exit(4)',
    controlBytes: 'import os\nos.write(1, b"a\\x1b[2J\\x00\\x07\\rb\\r\\nc")',
    hugeResult: 'import os\nopen(os.environ["KEPTN_RESULT"], "w").truncate(2**30)',
  },
  bash: {
    success: 'echo hello',
    failure: 'echo tried; echo "no luck" >&2; exit 3',
    thirdTime: 'test "$KEPTN_ATTEMPT" = 3 || { echo "not yet" >&2; false; }',
    slowOnce: 'if test "$KEPTN_ATTEMPT" = 1; then echo ready; sleep 60; fi',
    slow: 'echo ready; sleep 60',
    stubborn: 'trap "" TERM; echo ready; sleep 60',
    polite: 'trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done',
    result: `echo '{ "tests": [1, 2.50, "ü"] }' > "$KEPTN_RESULT"`,
    tenMegabytes: `yes ${line} | head -n 163840 || test $? = 141`,
    syntaxError: 'echo started; if true; then',
    given: 'echo "$DATA"; echo "$SECURE_DATA"; echo "$KEPTN_CONTEXT"; IFS="|"; echo "$*"',
    closesStdout: 'exec 1>&-; echo "still here" >&2; exit 4',
    controlBytes: String.raw`printf 'a\033[2J\000\007\rb\r\nc'`,
    hugeResult: 'truncate --size 1G "$KEPTN_RESULT"',
  },
};

const extensions = { deno: 'ts', python: 'py', bash: 'sh' } as const;
const languages = ['deno', 'python', 'bash'] as const;
const everywhere = hostNames.flatMap((host) => languages.map((language) => ({ host, language })));

describe.each(everywhere)('a $language function, the runner under $host', ({ host, language }) => {
  const inline = (name: keyof Functions, ...args: string[]): FunctionStart => ({
    host,
    args: ['--runtime', language, '--inline', functions[language][name], ...args],
  });

  it('succeeds', async () => {
    const { exitCode, stdout, stderr, status } = await runFunction(inline('success'));
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    expect(status).toMatchObject({
      status: 'succeeded',
      message: 'succeeded',
      reason: 'Completed',
      final: true,
      runtime: language,
      attemptsMade: 1,
      attempts: [{ number: 1, reason: 'Completed', exitCode: 0 }],
    });
    expect(Date.parse(status.timestamp)).not.toBeNaN();
  });

  it('fails with its own exit code and the line that says why', async () => {
    const { exitCode, stdout, stderr, status } = await runFunction(inline('failure'));
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: 'tried\n' });
    expect(stderr).toContain('no luck\n');
    expect(status).toMatchObject({
      status: 'failed',
      message: 'exit code 3: no luck',
      reason: 'FunctionFailed',
      exitCode: 3,
      attempts: [{ exitCode: 3, lastErrorLine: 'no luck' }],
    });
  });

  it('is run again in place until it succeeds, each line marked with its attempt', async () => {
    const args = ['--retries', '4', '--retry-interval', '10ms'];
    const { exitCode, stderr, status } = await runFunction(inline('thirdTime', ...args));
    expect(exitCode).toBe(0);
    expect(status).toMatchObject({
      status: 'succeeded',
      message: 'attempt 3 of 5: succeeded',
      attemptsAllowed: 5,
      attemptsMade: 3,
    });
    expect(status.attempts.map(({ number, reason }) => [number, reason])).toEqual([
      [1, 'FunctionFailed'],
      [2, 'FunctionFailed'],
      [3, 'Completed'],
    ]);
    expect(status.attempts[0]?.lastErrorLine).toMatch(/not yet$/);
    expect(stderr.split('\n').filter((shown) => !/^(?:\[[12]\/5\] .*)?$/.test(shown))).toEqual([]);
    expect(stderr).toContain('[2/5] runner: FunctionFailed: exit code 1');
  });

  it('is run again when one attempt takes too long', async () => {
    const args = ['--retries', '1', '--retry-interval', '0', '--attempt-timeout', '3s'];
    const { exitCode, status } = await runFunction(inline('slowOnce', ...args));
    expect(exitCode).toBe(0);
    expect(status.attempts).toMatchObject([{ reason: 'AttemptTimeout' }, { reason: 'Completed' }]);
  });

  it('ends at the overall limit, and says so before its grace period is over', async () => {
    await using run = new FunctionRun(
      inline('stubborn', '--retries', '9', '--timeout', '3s', '--grace-period', '1500ms'),
    );
    await run.printed('ready');
    await expect.poll(() => run.hasStatus, { timeout: 10_000 }).toBe(true);
    expect(run.status()).toMatchObject({
      status: 'failed',
      reason: 'DeadlineExceeded',
      final: false,
    });
    const { exitCode, status } = await run.end();
    expect(exitCode).toBe(124);
    expect(status).toMatchObject({
      message: 'attempt 1 of 10: the overall limit (3s) is over',
      reason: 'DeadlineExceeded',
      final: true,
      attempts: [{ reason: 'DeadlineExceeded', signal: 'SIGKILL' }],
    });
  });

  it('gets the SIGTERM that the runner gets, and is no success even if it ends with 0', async () => {
    await using run = new FunctionRun(inline('polite', '--retries', '3'));
    await run.printed('ready');
    run.signal('SIGTERM');
    const { exitCode, status } = await run.end();
    expect(exitCode).toBe(143);
    expect(status).toMatchObject({
      status: 'failed',
      reason: 'Terminated',
      message: 'attempt 1 of 4: ended by SIGTERM',
      attemptsMade: 1,
      attempts: [{ reason: 'Terminated', exitCode: 0 }],
    });
  });

  it('is killed if it ignores SIGTERM', async () => {
    await using run = new FunctionRun(inline('stubborn', '--grace-period', '300ms'));
    await run.printed('ready');
    run.signal('SIGTERM');
    const { exitCode, status } = await run.end();
    expect(exitCode).toBe(143);
    expect(status.attempts).toMatchObject([{ reason: 'Terminated', signal: 'SIGKILL' }]);
  });

  it('returns JSON by the file in KEPTN_RESULT, with its digits', async () => {
    await using run = new FunctionRun(inline('result'));
    const { status } = await run.end();
    expect(status.result).toEqual({ tests: [1, 2.5, 'ü'] });
    expect(readFileSync(run.statusFile, 'utf8')).toContain('"result":{"tests":[1,2.50,"ü"]}');
  });

  it('may print 10 MB', async () => {
    const { exitCode, stdout, status } = await runFunction(inline('tenMegabytes'));
    expect(exitCode).toBe(0);
    expect(stdout.length).toBe(10 * 1024 * 1024);
    expect(stdout.endsWith(`${line}\n`)).toBe(true);
    expect(status.attempts[0]).not.toHaveProperty('outputTruncated');
  });

  it('is shown only as far as the output limit goes', async () => {
    const { exitCode, stdout, stderr, status } = await runFunction(
      inline('tenMegabytes', '--output-limit', '64KiB'),
    );
    expect(exitCode).toBe(0);
    expect(stdout.length).toBe(65_536);
    expect(stderr).toBe('runner: only the first 64 KiB of the output are shown\n');
    expect(status.attempts).toMatchObject([{ outputTruncated: true }]);
  });

  it('says that its syntax is wrong, and nothing of it is done', async () => {
    const { exitCode, stdout, status } = await runFunction(inline('syntaxError'));
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe('');
    expect(status).toMatchObject({ status: 'failed', reason: 'SyntaxError' });
  });

  it("gets Keptn's variables and its arguments", async () => {
    const { stdout } = await runFunction({
      ...inline('given', '--', '--last', 'c'),
      env: {
        DATA: '{"user":"you"}',
        SECURE_DATA: 'secret',
        KEPTN_CONTEXT: '{"appName":"shop"}',
        CMD_ARGS: `-- -v 'a b'`,
      },
    });
    expect(stdout).toBe('{"user":"you"}\nsecret\n{"appName":"shop"}\n-v|a b|--last|c\n');
  });

  it('is run from a file', async () => {
    using scratch = new Scratch();
    const path = scratch.file(`function.${extensions[language]}`, functions[language].success);
    const { stdout } = await runFunction({
      host,
      args: [],
      env: { RUNTIME: language, SCRIPT: path },
    });
    expect(stdout).toBe('hello\n');
  });

  it('may close its stdout', async () => {
    const { exitCode, status } = await runFunction(inline('closesStdout'));
    expect(exitCode).toBe(4);
    expect(status.message).toBe('exit code 4: still here');
  });

  it('cannot steer the terminal of whoever reads its log', async () => {
    const { stdout } = await runFunction(inline('controlBytes'));
    expect(stdout).toBe('a\\x1b[2J\\x00\\x07\\x0db\nc\n');
  });

  it('cannot make the runner read a result of 1 GB', async () => {
    const { exitCode, stderr, status } = await runFunction(inline('hugeResult'));
    expect(exitCode).toBe(0);
    expect(status).toMatchObject({
      status: 'succeeded',
      resultError: { reason: 'ResultTooLarge', message: 'the result is larger than 2 KiB' },
    });
    expect(status).not.toHaveProperty('result');
    expect(stderr).toContain('runner: succeeded, but the result is larger than 2 KiB');
  });

  it('leaves nothing behind', async () => {
    await using run = new FunctionRun(inline('success'));
    await run.end();
    expect(readdirSync(run.directory)).toEqual(['status.json']);
  });
});
