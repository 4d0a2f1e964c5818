import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = new URL('../..', import.meta.url).pathname;

/** Bundles the program by the very command of the Dockerfile, and answers the entry point: what the image runs. */
export async function bundleAsShipped(directory: string): Promise<string> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const [, command] = /^RUN (npx --yes esbuild@.*?) \\\n &&/msu.exec(dockerfile) ?? [];
  if (command === undefined) throw new Error('the Dockerfile bundles by no command known here');
  const script = command.replace('--outdir=out', '--outdir="$OUT"');
  const env = { ...process.env, OUT: directory };
  await promisify(execFile)('sh', ['-ec', script], { cwd: root, env });
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
  return join(directory, 'main.js');
}
