import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Packing } from './contents.ts';

/**
 * Downloads the packages of an image with everything they depend on, as into an empty system, and answers the files. apt checks
 * signatures and sums. The machine's own apt is not touched; `directory` keeps what was downloaded.
 */
export function downloadPackages(packing: Packing, directory: string): string[] {
  const options = aptOptions(packing, directory);
  const apt = (...args: string[]): string => run('apt-get', ['-qq', ...options, ...args]);
  const wanted = Object.entries(packing.wanted).map(([name, version]) =>
    version === '*' ? name : `${name}=${version}`,
  );
  apt('update');
  // The archive may hold packages of an older state: what this image consists of is what apt would get into an empty one.
  const nothing = `--option=Dir::Cache::archives=${join(directory, 'nothing')}`;
  const plan = apt(nothing, 'install', '--print-uris', ...wanted);
  const files = [...plan.matchAll(/^'[^']+' (\S+\.deb) /gmu)].map(([, file = '']) => file);
  apt('install', '--download-only', ...wanted);
  const archive = join(directory, 'archives');
  const there = new Set(readdirSync(archive));
  const missing = files.filter((file) => !there.has(file));
  if (files.length === 0 || missing.length > 0) {
    throw new Error(`apt did not download ${missing.join(', ') || 'anything'}`);
  }
  return files.map((file) => join(archive, file));
}

/** An apt of its own, in which nothing is installed but what is left out on purpose. On the command line nothing overrules it. */
function aptOptions({ suite, leftOut }: Packing, directory: string): string[] {
  const at = (...path: string[]): string => join(directory, ...path);
  for (const folder of ['lists/partial', 'archives/partial', 'nothing/partial']) {
    mkdirSync(at(folder), { recursive: true });
  }
  const architecture = run('dpkg', ['--print-architecture']).trim();
  const installed = leftOut.map((name) =>
    [
      `Package: ${name}`,
      'Status: install ok installed',
      `Architecture: ${architecture}`,
      'Multi-Arch: foreign',
      'Version: 999:0',
      'Maintainer: none',
      'Description: left out of the image\n\n',
    ].join('\n'),
  );
  writeFileSync(at('status'), installed.join(''));
  return Object.entries({
    'Dir::State': directory,
    'Dir::State::status': at('status'),
    'Dir::Cache': directory,
    'Dir::Log': directory,
    'APT::Install-Recommends': 'false',
    // Run by a user who is not root, or in a folder that apt's own user may not read.
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
    ...sources(suite, at('sources.list')),
  }).map(([name, value]) => `--option=${name}=${value}`);
}

/** Where packages come from: this machine's own sources, or the same mirrors for another release of Debian. */
function sources(suite: string, file: string): Record<string, string> {
  if (ownRelease() === suite) return {};
  writeFileSync(file, mirrorsOf(suite));
  return { 'Dir::Etc::sourcelist': file, 'Dir::Etc::sourceparts': '-' };
}

function ownRelease(): string {
  const system = readFileSync('/etc/os-release', 'utf8');
  const own = /^VERSION_CODENAME=(.*)$/mu.exec(system)?.[1];
  if (own === undefined || !/^ID=debian$/mu.test(system)) {
    throw new Error('this machine is no Debian, so that its apt knows none of its mirrors');
  }
  return own;
}

/** The mirrors of this machine as a sources.list for a release of Debian. Throws where the machine is no Debian or knows none. */
export function mirrorsOf(suite: string): string {
  const own = ownRelease();
  const signed = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)';
  const lines = run('apt-get', ['indextargets', '--format', format])
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, release = '', component, kind]) => {
      return release.split('-')[0] === own && component === 'main' && kind === 'Packages';
    })
    .map(([uri, release = '']) => `deb ${signed} ${uri} ${release.replace(own, suite)} main`);
  if (lines.length === 0) throw new Error(`apt knows no mirror of Debian ${own} on this machine`);
  return `${[...new Set(lines)].join('\n')}\n`;
}

/** Unpacks a package and notes it where scanners of images look for packages that no dpkg installed. */
export function unpack(file: string, into: string): void {
  run('dpkg-deb', ['--extract', file, into]);
  const control = run('dpkg-deb', ['--field', file]);
  const name = /^Package: (.*)$/mu.exec(control)?.[1] ?? '';
  const notes = join(into, 'var/lib/dpkg/status.d');
  mkdirSync(notes, { recursive: true });
  writeFileSync(join(notes, name), control);
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}
