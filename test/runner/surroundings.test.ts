import { describe, expect, it } from 'vitest';
import { type FunctionEnd, runFunction, Scratch } from '../support/functions/function-run.ts';

const run = (
  code: string,
  {
    args = [],
    env = {},
    runtime = 'bash',
  }: { args?: string[]; env?: Record<string, string>; runtime?: string },
): Promise<FunctionEnd> =>
  runFunction({ args: ['--runtime', runtime, '--inline', code, ...args], env });

describe('the environment of a function', () => {
  const names =
    'export -p | sed "s/declare -x \\([A-Za-z_]*\\).*/\\1/" | grep -v "^PWD$\\|^OLDPWD$\\|^SHLVL$\\|^_$"';

  it('is minimal', async () => {
    const { stdout } = await run(names, {
      env: {
        DATA: '{}',
        TZ: 'UTC',
        LC_ALL: 'C',
        HTTPS_PROXY: 'http://proxy:3128',
        KUBERNETES_SERVICE_HOST: '10.96.0.1',
        SHOP_SERVICE_HOST: '10.96.0.2',
        TIMEOUT: '1m',
        LD_PRELOAD: '',
        BASH_ENV: '/nowhere',
        PYTHONINSPECT: '1',
        PASSWORD: 'secret',
      },
    });
    expect(stdout.trim().split('\n')).toEqual([
      'DATA',
      'HOME',
      'HTTPS_PROXY',
      'KEPTN_ATTEMPT',
      'KEPTN_RESULT',
      'KUBERNETES_SERVICE_HOST',
      'LC_ALL',
      'NO_COLOR',
      'PATH',
      'TMPDIR',
      'TZ',
    ]);
  });

  it.each([
    ['deno', 'export default () => Deno.env.get("CONTEXT")'],
    ['deno', 'export default () => Deno.env.get("CONTEXT")', '--permission=none'],
    ['python', 'import os\ndef main(context): return os.environ["CONTEXT"]'],
    ['bash', 'printf \'"%s"\' "${CONTEXT//\\"/\\\\\\"}" >"$KEPTN_RESULT"'],
  ])("has Keptn's context by its first name too, in %s", async (runtime, code, ...args) => {
    const env = { KEPTN_CONTEXT: '{"appName":"shop"}' };
    const { status, stderr } = await run(code, { runtime, args, env });
    expect(status, stderr).toMatchObject({ result: '{"appName":"shop"}' });
  });

  it('has the CONTEXT of the container where that is asked for', async () => {
    const env = { KEPTN_CONTEXT: '{"appName":"shop"}', CONTEXT: 'own' };
    const { stdout } = await run('echo "$CONTEXT"', { args: ['--env=CONTEXT'], env });
    expect(stdout).toBe('own\n');
  });

  it.each([
    ['by name', ['--env', 'TOKEN', '--env', 'SHOP_*'], 'a b  '],
    ['all', ['--env', '*'], 'a b c '],
  ])('has further variables that were asked for %s', async (_, args, want) => {
    const { stdout } = await run('echo "${TOKEN-} ${SHOP_A-} ${OTHER-}  "', {
      args,
      env: { TOKEN: 'a', SHOP_A: 'b', OTHER: 'c' },
    });
    expect(stdout.trim()).toBe(want.trim());
  });

  it('has a private HOME, unless that is asked for by name', async () => {
    using scratch = new Scratch();
    const env = { HOME: scratch.path };
    expect((await run('echo "$HOME"', { env, args: ['--env', '*'] })).stdout).not.toContain(
      scratch.path,
    );
    expect((await run('echo "$HOME"', { env, args: ['--env', 'HOME'] })).stdout).toBe(
      `${scratch.path}\n`,
    );
  });

  it('begins each attempt in an empty directory, and keeps what is in HOME', async () => {
    const { exitCode, stdout } = await run(
      'ls -A; test "$PWD" = "$TMPDIR"; touch here; touch "$HOME/$KEPTN_ATTEMPT"; ls "$HOME"; test $KEPTN_ATTEMPT = 2',
      { args: ['--retries', '1', '--retry-interval', '0', '--line-marks', 'never'] },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1\n1\n2\n' });
  });

  it('has nothing on stdin, no core dumps and a limit on files', async () => {
    const { stdout } = await run('cat; ulimit -c; ulimit -f; ulimit -u', {
      args: ['--file-size-limit', '512MiB', '--process-limit', '4000'],
    });
    expect(stdout).toBe(`0\n${512 * 1024}\n4000\n`);
  });
});

describe('the lines of a function', () => {
  it('never mix where stdout and stderr are shown together', async () => {
    const code =
      'import os\nos.write(1, b"workload")\nos.write(2, b"n is 9\\nno")\nos.write(1, b" is local\\nlast")\nos.write(2, b" room\\n")\nraise SystemExit(1)';
    const { stdout } = await runFunction({
      args: ['--runtime', 'python', '--inline', code],
      through: ['sh', '-c', 'exec "$@" 2>&1', 'sh'],
    });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1).toSorted()).toEqual([
      'last',
      'n is 9',
      'no room',
      'workload is local',
    ]);
    expect(lines.at(-1)).toBe('runner: FunctionFailed: exit code 1: no room');
  });
});

