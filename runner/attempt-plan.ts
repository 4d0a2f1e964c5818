import type { AttemptPlan } from './attempt.ts';
import { passedOn } from './environment.ts';
import type { Language } from './languages/language.ts';
import type { Environment, Settings } from './settings.ts';
import type { Sink } from './sink.ts';
import type { Script } from './source.ts';
import type { Report } from './status.ts';
import type { AttemptDirectory, Workspace } from './workspace.ts';

/** What a run needs of the process it is in. */
export interface Host {
  readonly env: Environment;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly workspace: Workspace;
  /** Aborts with a `Stop` when the process is to end. */
  readonly terminate: AbortSignal;
  /** Milliseconds since the epoch, for times in reports. */
  now(): number;
  /** Milliseconds of the monotonic clock, for what is measured. */
  elapsed(): number;
  /** Tells how it stands: after each attempt, when all must end, and at the end. */
  report(report: Report): void;
}

/** Which attempt is to be made. */
export interface AttemptOf {
  readonly settings: Settings;
  readonly language: Language;
  readonly host: Host;
  readonly script: Script;
  readonly directory: AttemptDirectory;
  readonly number: number;
}

/** All that an attempt takes: how the script is run, with which variables, where, and where its output goes. */
export function attemptPlan(of: AttemptOf): AttemptPlan {
  const { settings, language, host, script, directory, number } = of;
  const invocation = {
    ...settings,
    script: script.path,
    ...(script.url === undefined ? {} : { url: script.url }),
    resultFile: directory.resultFile,
    directory: host.workspace.home,
  };
  // Functions written for Keptn's first runtime read this name.
  const { KEPTN_CONTEXT: context } = host.env;
  const own = {
    HOME: host.workspace.home,
    TMPDIR: directory.work,
    NO_COLOR: '1',
    ...language.environment(invocation),
  };
  return {
    language,
    invocation,
    env: {
      ...(context !== undefined && { CONTEXT: context }),
      ...passedOn(host.env, settings.passedOn),
      ...without(own, settings.passedOn),
      KEPTN_RESULT: directory.resultFile,
      KEPTN_ATTEMPT: String(number),
    },
    directory: directory.work,
    limits: settings,
    gracePeriodMs: settings.gracePeriodMs,
    output: {
      stdout: host.stdout,
      stderr: host.stderr,
      mark: lineMark(settings, number),
      limitBytes: settings.outputLimitBytes,
      weight: (line) => language.weight(line),
    },
  };
}

/** What each line of an attempt begins with. */
export function lineMark({ marksLines, attempts }: Settings, number: number): string {
  return marksLines ? `[${number}/${attempts}] ` : '';
}

/** Who asks for a variable by its name gets the container's; a pattern that happens to cover it does not ask for it. */
function without(
  own: Readonly<Record<string, string>>,
  named: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !named.includes(name)));
}
