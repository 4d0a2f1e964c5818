import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { published } from '../../src/config/published.ts';
import { type BaseImage, basesOf, pullReference, versionIn } from './base-images.ts';
import { type Buildah, type Engine, findEngine } from './engine.ts';
import { complaintsAbout, megabytes, pulledBytes } from './image-rules.ts';
import { type ImageSpec, imagesNamed } from './image-list.ts';
import { inputDigest } from './input-digest.ts';
import { readOciArchive } from './oci.ts';
import { type Compression, pack } from './pack.ts';
import { prune, touch } from './prune.ts';
import { registryAnswers } from './registry.ts';
import { type Program, spdxOf } from './sbom.ts';
import { standIn } from './stand-ins.ts';

/** Where bases come from. `auto`: from their registry if it answers, else assembled here. */
export type Bases = 'auto' | 'registry' | 'stand-ins';

/** Which images are built, and how. */
export interface BuildOptions {
  /** Names such as `sluice-functions-deno`; none: all. */
  readonly names?: readonly string[];
  /** What stands before the name: registry and organization. The published ones if not given. */
  readonly prefix?: string;
  /** The version of package.json if not given. */
  readonly tag?: string;
  /** A folder for the archives, where each is called after its image. Given none: the cache, where their inputs are in their names. */
  readonly output?: string;
  readonly bases?: Bases;
  readonly compression?: Compression;
  /** The commit that is built, for the label. */
  readonly revision?: string;
  /** Nothing that earlier builds made is used again. */
  readonly fresh?: boolean;
  readonly say: (line: string) => void;
}

/** An image that was built: files on this machine. */
export interface ImageArchive {
  readonly name: string;
  /** Under this name a container runtime finds it once it is imported. */
  readonly reference: string;
  /** An OCI archive (`ctr images import`, `podman load`, `skopeo copy oci-archive:…`). */
  readonly archive: string;
  /** Its bill of materials, SPDX as JSON. */
  readonly sbom: string;
  readonly digest: string;
  /** As it is pulled. */
  readonly bytes: number;
  /** Whether its bases were assembled here: then it must not be published. */
  readonly fromStandIns: boolean;
}

const checkout = join(import.meta.dirname, '../..');

/**
 * Builds images from the Dockerfiles and checks what they promise. The same input is built once. Throws where there is no engine, with
 * how to get one, and when an image breaks a rule.
 */
export async function buildImages(options: BuildOptions): Promise<readonly ImageArchive[]> {
  const { say } = options;
  const cache = cacheFolder();
  mkdirSync(join(cache, 'archives'), { recursive: true });
  const specs = imagesNamed(options.names ?? []);
  const bases = new Map(specs.map((spec) => [spec, basesOf(read(spec.dockerfile))]));
  const fromStandIns = await usesStandIns(options, [...bases.values()].flat());
  if (fromStandIns) {
    say(
      'THE BASE IMAGES ARE STAND-INS, assembled here from npm and Debian packages because no image registry is used.',
    );
    say('These images are for tests on this machine. Do not publish them.');
  }
  const built: ImageArchive[] = [];
  let found: Engine | Buildah | undefined;
  // What was built before needs no engine.
  const engine = (): Engine | Buildah => (found ??= findEngine(join(cache, 'store'), say));
  for (const spec of specs) {
    const plan = planOf(spec, { options, fromStandIns, cache });
    const before = options.fresh === true ? undefined : builtBefore(plan);
    built.push(
      before ?? (await buildOne(plan, { bases: bases.get(spec) ?? [], engine, cache, say })),
    );
  }
  for (const image of built) say(lineOf(image));
  return built;
}

/** Where layers and archives are kept: `~/.cache/sluice/images`. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice/images');
}

async function usesStandIns(
  { bases = 'auto' }: BuildOptions,
  images: readonly BaseImage[],
): Promise<boolean> {
  if (bases !== 'auto') return bases === 'stand-ins';
  const [first] = images;
  return first !== undefined && !(await registryAnswers(first.name));
}

/** One image and where it goes. */
interface Plan {
  readonly spec: ImageSpec;
  readonly reference: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly compression: Compression;
  readonly fromStandIns: boolean;
  readonly fresh: boolean;
  /** Files without their endings. */
  readonly target: string;
  /** Results of other inputs, which go when they are no longer used. */
  readonly outdated: string | undefined;
}

