import { readFileSync } from 'node:fs';
import type { Command } from './process-group.ts';

/** Limits of the kernel on a script and all it starts. Infinity is no limit. */
export interface Limits {
  readonly fileSizeLimitBytes: number;
  readonly processLimit: number;
}

/**
 * The command under these limits, and without core dumps (the memory of a script may hold secrets). `prlimit` is the path of
 * util-linux's program, which sets the limits and then becomes the command: same process, no privilege, no shell.
 */
export function limited(
  command: Command,
  { prlimit, limits }: { prlimit: string; limits: Limits },
): Command {
  // A limit that the container has already can be lowered, not raised.
  const files = Math.min(limits.fileSizeLimitBytes, ownLimit('Max file size'));
  const processes = Math.min(limits.processLimit, ownLimit('Max processes'));
  return {
    program: prlimit,
    args: [
      '--core=0:0',
      ...(limits.fileSizeLimitBytes === Infinity ? [] : [`--fsize=${files}:${files}`]),
      ...(limits.processLimit === Infinity ? [] : [`--nproc=${processes}:${processes}`]),
      '--',
      command.program,
      ...command.args,
    ],
  };
}

/** A hard limit of this process. */
function ownLimit(name: string): number {
  const [, value] =
    new RegExp(`^${name} +\\S+ +(\\d+) `, 'mu').exec(readFileSync('/proc/self/limits', 'utf8')) ??
    [];
  return value === undefined ? Infinity : Number(value);
}

/** Whether this is a complaint of `prlimit`, which could not set a limit or start the command. */
export function isOfPrlimit(line: string): boolean {
  return line.startsWith('prlimit: failed to ');
}
