import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { published } from '../src/config/published.ts';
import { makeCommandFolder } from './command-folder.ts';

/** Packs the package for npm into a folder and answers the archive. It has no dependencies: they are bundled, with their licences. */
export async function packForNpm(checkout: string, output: string): Promise<string> {
  const folder = join(output, 'npm');
  await makeCommandFolder(checkout, folder);
  copyFileSync(join(checkout, 'README.md'), join(folder, 'README.md'));
  writeFileSync(join(folder, 'package.json'), manifestOf(checkout));
  mkdirSync(output, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', output, folder];
  const said = execFileSync('npm', args, { encoding: 'utf8' });
  const answer: unknown = JSON.parse(said);
  return join(output, filenameIn(answer));
}

/** npm 11 answers a list, others an object by name. */
function filenameIn(answer: unknown): string {
  const packed: unknown = Object.values(answer ?? {})[0];
  if (typeof packed === 'object' && packed !== null && 'filename' in packed) {
    if (typeof packed.filename === 'string') return packed.filename;
  }
  throw new Error(`npm pack did not say what it packed: ${JSON.stringify(answer)}`);
}

function manifestOf(checkout: string): string {
  const own: Record<string, unknown> = JSON.parse(
    readFileSync(join(checkout, 'package.json'), 'utf8'),
  );
  const { name, version, description, license, engines } = own;
  const manifest = {
    name,
    version,
    description,
    license,
    keywords: ['kubernetes', 'keptn', 'deployment', 'lifecycle', 'gate', 'kubectl-plugin'],
    homepage: `${published.source}#readme`,
    repository: { type: 'git', url: `git+${published.source}.git` },
    bugs: `${published.source}/issues`,
    type: 'module',
    // The second name makes it a plugin of kubectl: `npm install --global sluice`, then `kubectl sluice`.
    bin: { sluice: 'sluice.cjs', 'kubectl-sluice': 'sluice.cjs' },
    engines,
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
