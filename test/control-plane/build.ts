import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { installAtomically, withElapsed } from './install.ts';
import type { Program } from './programs.ts';

interface BuildOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  /** `2 of 5` */
  readonly place: string;
}

/** Builds a program with Go from the module its go.mod pins, and installs it. */
export async function build(program: Program, options: BuildOptions): Promise<void> {
  const { name, version } = program;
  const what = `building ${name} ${version} with Go (${options.place})`;
  await withElapsed(what, options.progress, () =>
    installAtomically(options.directory, name, async (scratch) => {
      const made = join(scratch, name);
      await goBuild(program, made, options.environment);
      return made;
    }),
  );
}

async function goBuild(
  program: Program,
  output: string,
  environment: BuildOptions['environment'],
): Promise<void> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  const args = ['build', '-trimpath', '-ldflags', program.ldflags, '-o', output, program.goPackage];
  const child = spawn('go', args, {
    cwd: program.goFolder,
    env: { ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.once('error', reject);
  child.once('close', resolve);
  const complaints = text(child.stderr);
  const code = await ended.catch((cause: unknown) => {
    throw new Error(
      `${program.name} ${program.version} must be built, but Go cannot be run. Install Go, or name a directory with ` +
        'the programs in SLUICE_CONTROL_PLANE, or a mirror of the official binaries in SLUICE_CONTROL_PLANE_URL.',
      { cause },
    );
  });
  if (code === 0) return;
  const tail = (await complaints).trimEnd().split('\n').slice(-20).join('\n');
  throw new Error(`go build of ${program.goPackage} in ${program.goFolder} failed:\n${tail}`);
}
