import { runCommandLine } from '../../../src/cli/program.ts';

/** What a command line said and ended with. */
export interface Said {
  readonly exitCode: number;
  readonly output: string;
  readonly complaint: string;
}

/** Runs a command line of `sluice` in a process with this environment, until it ends or is asked to. */
export async function sluice(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  hear: { readonly stop?: AbortSignal; readonly complaint?: (text: string) => void } = {},
): Promise<Said> {
  let output = '';
  let complaint = '';
  const exitCode = await runCommandLine(args, {
    env,
    write: (text) => void (output += text),
    log: { write: (line) => void (output += line), onLost: () => undefined },
    writeError(text) {
      complaint += text;
      hear.complaint?.(text);
    },
    inColor: false,
    stop: hear.stop ?? new AbortController().signal,
    processName: 'test_1',
    nodePath: process.execPath,
    onUncaught: () => undefined,
  });
  return { exitCode, output, complaint };
}
