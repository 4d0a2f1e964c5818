import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf, SettingInvalid } from './failure.ts';
import { type CommandWords, commandWords } from './command-words.ts';
import { type LanguageName, languageNames } from './languages/language.ts';
import { type Option, type OptionName, options } from './options.ts';
import { durationMs, sizeInBytes } from './quantity.ts';

/** Where the script comes from. */
export type Origin =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'url'; readonly url: URL }
  | { readonly from: 'inline'; readonly code: string };

/** Everything that can be said to the runner. Limits that are off are Infinity. */
export interface Settings extends CommandWords {
  readonly runtime: LanguageName;
  readonly origin: Origin;
  readonly sha256: string | undefined;
  readonly attempts: number;
  readonly retryIntervalMs: number;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly gracePeriodMs: number;
  readonly statusFile: string;
  /** Undefined: the default ones. */
  readonly permissions: readonly string[] | undefined;
  /** Patterns of variables that the script gets beside the usual ones. */
  readonly passedOn: readonly string[];
  readonly allowedHosts: readonly string[];
  /** Hosts that downloads may use and no others; empty is no restriction. */
  readonly onlyHosts: readonly string[];
  readonly downloadTimeoutMs: number;
  readonly downloadLimitBytes: number;
  readonly outputLimitBytes: number;
  readonly fileSizeLimitBytes: number;
  readonly processLimit: number;
  readonly marksLines: boolean;
  /** Settings that were given and that do nothing any more. */
  readonly withoutEffect: readonly OptionName[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that arguments and environment say; throws `SettingInvalid`. */
export function settingsFrom(args: readonly string[], env: Environment): Settings {
  const { said, scriptArguments } = parsed(args);
  const value = (name: OptionName): string => said[name]?.at(-1) ?? fromVariable(name, env);
  const list = (name: OptionName): readonly string[] => said[name] ?? [];
  const runtime = oneOf('runtime', value('runtime'), languageNames);
  const words = commandWords(runtime, env['CMD_ARGS'] ?? '');
  const attempts = whole('retries', value('retries')) + 1;
  return {
    runtime,
    origin: originFrom(said, env),
    sha256: digest(value('sha256')),
    attempts,
    retryIntervalMs: duration('retry-interval', value('retry-interval')),
    timeoutMs: orNone(duration('timeout', value('timeout'))),
    attemptTimeoutMs: orNone(duration('attempt-timeout', value('attempt-timeout'))),
    gracePeriodMs: duration('grace-period', value('grace-period')),
    statusFile: value('status-file'),
    permissions: permissions(list('permission')),
    passedOn: list('env').map(variablePattern),
    allowedHosts: list('allow-host'),
    onlyHosts: list('only-host'),
    downloadTimeoutMs: orNone(duration('download-timeout', value('download-timeout'))),
    downloadLimitBytes: size('download-limit', value('download-limit')),
    outputLimitBytes: size('output-limit', value('output-limit')),
    fileSizeLimitBytes: orNone(size('file-size-limit', value('file-size-limit'))),
    processLimit: orNone(whole('process-limit', value('process-limit'))),
    marksLines:
      oneOf('line-marks', value('line-marks'), ['auto', 'never']) === 'auto' && attempts > 1,
    withoutEffect: options
      .filter((option) => 'isWithoutEffect' in option && said[option.name] !== undefined)
      .map(({ name }) => name),
    interpreterOptions: words.interpreterOptions,
    scriptArguments: [...words.scriptArguments, ...scriptArguments],
  };
}

/** Where to say what is wrong, if the settings are. */
export function statusFileFrom(args: readonly string[], env: Environment): string {
  const { values } = parseArgs({
    args: [...args],
    options: { 'status-file': { type: 'string' } },
    strict: false,
  });
  const said = values['status-file'];
  return typeof said === 'string' ? said : fromVariable('status-file', env);
}

type Said = Readonly<Partial<Record<OptionName, readonly string[]>>>;

function parsed(args: readonly string[]): { said: Said; scriptArguments: readonly string[] } {
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    options.map(({ name }) => [name, { type: 'string', multiple: true }]),
  );
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const said: Partial<Record<OptionName, readonly string[]>> = {};
  let values: ReturnType<typeof parseArgs>['values'];
  try {
    ({ values } = parseArgs({ args: [...own], options: config }));
  } catch (error) {
    throw new SettingInvalid(
      'arguments',
      `${messageOf(error).replaceAll('\n', ' ')} (--help lists the settings)`,
    );
  }
  for (const option of options) {
    const value = values[option.name];
    if (!Array.isArray(value)) continue;
    const texts = value.filter((text) => typeof text === 'string');
    if (texts.length > 1 && !('isRepeatable' in option)) {
      throw new SettingInvalid(`--${option.name}`, 'is given twice: give it once');
    }
    said[option.name] = texts;
  }
  return { said, scriptArguments: end < 0 ? [] : args.slice(end + 1) };
}

function fromVariable(name: OptionName, env: Environment): string {
  const { variable, otherwise = '' }: Option = optionNamed(name);
  return (variable === undefined ? undefined : env[variable]) || otherwise;
}

function optionNamed(name: OptionName): Option {
  const found = options.find((option) => option.name === name);
  if (found === undefined) throw new TypeError(`there is no option ${name}`);
  return found;
}

/** A setting as messages call it. */
function label(name: OptionName): string {
  const { variable } = optionNamed(name);
  return variable === undefined ? `--${name}` : `--${name} (${variable})`;
}

function originFrom(said: Said, env: Environment): Origin {
  const [script] = said.script ?? [];
  const [inline] = said.inline ?? [];
  if (script !== undefined && inline !== undefined) {
    throw new SettingInvalid('--script and --inline', 'are two scripts: give one');
  }
  if (script !== undefined) return located(script);
  const code = inline ?? (env['SCRIPT_INLINE'] || undefined);
  if (code !== undefined) return { from: 'inline', code };
  return located(env['SCRIPT'] ?? '');
}

function located(text: string): Origin {
  if (text === '') {
    throw new SettingInvalid(
      label('script'),
      'no script: give a path or a URL, or --inline with code',
    );
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//iu.test(text)) return { from: 'file', path: text };
  if (!URL.canParse(text)) throw new SettingInvalid(label('script'), `"${text}" is no URL`);
  const url = new URL(text);
  if (url.protocol === 'http:' || url.protocol === 'https:') return { from: 'url', url };
  if (url.protocol === 'file:') return { from: 'file', path: decodeURIComponent(url.pathname) };
  throw new SettingInvalid(
    label('script'),
    `${url.protocol}// is not supported: use https://, http:// or a path`,
  );
}

function oneOf<const T extends string>(name: OptionName, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  throw new SettingInvalid(label(name), `"${text}" is unknown: write ${allowed.join(' or ')}`);
}

function whole(name: OptionName, text: string): number {
  if (/^\d{1,10}$/u.test(text)) return Number(text);
  throw new SettingInvalid(label(name), `"${text}" is no whole number from 0: write for example 3`);
}

function duration(name: OptionName, text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new SettingInvalid(label(name), `"${text}" is no duration: write for example 90s or 1m30s`);
}

function size(name: OptionName, text: string): number {
  const bytes = sizeInBytes(text);
  if (bytes !== undefined) return bytes;
  throw new SettingInvalid(label(name), `"${text}" is no size: write for example 65536 or 32MiB`);
}

function orNone(limit: number): number {
  return limit === 0 ? Infinity : limit;
}

function digest(text: string): string | undefined {
  if (text === '') return undefined;
  const hex = text.replace(/^sha256:/u, '').toLowerCase();
  if (/^[0-9a-f]{64}$/u.test(hex)) return hex;
  throw new SettingInvalid(label('sha256'), `"${text}" is no SHA-256: write its 64 hex digits`);
}

function permissions(said: readonly string[]): readonly string[] | undefined {
  if (said.length === 0) return undefined;
  return said.flatMap((text) => {
    const permission = text.replace(/^--/u, '');
    if (permission === 'none') return [];
    if (
      /^(?:allow|deny)-(?:all|env|ffi|import|net|read|run|sys|write)(?:=.+)?$/u.test(permission)
    ) {
      return [permission];
    }
    throw new SettingInvalid(
      '--permission',
      `"${text}" is unknown: write for example allow-net=api.example.com, deny-write or none`,
    );
  });
}

function variablePattern(text: string): string {
  if (/^(?:[A-Za-z_][A-Za-z0-9_]*\*?|\*)$/u.test(text)) return text;
  throw new SettingInvalid('--env', `"${text}" names no variable: write NAME, PREFIX* or *`);
}
