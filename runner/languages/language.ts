export const languageNames = ['deno', 'python', 'bash'] as const;
export type LanguageName = (typeof languageNames)[number];

/** What is to be run. */
export interface Invocation {
  /** Absolute path of the script. */
  readonly script: string;
  /** Where the script was downloaded from, after redirects. */
  readonly url?: URL;
  readonly interpreterOptions: readonly string[];
  readonly scriptArguments: readonly string[];
  /** Deno permissions; undefined: the default ones. */
  readonly permissions: readonly string[] | undefined;
  /** Patterns of the variables that the definition asks for beside the usual ones. */
  readonly passedOn: readonly string[];
  readonly resultFile: string;
  /** A directory for files of ours that live as long as the runner. */
  readonly directory: string;
}

/** How a script of a language is run, and how its failures read. */
export interface Language {
  readonly name: LanguageName;
  readonly interpreter: string;
  /** A name for a script that has none (inline) or came from this URL; may have folders. */
  fileName(url?: URL): string;
  /** Arguments by which the interpreter fails if it cannot read the script; for one that else would run a part of it. */
  check?(invocation: Invocation): readonly string[];
  /** Arguments of the interpreter that runs the script. */
  args(invocation: Invocation): readonly string[];
  /** Variables of the interpreter. */
  environment(invocation: Invocation): Readonly<Record<string, string>>;
  /** How much a line of stderr says about a failure: 2 beats 1, a later line beats an earlier one, 0 says nothing. */
  weight(line: string): 0 | 1 | 2;
  /** What the most telling line of a failed script gives away. */
  diagnose(line: string): 'SyntaxError' | 'OutOfMemory' | 'PermissionMissing' | undefined;
  /** What would help against what that line says; undefined where it is for the author of the script to know. */
  remedy?(line: string, invocation: Invocation): string | undefined;
}
