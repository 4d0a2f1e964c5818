import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { basesOf } from './build/base-images.ts';
import { dockerfiles } from './build/pin.ts';
import { Dockerfile } from './dockerfile.ts';
import { entersRestricted } from './enter.ts';
import { greetingServer } from './greeting-server.ts';
import { lint } from './hadolint.ts';
import { buildImage, type Workshop } from './image-tree.ts';
import { inspect, type Language, probe, probeMissingScript } from './probing.ts';
import { Report } from './report.ts';

/**
 * `npm run images:check`: lints the Dockerfiles, then builds each image for functions without a container engine (from Debian
 * packages, npm's Deno and the runner) and runs functions in it as a restricted Pod would: a user that is not root, no
 * capability, a read-only root. It says what it left out and why. Exit code 1: something is wrong with an image.
 */

const targets: Readonly<Record<string, readonly Language[]>> = {
  'sluice-functions': ['deno', 'python', 'bash'],
  'sluice-functions-deno': ['deno'],
  'sluice-functions-python': ['python'],
  'sluice-functions-bash': ['bash'],
};

function lintDockerfiles({ checkout, cache }: Workshop, report: Report): void {
  const what = `hadolint on ${dockerfiles.join(' and ')}`;
  let complaints: readonly string[];
  try {
    const paths = dockerfiles.map((file) => join(checkout, file));
    complaints = lint(paths, cache);
  } catch (error) {
    report.skipped(what, `it could not be had from PyPI or not be run: ${wordsOf(error)}`);
    return;
  }
  if (complaints.length === 0) report.passed(what);
  else report.failed(what, complaints.join('\n').replaceAll(`${checkout}/`, ''));
}

/** The releases that the Dockerfile, package.json and contents.json name must not drift apart. */
function compareReleases(dockerfile: Dockerfile, { checkout }: Workshop, report: Report): void {
  const { devDependencies }: { devDependencies: Record<string, string> } = read(
    checkout,
    'package.json',
  );
  const { suite }: { suite: string } = read(import.meta.dirname, 'functions/contents.json');
  const want = {
    deno: `denoland/deno:bin-${devDependencies['deno']}`,
    packages: `node:${devDependencies['node']}-${suite}-slim`,
  };
  for (const [stage, image] of Object.entries(want)) {
    const base = dockerfile.baseOf(stage).replace(/@.*$/u, '');
    if (base === image) report.passed(`${image}, as in package.json and contents.json`);
    else
      report.failed(
        `stage ${stage}`,
        `starts from ${base}; package.json and contents.json say ${image}`,
      );
  }
}

/** Why this machine cannot build and enter the trees; undefined where it can. */
function hindrance(): string | undefined {
  if (process.platform !== 'linux') return 'this is no Linux';
  const programs = [
    '/usr/bin/apt-get',
    '/usr/bin/dpkg-deb',
    '/usr/bin/setpriv',
    '/usr/sbin/chroot',
  ];
  const missing = programs.filter((program) => !existsSync(program));
  return missing.length === 0
    ? undefined
    : `it takes a Debian, and here is no ${missing.join(', ')}`;
}

async function checkImages(
  dockerfile: Dockerfile,
  workshop: Workshop,
  report: Report,
): Promise<void> {
  if (!entersRestricted) {
    report.skipped(
      'that no capability is left',
      'only root can drop them; functions run in a user namespace',
    );
  }
  await using server = await greetingServer();
  for (const [name, languages] of Object.entries(targets)) {
    const image = { name, ...buildImage(dockerfile, name, workshop) };
    inspect(image, report);
    for (const language of languages) await probe(image, language, { url: server.url, report });
    await probeMissingScript(image, report);
  }
}

function read(folder: string, file: string) {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const write = (text: string): void => void process.stdout.write(text);
const report = new Report(write);
const workshop: Workshop = {
  checkout: join(import.meta.dirname, '..'),
  cache: join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice/images'),
  say: (line) => write(`… ${line}\n`),
};
mkdirSync(workshop.cache, { recursive: true });
const dockerfile = new Dockerfile(join(import.meta.dirname, 'functions/Dockerfile'));
lintDockerfiles(workshop, report);
compareReleases(dockerfile, workshop, report);
for (const file of dockerfiles) {
  for (const base of basesOf(readFileSync(join(workshop.checkout, file), 'utf8'))) {
    const what = `${file}: ${base.name} is pinned to a digest`;
    if (base.digest !== undefined) report.passed(what);
    else report.skipped(what, 'run `npm run images -- --pin` where its registry can be reached');
  }
}
const why = hindrance();
if (why === undefined) await checkImages(dockerfile, workshop, report);
else report.skipped('the trees of the images', why);
process.exitCode = report.close() ? 0 : 1;