describe('a permission that a Deno function lacks', () => {
  const lacking = (code: string, args: string[] = []) =>
    run(code, { runtime: 'deno', args: ['--retries=5', '--retry-interval=1h', ...args] });

  it('is named, with what grants it, and the function is not tried again', async () => {
    const { exitCode, status } = await lacking('Deno.env.get("TOKEN")');
    expect(exitCode).toBe(1);
    expect(status).toMatchObject({
      status: 'failed',
      reason: 'PermissionMissing',
      final: true,
      attemptsMade: 1,
    });
    expect(status.message).toMatch(
      /^attempt 1 of 6: the permission allow-env=TOKEN is missing; cmdParameters: --allow-env=TOKEN grants it beside the default ones \(exit code 1: error: .*Requires env access to "TOKEN"/,
    );
  });

  it.each([
    ['Deno.readTextFileSync("/etc/hostname")', 'allow-read=/etc/hostname'],
    ['await fetch("https://shop.example:8443/x")', 'allow-net=shop.example:8443'],
    ['Deno.env.toObject()', 'allow-env'],
    ['export default () => Deno.hostname()', 'allow-sys=hostname'],
  ])('is found in %s', async (code, permission) => {
    const { status } = await lacking(code, ['--permission=none']);
    expect(status).toMatchObject({ reason: 'PermissionMissing', attemptsMade: 1 });
    expect(status.message).toContain(
      `the permission ${permission} is missing; add it to permissions (`,
    );
  });
});

describe('the permissions of a Deno function', () => {
  const attempts = {
    net: 'await Deno.connect({ port: 9 }).catch((error) => { if (error instanceof Deno.errors.NotCapable) throw error; })',
    read: 'Deno.readTextFileSync("/etc/hostname")',
    write: 'Deno.writeTextFileSync("x", "")',
    env: 'Deno.env.get("TOKEN")',
    data: 'Deno.env.get("DATA")',
    run: 'new Deno.Command("true").outputSync()',
    sys: 'Deno.hostname()',
  };
  const code = `
    const able: string[] = [];
    ${Object.entries(attempts)
      .map(
        ([name, tried]) => `try { ${tried}; able.push("${name}"); } catch { /* not permitted */ }`,
      )
      .join('\n')}
    export default () => able.join(" ");`;

  const able = async (args: string[], cmdArgs = ''): Promise<unknown> => {
    const { status, stderr } = await run(code, {
      runtime: 'deno',
      args,
      env: { TOKEN: 'a', DATA: '{}', CMD_ARGS: cmdArgs },
    });
    expect(status, stderr).toMatchObject({ status: 'succeeded' });
    return status.result;
  };

  it.each([
    ["are Keptn's", [], '', 'net read write data'],
    ['cover variables that are asked for', ['--env', 'TOKEN'], '', 'net read write env data'],
    ['cover all variables if any are', ['--env', 'TOK*'], '', 'net read write env data'],
    ['may be none', ['--permission', 'none'], '', ''],
    [
      'may be fewer',
      ['--permission', 'allow-env=DATA', '--permission=--allow-read'],
      '',
      'read data',
    ],
    [
      'may be denied',
      ['--permission', 'allow-all', '--permission', 'deny-net'],
      '',
      'read write env data run sys',
    ],
    ['may be more', [], '--allow-run -S', 'net read write data run sys'],
    ['are not narrowed by more', [], '--allow-env=TOKEN', 'net read write env data'],
    ['may be all', [], '-A', 'net read write env data run sys'],
  ])('%s', async (...[, args, cmdArgs, want]) => {
    expect(await able(args, cmdArgs)).toBe(want);
  });
});
