import type { FunctionBlueprint } from './function-source.ts';

/** Where the runner writes how its runs went; the kubelet makes it the container's termination message. */
export const statusFile = '/keptn/status.json';

/** How a function is run and repeated. Durations are Go's. */
export interface RunnerSettings {
  readonly retries: number;
  readonly retryInterval: string | undefined;
  readonly attemptTimeout: string | undefined;
  readonly timeout: string;
  /** When everything has to be over, in milliseconds since the Unix epoch; undefined where only the time-out counts. */
  readonly deadline: number | undefined;
}

/** The arguments of Sluice's runner (contract: runner/README.md). Only what was asked for is among them. */
export function runnerArguments(
  { runner, code, permissions, args }: FunctionBlueprint,
  settings: RunnerSettings,
): readonly string[] {
  const { retries, retryInterval, attemptTimeout, timeout, deadline } = settings;
  const sha256 = code.type === 'url' ? code.sha256 : undefined;
  return [
    ...option('runtime', runner),
    ...option('retries', String(retries)),
    ...option('retry-interval', retryInterval),
    ...option('timeout', timeout),
    ...option('attempt-timeout', attemptTimeout),
    ...option('deadline', deadline === undefined ? undefined : new Date(deadline).toISOString()),
    ...option('status-file', statusFile),
    ...option('sha256', sha256),
    ...(permissions ?? []).map((permission) => `--permission=${permission}`),
    ...(args.length > 0 ? ['--', ...args] : []),
  ];
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [`--${name}=${value}`];
}
