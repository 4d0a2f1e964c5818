import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BaseImage, basesOf, pinned } from './base-images.ts';
import { digestOf } from './oci.ts';

/** The Dockerfiles whose bases are pinned. */
export const dockerfiles = ['Dockerfile', 'images/functions/Dockerfile'] as const;

/** Bases of these Dockerfiles that follow a tag, and so may be other bytes tomorrow. */
export function unpinnedBases(checkout: string): readonly string[] {
  const bases = dockerfiles.flatMap((file) => basesOf(readFileSync(join(checkout, file), 'utf8')));
  const names = bases.filter(({ digest }) => digest === undefined).map(({ name }) => name);
  return [...new Set(names)];
}

/**
 * Writes into the Dockerfiles which digest the registry has for the tag of each base today, and answers one line per base. `digestNow` asks
 * for it; it throws where there is no answer, and then nothing is written.
 */
export function pinBases(
  checkout: string,
  digestNow: (image: string) => string = askRegistry,
): readonly string[] {
  const texts = dockerfiles.map((file) => readFileSync(join(checkout, file), 'utf8'));
  const before = new Map(
    texts.flatMap(basesOf).map((base): [string, BaseImage] => [base.name, base]),
  );
  const digests = Object.fromEntries([...before.keys()].map((name) => [name, digestNow(name)]));
  for (const [at, file] of dockerfiles.entries()) {
    writeFileSync(join(checkout, file), pinned(texts[at] ?? '', digests));
  }
  return [...before.values()].map(({ name, digest }) => {
    const now = digests[name] ?? '';
    return digest === now
      ? `${name}: unchanged, ${now}`
      : `${name}: ${digest ?? 'not pinned'} → ${now}`;
  });
}

/** Of the list of all architectures: the digest of one would be of no use on another. */
function askRegistry(image: string): string {
  const ways: readonly (readonly [string, ...string[]])[] = [
    ['skopeo', 'inspect', '--raw', '--no-tags', `docker://${image}`],
    ['docker', 'buildx', 'imagetools', 'inspect', '--format', '{{.Manifest.Digest}}', image],
  ];
  const complaints: string[] = [];
  for (const [program, ...args] of ways) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { timeout: 60_000 });
    if (status === 0) {
      const said = stdout.toString().trim();
      return /^sha256:[0-9a-f]{64}$/u.test(said) ? said : digestOf(stdout);
    }
    complaints.push(`${program}: ${error?.message ?? stderr.toString().trim()}`);
  }
  throw new Error(`the digest of ${image} could not be had: ${complaints.join('; ')}`);
}
