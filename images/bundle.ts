import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

/**
 * Bundles the program to JavaScript that stands alone. The Dockerfile, the npm package and the benchmark call it alike:
 *
 *   node images/bundle.ts FOLDER
 */

/** What is imported on demand stays a file of its own: a Pod does not load the libraries that only a laptop needs. */
const options = {
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifyWhitespace: true,
  // Names stay, but for the few that two modules of one file share. `keepNames` would give each of 23,000 functions a property of its
  // own: 3 MB, and a fifth of the time that a start takes.
  keepNames: false,
  // Each package's licence is put beside the bundle, which is more than its comments.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
} as const;

/**
 * Bundles the checkout's program into an emptied folder: `main.js`, what it loads on demand, and `licenses`, which has the licence and a short
 * package.json of each package inside, where scanners of images look. Answers those packages, as `name@version`.
 */
export async function bundle(checkout: string, folder: string): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    ...options,
    entryPoints: ['src/main.ts'],
    absWorkingDir: checkout,
    outdir: folder,
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  const licenses = join(folder, 'licenses');
  const found = packagesIn(metafile).map((path) => passOnLicence(join(checkout, path), licenses));
  return [...new Set(found)].toSorted();
}

/** Folders of the packages that anything of the bundle comes from. */
function packagesIn({ inputs }: Metafile): readonly string[] {
  const found = Object.keys(inputs).flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(path) ?? [],
  );
  return [...new Set(found)];
}

function passOnLicence(from: string, licenses: string): string {
  const manifest: Record<string, unknown> = JSON.parse(
    readFileSync(join(from, 'package.json'), 'utf8'),
  );
  const { name, version, license, homepage } = manifest;
  const id = `${String(name)}@${String(version)}`;
  const to = join(licenses, id.replace('/', '+'));
  mkdirSync(to, { recursive: true });
  const kept = JSON.stringify({ name, version, license, homepage });
  writeFileSync(join(to, 'package.json'), `${kept}\n`);
  const texts = readdirSync(from).filter((file) => /^(?:licen[cs]e|notice|copying)/iu.test(file));
  for (const file of texts) writeFileSync(join(to, file), readFileSync(join(from, file)));
  if (texts.length === 0 && typeof license !== 'string') {
    throw new Error(`${id} says nowhere what its licence is: it must not be passed on`);
  }
  return id;
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('node images/bundle.ts FOLDER');
  const checkout = join(import.meta.dirname, '..');
  if (!existsSync(join(checkout, 'src/main.ts'))) throw new Error(`${checkout} is no checkout`);
  const packages = await bundle(checkout, folder);
  process.stdout.write(`bundled with ${packages.length} packages: ${packages.join(', ')}\n`);
}
