import { formatDuration } from '../go/duration.ts';
import type { FunctionBlueprint } from './function-source.ts';

/** Where the runner writes how its runs went; the kubelet makes it the container's termination message. */
export const statusFile = '/keptn/status.json';

/** How a function is run and repeated; times in milliseconds. */
export interface RunnerSettings {
  readonly retries: number;
  readonly retryIntervalMs: number | undefined;
  readonly attemptTimeoutMs: number | undefined;
  /** Over all attempts, from the runner's own start: clocks of nodes differ, and a Job may be suspended before it runs. */
  readonly timeoutMs: number;
  /** Names of the variables that the function gets beside Keptn's, or `*` for all of them. */
  readonly variables: readonly string[];
  /** Hosts that code may be downloaded from, redirects included; none is no restriction. */
  readonly onlyHosts: readonly string[];
}

/** The arguments of Sluice's runner (contract: runner/README.md). Only what was asked for is among them. */
export function runnerArguments(
  { runner, code, permissions, args }: FunctionBlueprint,
  settings: RunnerSettings,
): readonly string[] {
  const { retries, retryIntervalMs, attemptTimeoutMs, timeoutMs } = settings;
  const sha256 = code.type === 'url' ? code.sha256 : undefined;
  return [
    ...option('runtime', runner),
    ...option('retries', String(retries)),
    ...option('retry-interval', lasting(retryIntervalMs)),
    ...option('timeout', lasting(timeoutMs)),
    ...option('attempt-timeout', lasting(attemptTimeoutMs)),
    ...option('status-file', statusFile),
    ...option('sha256', sha256),
    ...(permissions?.length === 0 ? ['none'] : (permissions ?? [])).map(
      (permission) => `--permission=${permission}`,
    ),
    ...settings.variables.map((name) => `--env=${name}`),
    ...settings.onlyHosts.map((host) => `--only-host=${host}`),
    ...(args.length > 0 ? ['--', ...args] : []),
  ];
}

function lasting(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : formatDuration(timeMs);
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [`--${name}=${value}`];
}
