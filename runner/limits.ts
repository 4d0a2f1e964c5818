import type { Command } from './languages/language.ts';

/** Limits of the kernel on a script and all it starts. Infinity is no limit. */
export interface Limits {
  readonly fileSizeLimitBytes: number;
  readonly processLimit: number;
}

/**
 * The command under these limits, and without core dumps (the memory of a script may hold secrets). `prlimit` is the path of
 * util-linux's program, which sets the limits and then becomes the command: same process, no privilege, no shell.
 */
export function limited(command: Command, prlimit: string, limits: Limits): Command {
  const { fileSizeLimitBytes, processLimit } = limits;
  return {
    program: prlimit,
    args: [
      '--core=0:0',
      ...(Number.isFinite(fileSizeLimitBytes)
        ? [`--fsize=${fileSizeLimitBytes}:${fileSizeLimitBytes}`]
        : []),
      ...(Number.isFinite(processLimit) ? [`--nproc=${processLimit}:${processLimit}`] : []),
      '--',
      command.program,
      ...command.args,
    ],
  };
}
