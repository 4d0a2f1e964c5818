/** One setting: how it is written, and what it means. */
export interface Option {
  readonly name: string;
  /** The environment variable that says the same, for people who run the image by hand. */
  readonly variable?: string;
  readonly placeholder: string;
  readonly isRepeatable?: boolean;
  /** Accepted because Jobs of an earlier Sluice pass it. */
  readonly isWithoutEffect?: boolean;
  readonly otherwise?: string;
  readonly text: string;
}

/** All settings, in the order of `--help`. */
export const options = [
  {
    name: 'runtime',
    variable: 'RUNTIME',
    placeholder: 'deno|python|bash',
    otherwise: 'deno',
    text: 'language of the script',
  },
  { name: 'script', variable: 'SCRIPT', placeholder: 'PATH|URL', text: 'where the script is' },
  { name: 'inline', variable: 'SCRIPT_INLINE', placeholder: 'CODE', text: 'the script itself' },
  {
    name: 'sha256',
    variable: 'SCRIPT_SHA256',
    placeholder: 'HEX',
    text: 'digest the script must have',
  },
  {
    name: 'retries',
    variable: 'RETRIES',
    placeholder: 'N',
    otherwise: '0',
    text: 'further attempts after the first',
  },
  {
    name: 'retry-interval',
    variable: 'RETRY_INTERVAL',
    placeholder: 'DURATION',
    otherwise: '5s',
    text: 'pause between attempts',
  },
  {
    name: 'timeout',
    variable: 'TIMEOUT',
    placeholder: 'DURATION',
    otherwise: '5m',
    text: 'limit over all attempts; 0 is none',
  },
  {
    name: 'attempt-timeout',
    variable: 'ATTEMPT_TIMEOUT',
    placeholder: 'DURATION',
    otherwise: '0',
    text: 'limit of one attempt; 0 is none',
  },
  {
    name: 'deadline',
    placeholder: 'RFC3339',
    isWithoutEffect: true,
    text: 'has no effect: an earlier Sluice passes it',
  },
  {
    name: 'grace-period',
    variable: 'GRACE_PERIOD',
    placeholder: 'DURATION',
    otherwise: '10s',
    text: 'time between SIGTERM and SIGKILL',
  },
  {
    name: 'status-file',
    variable: 'STATUS_FILE',
    placeholder: 'PATH',
    otherwise: '/keptn/status.json',
    text: 'where to leave what happened',
  },
  {
    name: 'permission',
    placeholder: 'allow-…|deny-…|none',
    isRepeatable: true,
    text: 'Deno permission, instead of the default ones',
  },
  {
    name: 'env',
    placeholder: 'NAME|PREFIX*|*',
    isRepeatable: true,
    text: 'a further variable for the script',
  },
  {
    name: 'allow-host',
    placeholder: 'HOST',
    isRepeatable: true,
    text: 'a host that downloads may use although it is forbidden',
  },
  {
    name: 'only-host',
    placeholder: 'HOST|*.DOMAIN',
    isRepeatable: true,
    text: 'a host that downloads may use; with any of them, no others',
  },
  {
    name: 'download-timeout',
    variable: 'DOWNLOAD_TIMEOUT',
    placeholder: 'DURATION',
    otherwise: '30s',
    text: 'limit of a download, redirects included; 0 is none',
  },
  {
    name: 'download-limit',
    variable: 'DOWNLOAD_LIMIT',
    placeholder: 'SIZE',
    otherwise: '1MiB',
    text: 'size of a downloaded script',
  },
  {
    name: 'output-limit',
    variable: 'OUTPUT_LIMIT',
    placeholder: 'SIZE',
    otherwise: '32MiB',
    text: 'output of an attempt that is shown',
  },
  {
    name: 'file-size-limit',
    variable: 'FILE_SIZE_LIMIT',
    placeholder: 'SIZE',
    otherwise: '1GiB',
    text: 'size of a file the script writes; 0 is none',
  },
  {
    name: 'process-limit',
    variable: 'PROCESS_LIMIT',
    placeholder: 'N',
    otherwise: '0',
    text: 'RLIMIT_NPROC of the script; 0 is none',
  },
  {
    name: 'line-marks',
    variable: 'LINE_MARKS',
    placeholder: 'auto|never',
    otherwise: 'auto',
    text: 'whether lines begin with [attempt/attempts]',
  },
] as const satisfies readonly Option[];

export type OptionName = (typeof options)[number]['name'];

/** What `--help` prints. */
export function helpText(): string {
  const rows = options.map((option: Option) => {
    const { name, variable, placeholder, otherwise } = option;
    const notes = [
      ...(variable === undefined ? [] : [variable]),
      ...(otherwise === undefined ? [] : [`default ${otherwise}`]),
      ...(option.isRepeatable === true ? ['repeatable'] : []),
    ];
    const remark = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
    return [`  --${name} ${placeholder}`, option.text + remark] as const;
  });
  const width = Math.max(...rows.map(([usage]) => usage.length)) + 2;
  return [
    'Runs a function (deno, python or bash), again in place when it failed, and leaves what happened in a status file.',
    '',
    'Usage: main.ts [options] [-- arguments of the script]',
    '',
    ...rows.map(([usage, text]) => usage.padEnd(width) + text),
    '',
    'Durations are written as in Go (90s, 1m30s); a bare integer is seconds. Arguments win over variables.',
    'CMD_ARGS: options of the interpreter, then after -- arguments of the script.',
    '',
  ].join('\n');
}
