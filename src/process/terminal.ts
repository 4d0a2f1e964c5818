import type { LineSink } from '../runtime/line-output.ts';

/** What a command knows of the process it runs in. `src/main.ts` makes it from `process`; tests make their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output. */
  readonly write: (text: string) => void;
  /** Writes lines of a log to standard output, and leaves lines out where its reader has stalled: never an answer to a user. */
  readonly log: LineSink;
  /** Writes to standard error. */
  readonly writeError: (text: string) => void;
  /** Whether standard output is a terminal that wants colours (NO_COLOR and FORCE_COLOR considered). */
  readonly inColor: boolean;
  /** Width of the terminal behind standard output, in characters; undefined for a file or a pipe. */
  readonly columns?: number | undefined;
  /** Height of that terminal, in lines; undefined where there is none: then nothing is painted in place. */
  readonly rows?: number | undefined;
  /** Aborted when the process is asked to end (SIGTERM, SIGINT). */
  readonly stop: AbortSignal;
  /** Tells this process from all others: host name and process id. */
  readonly processName: string;
  /** Path of the Node that runs this process, for programs of ours that run in one of their own. */
  readonly nodePath: string;
  /** Sets what is called with an uncaught error before the process ends because of it. */
  readonly onUncaught: (tell: (error: unknown) => void) => void;
}

/** Exit codes of the commands (as Troubleshoot's preflight checks have them). */
export const exitCodes = { success: 0, failure: 1, badInput: 2, failed: 3, warnings: 4 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The question was answered, and the answer is that something has failed. Ends with exit code 1 and without a further word. */
export class FoundFailed extends Error {
  constructor() {
    super('what was asked about has failed');
    this.name = 'FoundFailed';
  }
}

/** The command has said all that it had to say, and ends with this exit code. */
export class EndsWith extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`the command ends with exit code ${exitCode}`);
    this.name = 'EndsWith';
    this.exitCode = exitCode;
  }
}

/** The user asked for something that cannot be: the message says what and how to correct it. Ends with exit code 2. */
export class BadInput extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BadInput';
  }
}
