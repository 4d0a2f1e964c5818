import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Copy, Dockerfile, ImageConfig } from './dockerfile.ts';
import { compile } from './compiled.ts';
import { entersRestricted } from './enter.ts';
import { assemble } from './functions/assemble.ts';

/** What building needs to know of the machine. */
export interface Workshop {
  /** The checkout, which is the context of the build. */
  readonly checkout: string;
  /** A folder of ours outside of the checkout, for what is worth keeping. */
  readonly cache: string;
  readonly say: (line: string) => void;
}

/** The file tree of a target of the functions' Dockerfile, built without a container engine, and how its container starts. */
export function buildImage(
  dockerfile: Dockerfile,
  target: string,
  workshop: Workshop,
): { readonly tree: string; readonly config: ImageConfig } {
  const { config, copies } = dockerfile.imageOf(target);
  const tree = join(workshop.cache, 'trees', target);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const copy of copies) carryOut(copy, tree, { dockerfile, workshop });
  return { tree, config };
}

interface Build {
  readonly dockerfile: Dockerfile;
  readonly workshop: Workshop;
}

function carryOut(copy: Copy, tree: string, build: Build): void {
  const { from, source, target } = copy;
  const to = join(tree, target);
  if (from === undefined) {
    const { checkout } = build.workshop;
    assertInContext(source, checkout);
    cpSync(join(checkout, source), to, { recursive: true });
  } else if (build.dockerfile.baseOf(from).startsWith('denoland/deno:bin-')) {
    mkdirSync(dirname(to), { recursive: true });
    link(denoOf(build.dockerfile.baseOf(from)), to);
  } else if (from === 'compiled') {
    const [command = ''] = build.dockerfile.commandsOf(from);
    compile(command, compiler(build), { folder: source, target: to });
    // Who is not root is that user in the tree.
    if (copy.owner !== undefined && entersRestricted) {
      execFileSync('chown', ['--recursive', copy.owner, to]);
    }
  } else {
    link(`${assembled(from, build)}/.`, to);
  }
}

/** A tree in which Deno can run the runner. The base of the Dockerfile's stage, Node's image, is not here. */
function compiler(build: Build): string {
  const root = join(build.workshop.cache, 'compiler');
  rmSync(root, { recursive: true, force: true });
  cpSync(assembled('deno-tree', build), root, { recursive: true, verbatimSymlinks: true });
  cpSync(denoOf(build.dockerfile.baseOf('deno')), join(root, 'usr/bin/deno'));
  cpSync(join(build.workshop.checkout, 'runner'), join(root, 'runner'), { recursive: true });
  return root;
}

/** Hard links where they can be: nothing writes into the tree, and 250 MB need not be copied. */
function link(from: string, to: string): void {
  try {
    execFileSync('cp', ['--archive', '--link', from, to], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch {
    execFileSync('cp', ['--archive', '--remove-destination', from, to]);
  }
}

/** npm's Deno, which is the same release as the image's. */
function denoOf(image: string): string {
  const name = `@deno/linux-${process.arch}-glibc`;
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version }: { version: string } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (image.replace(/@.*$/u, '') !== `denoland/deno:bin-${version}`) {
    throw new Error(
      `the Dockerfile takes ${image} and package.json Deno ${version}: let them be the same`,
    );
  }
  return join(dirname(manifest), 'deno');
}

/** The tree of a stage that does nothing but assemble one. Kept as long as what it is made from stays as it is. */
function assembled(stage: string, { dockerfile, workshop }: Build): string {
  const [command = '', ...others] = dockerfile.commandsOf(stage);
  const [, languages] = /^node assemble\.ts (\S+) \/tree \/cache$/u.exec(command) ?? [];
  if (languages === undefined || others.length > 0) {
    throw new Error(`stage ${stage} does not just run "node assemble.ts LANGUAGES /tree /cache"`);
  }
  const tree = join(workshop.cache, 'assembled', `${languages}-${digestOfSources()}`);
  if (existsSync(tree)) return tree;
  for (const outdated of globSync(join(workshop.cache, 'assembled', `${languages}-*`))) {
    rmSync(outdated, { recursive: true, force: true });
  }
  workshop.say(`assembling ${languages} from Debian packages`);
  const unfinished = `${tree}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  assemble(languages.split(','), unfinished, join(workshop.cache, 'apt'));
  renameSync(unfinished, tree);
  return tree;
}

function digestOfSources(): string {
  const hash = createHash('sha256');
  for (const file of globSync('functions/*.{ts,json}', { cwd: import.meta.dirname }).toSorted()) {
    hash.update(readFileSync(join(import.meta.dirname, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** What the ignore file keeps from the engine would be missing in the real image only. */
function assertInContext(source: string, checkout: string): void {
  const file = 'images/functions/Dockerfile.dockerignore';
  const allowed = readFileSync(join(checkout, file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  if (allowed.some((path) => source === path || source.startsWith(`${path}/`))) return;
  throw new Error(`${file} keeps ${source} from the build: add !${source}`);
}