function planOf(
  spec: ImageSpec,
  where: { options: BuildOptions; fromStandIns: boolean; cache: string },
): Plan {
  const { options, fromStandIns, cache } = where;
  const { version }: { version: string } = JSON.parse(read('package.json'));
  const prefix = options.prefix ?? `${published.registry}/${published.organization}`;
  const tag = options.tag ?? version;
  const reference = `${prefix}/${spec.name}:${tag}`;
  const compression = options.compression ?? 'quick';
  const labels = {
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.source': published.source,
    ...(options.revision !== undefined && {
      'org.opencontainers.image.revision': options.revision,
    }),
    ...(fromStandIns && { 'sluice.keptn.sh/stand-in-bases': 'true' }),
  };
  const input = inputDigest(checkout, spec, { reference, labels, compression });
  const archives = join(cache, 'archives');
  const target =
    options.output === undefined
      ? join(archives, `${spec.name}-${input}`)
      : join(options.output, spec.name);
  const outdated =
    options.output === undefined ? join(archives, `${spec.name}-${'?'.repeat(12)}.*`) : undefined;
  const fresh = options.fresh ?? false;
  return { spec, reference, labels, compression, fromStandIns, fresh, target, outdated };
}

/** What a build of the same input left in the cache. In a folder of somebody's own, files say nothing about their input. */
function builtBefore({ target, outdated }: Plan): ImageArchive | undefined {
  const facts = `${target}.json`;
  if (outdated === undefined || !existsSync(facts)) return undefined;
  const image: ImageArchive = JSON.parse(readFileSync(facts, 'utf8'));
  const files = [facts, image.archive, image.sbom];
  if (!files.every((file) => existsSync(file))) return undefined;
  files.forEach(touch);
  return image;
}

interface Workplace {
  readonly bases: readonly BaseImage[];
  readonly engine: () => Engine | Buildah;
  readonly cache: string;
  readonly say: (line: string) => void;
}

async function buildOne(
  plan: Plan,
  { bases, engine: engineHere, cache, say }: Workplace,
): Promise<ImageArchive> {
  const engine = engineHere();
  if (plan.fromStandIns) {
    if (!('imageOfFolder' in engine)) {
      throw new Error(`no image registry answers, and stand-ins take buildah, not ${engine.name}`);
    }
    await standIn(bases, engine, { checkout, cache, say });
  }
  const { spec, reference, labels, compression } = plan;
  say(`building ${spec.name} with ${engine.name}`);
  const folder = mkdtempSync(join(cache, 'build-'));
  try {
    const archive = join(folder, 'image.tar');
    const from = (base: BaseImage): string => (plan.fromStandIns ? base.name : pullReference(base));
    await engine.build({
      context: checkout,
      dockerfile: join(checkout, spec.dockerfile),
      ignoreFile: join(checkout, ignoreFileOf(spec)),
      target: spec.target,
      args: Object.fromEntries(bases.map((base) => [base.argument, from(base)])),
      archive,
      reuse: !plan.fresh,
    });
    const image = pack(readOciArchive(archive, folder), { reference, labels, compression, cache });
    const complaints = complaintsAbout(spec, image);
    if (complaints.length > 0) throw new Error(`${reference}: ${complaints.join('; ')}`);
    return keep(plan, {
      archive: image.archive,
      digest: image.digest,
      bytes: pulledBytes(image),
      sbom: spdxOf({ reference, image, programs: programsFrom(bases) }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ignoreFileOf({ dockerfile }: ImageSpec): string {
  const own = `${dockerfile}.dockerignore`;
  return existsSync(join(checkout, own)) ? own : '.dockerignore';
}

/** The programs that come as single files, by where the Dockerfiles put them. */
function programsFrom(bases: readonly BaseImage[]): Record<string, Program> {
  const found: Record<string, Program> = {};
  for (const base of bases) {
    const [file, name] =
      base.argument === 'DENO_IMAGE' ? ['usr/bin/deno', 'deno'] : ['usr/bin/node', 'node'];
    found[file] = { name, version: versionIn(base), license: 'MIT' };
  }
  return found;
}

interface Result {
  readonly archive: Buffer;
  readonly sbom: string;
  readonly digest: string;
  readonly bytes: number;
}

function keep(plan: Plan, { archive, sbom, digest, bytes }: Result): ImageArchive {
  const { spec, reference, fromStandIns, target, outdated } = plan;
  if (outdated !== undefined) prune(outdated);
  mkdirSync(join(target, '..'), { recursive: true });
  const image: ImageArchive = {
    name: spec.name,
    reference,
    archive: `${target}.tar`,
    sbom: `${target}.spdx.json`,
    digest,
    bytes,
    fromStandIns,
  };
  write(image.archive, archive);
  write(image.sbom, sbom);
  write(`${target}.json`, `${JSON.stringify(image, undefined, 2)}\n`);
  return image;
}

/** A reader finds the whole file or none. */
function write(file: string, content: Buffer | string): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}

function lineOf({ reference, bytes, digest, archive }: ImageArchive): string {
  return `${reference}  ${megabytes(bytes)} compressed  ${digest}\n    ${archive}`;
}

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}
