import { describe, expect, it } from 'vitest';
import { SettingInvalid } from '../../runner/failure.ts';
import { helpText, options } from '../../runner/options.ts';
import { settingsFrom, statusFileFrom } from '../../runner/settings.ts';

const script = ['--script', '/var/data/function.ts'];

function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  try {
    settingsFrom(args, env);
  } catch (error) {
    if (error instanceof SettingInvalid) return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

it('has a default for everything but the script', () => {
  expect(settingsFrom(script, {})).toEqual({
    runtime: 'deno',
    origin: { from: 'file', path: '/var/data/function.ts' },
    sha256: undefined,
    attempts: 1,
    retryIntervalMs: 5_000,
    timeoutMs: 300_000,
    attemptTimeoutMs: Infinity,
    gracePeriodMs: 10_000,
    statusFile: '/keptn/status.json',
    permissions: undefined,
    passedOn: [],
    allowedHosts: [],
    onlyHosts: [],
    downloadTimeoutMs: 30_000,
    downloadLimitBytes: 1_048_576,
    outputLimitBytes: 33_554_432,
    fileSizeLimitBytes: 1_073_741_824,
    processLimit: Infinity,
    marksLines: false,
    withoutEffect: [],
    interpreterOptions: [],
    scriptArguments: [],
  });
});

it("reads KEP 90's variables, whose integers are seconds", () => {
  const env = {
    RUNTIME: 'python',
    SCRIPT: 'https://example.com/check.py',
    RETRIES: '3',
    RETRY_INTERVAL: '7',
    TIMEOUT: '90',
    ATTEMPT_TIMEOUT: '1m30s',
    CMD_ARGS: '',
  };
  expect(settingsFrom([], env)).toMatchObject({
    runtime: 'python',
    origin: { from: 'url', url: new URL('https://example.com/check.py') },
    attempts: 4,
    retryIntervalMs: 7_000,
    timeoutMs: 90_000,
    attemptTimeoutMs: 90_000,
    marksLines: true,
  });
});

it('takes as many retries as a definition can ask for', () => {
  expect(settingsFrom([...script, '--retries=2147483647'], {}).attempts).toBe(2_147_483_648);
});

it('lets arguments win over variables, and takes an empty variable for none', () => {
  const env = { SCRIPT: 'a.sh', RETRIES: '3', TIMEOUT: '', RUNTIME: 'bash' };
  const settings = settingsFrom(['--retries=1', '--inline', 'true'], env);
  expect(settings).toMatchObject({
    runtime: 'bash',
    attempts: 2,
    timeoutMs: 300_000,
    origin: { from: 'inline', code: 'true' },
  });
});

it('puts the arguments of the script together, those of the definition first', () => {
  const settings = settingsFrom([...script, '--', '--retries', '9'], {
    CMD_ARGS: '--unstable-kv -- a "b c"',
  });
  expect(settings).toMatchObject({
    interpreterOptions: ['--unstable-kv'],
    scriptArguments: ['a', 'b c', '--retries', '9'],
    attempts: 1,
  });
});

it('finds the status file in arguments that are wrong otherwise', () => {
  expect(statusFileFrom(['--nonsense', '--status-file', '/tmp/x', '--retries'], {})).toBe('/tmp/x');
  expect(statusFileFrom(['--nonsense'], { STATUS_FILE: '/tmp/y' })).toBe('/tmp/y');
  expect(statusFileFrom([], {})).toBe('/keptn/status.json');
});

describe('a setting that cannot be used is named, with what to write', () => {
  it.each([
    [[], '--script (SCRIPT): no script: give a path or a URL, or --inline with code'],
    [
      ['--script', 'ftp://host/x'],
      '--script (SCRIPT): ftp:// is not supported: use https://, http:// or a path',
    ],
    [['--script', 'http://'], '--script (SCRIPT): "http://" is no URL'],
    [[...script, '--inline', 'x'], '--script and --inline: are two scripts: give one'],
    [
      [...script, '--runtime', 'perl'],
      '--runtime (RUNTIME): "perl" is unknown: write deno or python or bash',
    ],
    [
      [...script, '--retries=-1'],
      '--retries (RETRIES): "-1" is no whole number from 0: write for example 3',
    ],
    [
      [...script, '--timeout', '5 min'],
      '--timeout (TIMEOUT): "5 min" is no duration: write for example 90s or 1m30s',
    ],
    [
      [...script, '--sha256', 'abc'],
      '--sha256 (SCRIPT_SHA256): "abc" is no SHA-256: write its 64 hex digits',
    ],
    [
      [...script, '--output-limit', '1TB'],
      '--output-limit (OUTPUT_LIMIT): "1TB" is no size: write for example 65536 or 32MiB',
    ],
    [[...script, '--env', 'a b'], '--env: "a b" names no variable: write NAME, PREFIX* or *'],
    [
      [...script, '--permission', 'root'],
      '--permission: "root" is unknown: write for example allow-net=api.example.com, deny-write or none',
    ],
    [[...script, '--retries', '1', '--retries', '2'], '--retries: is given twice: give it once'],
  ])('%j', (args, want) => {
    expect(refusal(args)).toBe(want);
  });

  it('also if there is no such setting', () => {
    expect(refusal([...script, '--retry', '3'])).toContain("Unknown option '--retry'");
    expect(refusal([...script, '--retry', '3'])).toContain('--help lists the settings');
    expect(refusal([...script, 'stray'])).toContain("'stray'");
  });
});

describe('CMD_ARGS', () => {
  it.each([
    ['python', '-h'],
    ['python', '-Bh'],
    ['python', '--help-all'],
    ['python', '-V'],
    ['python', '-c pass'],
    ['python', '-m this'],
    ['python', '-i'],
    ['deno', '--help=full'],
    ['deno', '--version'],
    ['bash', '-n'],
    ['bash', '-en'],
    ['bash', '-o noexec'],
    ['bash', '-c true'],
    ['bash', '--version'],
  ])('refuses options with which nothing of the script would be run: %s %s', (runtime, words) => {
    expect(refusal([...script, '--runtime', runtime], { CMD_ARGS: words })).toMatch(
      /^CMD_ARGS: with ".*" the interpreter does not run the script/,
    );
  });

  it.each(['python', 'deno', 'bash'])(
    'refuses a word that %s would take for the script',
    (runtime) => {
      expect(refusal([...script, '--runtime', runtime], { CMD_ARGS: '-x /dev/null' })).toContain(
        'as in "-- /dev/null"',
      );
    },
  );

  it.each([
    ['python', '-W ignore -X dev -O -u', ['-W', 'ignore', '-X', 'dev', '-O', '-u']],
    ['python', '-Wdefault -Xutf8', ['-Wdefault', '-Xutf8']],
    ['bash', '-x +e -o posix -O nullglob', ['-x', '+e', '-o', 'posix', '-O', 'nullglob']],
    ['deno', '--allow-run=git --unstable-kv', ['--allow-run=git', '--unstable-kv']],
  ])('keeps options of the interpreter: %s %s', (runtime, words, want) => {
    const settings = settingsFrom([...script, '--runtime', runtime], { CMD_ARGS: words });
    expect(settings.interpreterOptions).toEqual(want);
  });

  it('refuses an open quote', () => {
    expect(refusal(script, { CMD_ARGS: '-- "a' })).toBe('CMD_ARGS: a quote is not closed');
  });
});

it('explains every setting', () => {
  for (const { name } of options) expect(helpText()).toContain(`--${name} `);
});
