import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { packingFor } from '../functions/contents.ts';
import { downloadPackages, mirrorsOf, unpack } from '../functions/debian.ts';
import { type BaseImage, versionIn } from './base-images.ts';
import type { Buildah } from './engine.ts';

/**
 * Stand-ins for base images, where no registry of images answers: the same programs from npm and Debian, under the same names, in a
 * store of their own. For tests on this machine only. They trust what this machine trusts, and are nobody's official images.
 */

/** Says of a stand-in what it was made from. */
const label = 'sluice.keptn.sh/stand-in';

/** What stand-ins are made with. */
export interface StandInWorkshop {
  readonly checkout: string;
  readonly cache: string;
  readonly say: (line: string) => void;
}

/** Sees to it that the engine's store has each base. Throws when a base is none that can be assembled, or another release than npm's. */
export async function standIn(
  bases: readonly BaseImage[],
  engine: Buildah,
  workshop: StandInWorkshop,
): Promise<void> {
  for (const base of bases) {
    const made = madeFrom(base, workshop);
    if (engine.labelOf(base.name, label) === made) continue;
    workshop.say(`assembling a stand-in for ${base.name}`);
    const folder = mkdtempSync(join(workshop.cache, 'stand-in-'));
    chmodSync(folder, 0o755);
    const more = base.name.includes('/library/node:')
      ? nodeTree(folder, base, workshop)
      : denoTree(folder, base, workshop);
    const instructions = [`LABEL ${label}=${made}`, ...more];
    await engine
      .imageOfFolder(folder, { name: base.name, instructions })
      .finally(() => rmSync(folder, { recursive: true, force: true }));
  }
}

function madeFrom(base: BaseImage, { checkout }: StandInWorkshop): string {
  const hash = createHash('sha256').update(base.name);
  for (const file of ['images/build/stand-ins.ts', 'images/functions/debian.ts']) {
    hash.update(readFileSync(join(checkout, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** What `node assemble.ts` calls, and what npm and RUN need. */
const tools =
  'apt base-files base-passwd ca-certificates coreutils dash dpkg debian-archive-keyring findutils grep gzip libc-bin libstdc++6 sed tar xz-utils zstd';
const needless = ['awk', 'debconf', 'perl', 'perl-base', 'liberror-perl', 'adduser'];
const systemCertificates = '/etc/ssl/certs/ca-certificates.crt';

function nodeTree(tree: string, base: BaseImage, { checkout, cache }: StandInWorkshop): string[] {
  const { suite } = packingFor([]);
  if (!base.name.endsWith(`-${suite}-slim`)) throw unknown(base);
  for (const folder of ['bin', 'lib', 'sbin', ...(existsSync('/lib64') ? ['lib64'] : [])]) {
    mkdirSync(join(tree, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(tree, folder));
  }
  const wanted = Object.fromEntries(tools.split(' ').map((name) => [name, '*']));
  const directory = join(cache, 'apt-of-stand-ins');
  for (const file of downloadPackages({ suite, wanted, leftOut: needless }, directory)) {
    unpack(file, tree);
  }
  for (const folder of ['root', 'tmp', 'proc', 'sys', 'dev', 'etc/apt']) {
    mkdirSync(join(tree, folder), { recursive: true });
  }
  chmodSync(join(tree, 'tmp'), 0o1777);
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
  writeFileSync(join(tree, 'etc/apt/sources.list'), mirrorsOf(suite));
  copy(systemCertificates, join(tree, systemCertificates));
  const release = join(checkout, 'node_modules/node');
  assertRelease(base, release);
  const arch = join(release, `node_modules/node-linux-${process.arch}`);
  copy(join(release, 'bin/node'), join(tree, 'usr/local/bin/node'));
  copy(join(arch, 'LICENSE'), join(tree, 'usr/local/LICENSE'));
  putNpm(tree);
  return [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV NODE_EXTRA_CA_CERTS=${systemCertificates} NODE_VERSION=${versionIn(base)}`,
    'CMD ["node"]',
  ];
}

function putNpm(tree: string): void {
  const lib = 'usr/local/lib/node_modules/npm';
  const root = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  cpSync(join(root, 'npm'), join(tree, lib), { recursive: true, dereference: true });
  for (const name of ['npm', 'npx']) {
    const program = join(lib, `bin/${name}-cli.js`);
    chmodSync(join(tree, program), 0o755);
    symlinkSync(`/${program}`, join(tree, 'usr/local/bin', name));
  }
}

function denoTree(tree: string, base: BaseImage, { checkout }: StandInWorkshop): string[] {
  if (!base.name.startsWith('docker.io/denoland/deno:bin-')) throw unknown(base);
  const release = join(checkout, `node_modules/@deno/linux-${process.arch}-glibc`);
  assertRelease(base, release);
  copy(join(release, 'deno'), join(tree, 'deno'));
  chmodSync(join(tree, 'deno'), 0o755);
  return ['ENTRYPOINT ["/deno"]'];
}

function assertRelease(base: BaseImage, release: string): void {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(release, 'package.json'), 'utf8'),
  );
  if (version === versionIn(base)) return;
  throw new Error(`the Dockerfile takes ${base.name}, and node_modules has ${version}: run npm ci`);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function unknown({ name }: BaseImage): Error {
  return new Error(`no stand-in can be assembled for ${name}: build where a registry has it`);
}
