/** Why something ended as it did: the word for programs, beside the message for people. README.md says what each means. */
export type Reason =
  | 'Completed'
  | 'FunctionFailed'
  | 'SyntaxError'
  | 'KilledBySignal'
  | 'OutOfMemory'
  | 'PermissionMissing'
  | 'AttemptTimeout'
  | 'DeadlineExceeded'
  | 'Terminated'
  | 'InterpreterMissing'
  | 'InterpreterFailed'
  | 'ScriptMissing'
  | 'ScriptEmpty'
  | 'ScriptTooLarge'
  | 'DownloadFailed'
  | 'DownloadTimeout'
  | 'DownloadRefused'
  | 'DownloadForbidden'
  | 'ChecksumMismatch'
  | 'SettingInvalid'
  | 'RunnerFailed';

/** Exit codes of the runner where there is none of the script. */
export const exitCodes = {
  scriptFailed: 1,
  settingInvalid: 2,
  timeout: 124,
  nothingToRun: 125,
  interpreterFailed: 126,
  interpreterMissing: 127,
} as const;

// What a container's exit code means that was not chosen by the program in it: it could not be started, was killed, its node
// was restarted. The Job controller replaces such a Pod.
const ofContainers: ReadonlySet<number> = new Set([128, 137, 255]);

/** The code the runner exits with for a script that ended with this one: never one that says that the container was lost. */
export function exitCodeFor(ofScript: number): number {
  return ofContainers.has(ofScript) ? exitCodes.scriptFailed : ofScript;
}

/** An attempt that did not get as far as a script that ends. */
export class AttemptFailed extends Error {
  readonly reason: Reason;
  /** Whether another attempt could not end otherwise. */
  readonly isLast: boolean;

  constructor(
    reason: Reason,
    message: string,
    { isLast = false, cause }: { isLast?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'AttemptFailed';
    this.reason = reason;
    this.isLast = isLast;
  }

  /** What the container exits with if this was the last attempt. */
  get exitCode(): number {
    if (this.reason === 'InterpreterMissing') return exitCodes.interpreterMissing;
    if (this.reason === 'InterpreterFailed') return exitCodes.interpreterFailed;
    return exitCodes.nothingToRun;
  }
}

/** A setting that cannot be used; the message names it and says what to write. */
export class SettingInvalid extends Error {
  constructor(setting: string, problem: string) {
    super(`${setting}: ${problem}`);
    this.name = 'SettingInvalid';
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error (`ENOENT`), if it is one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
