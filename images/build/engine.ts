import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** One image to be built from a Dockerfile. */
export interface BuildOrder {
  /** The folder that the Dockerfile copies from. */
  readonly context: string;
  readonly dockerfile: string;
  readonly ignoreFile: string;
  readonly target: string;
  readonly args: Readonly<Record<string, string>>;
  /** Where the image goes, as an OCI archive. */
  readonly archive: string;
  /** False: what earlier builds made is not used again. */
  readonly reuse: boolean;
}

/** A program that builds images. */
export interface Engine {
  readonly name: 'buildah' | 'docker' | 'podman';
  build(order: BuildOrder): Promise<void>;
}

/** Builds with images of its own store, in which stand-ins do not get in anybody's way. */
export interface Buildah extends Engine {
  readonly name: 'buildah';
  /** Makes an image of nothing but a folder, under a name that FROM finds. */
  imageOfFolder(folder: string, image: FolderImage): Promise<void>;
  /** The value of a label of an image in the store; undefined where there is no such image. */
  labelOf(image: string, label: string): string | undefined;
}

interface FolderImage {
  readonly name: string;
  /** Lines of a Dockerfile after COPY. */
  readonly instructions: readonly string[];
}

/** Told line by line what an engine says. */
type Say = (line: string) => void;

const noEngine =
  'images are built by buildah (`apt-get install buildah`), or by docker or podman where their daemon or machine runs: none of them is here';

/** The engine of this machine: buildah if it is installed, else what answers of docker and podman. Throws where nothing does. */
export function findEngine(storage: string, say: Say): Buildah | Engine {
  switch (engineHere()) {
    case 'buildah':
      return buildah(storage, say);
    case 'docker':
      return docker(say);
    case 'podman':
      return podman(say);
    default:
      throw new Error(noEngine);
  }
}

/** Why no image can be built here, in one line with the remedy; undefined where one can. */
export function whyNotBuilt(): string | undefined {
  return engineHere() === undefined ? noEngine : undefined;
}

function engineHere(): Engine['name'] | undefined {
  if (answers('buildah', ['--version'])) return 'buildah';
  if (answers('docker', ['version', '--format', '{{.Server.Version}}'])) return 'docker';
  return answers('podman', ['info']) ? 'podman' : undefined;
}

function answers(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

function buildah(storage: string, say: Say): Buildah {
  mkdirSync(storage, { recursive: true });
  const file = join(storage, 'storage.conf');
  const folders = `graphroot = "${storage}/images"\nrunroot = "${storage}/running"\n`;
  writeFileSync(file, `[storage]\ndriver = "overlay"\n${folders}`);
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: file, BUILDAH_ISOLATION: 'chroot' };
  const run = (args: readonly string[]): Promise<void> => carryOut('buildah', args, { env, say });
  return {
    name: 'buildah',
    async build(order) {
      const image = `localhost/sluice-build:${order.target}`;
      // One layer for each COPY, as docker makes them: four images share that with Deno.
      const reuse = ['--layers', ...(order.reuse ? [] : ['--no-cache'])];
      // Bases are asked for once and not at each build: they are pinned, or stand-ins, which no registry has.
      const how = ['--pull=false', '--network', 'host', '--ignorefile', order.ignoreFile, ...reuse];
      await run(['build', ...how, ...common(order, image), order.context]);
      await run(['push', '--disable-compression', image, `oci-archive:${order.archive}`]);
    },
    async imageOfFolder(folder, { name, instructions }) {
      const dockerfile = `${folder}.Dockerfile`;
      writeFileSync(dockerfile, ['FROM scratch', 'COPY . /', ...instructions, ''].join('\n'));
      const layer = ['--layers=false', '--timestamp', '0'];
      const args = ['build', ...layer, '--file', dockerfile, '--tag', name, folder];
      await run(args).finally(() => rmSync(dockerfile));
    },
    labelOf(image, label) {
      const format = `{{index .OCIv1.Config.Labels "${label}"}}`;
      const args = ['inspect', '--type', 'image', '--format', format, image];
      const { status, stdout } = spawnSync('buildah', args, { env, encoding: 'utf8' });
      return status === 0 ? stdout.trim() : undefined;
    },
  };
}

function docker(say: Say): Engine {
  return {
    name: 'docker',
    async build(order) {
      const image = `sluice-build:${order.target}`;
      // The file beside the Dockerfile is what docker ignores by. SBOM and provenance are made of what is published.
      const how = ['--load', '--provenance=false', ...(order.reuse ? [] : ['--no-cache'])];
      await carryOut('docker', ['build', ...how, ...common(order, image), order.context], { say });
      await carryOut('docker', ['save', '--output', order.archive, image], { say });
    },
  };
}

function podman(say: Say): Engine {
  return {
    name: 'podman',
    async build(order) {
      const image = `localhost/sluice-build:${order.target}`;
      const how = ['--format', 'oci', '--ignorefile', order.ignoreFile];
      const reuse = order.reuse ? [] : ['--no-cache'];
      const args = ['build', ...how, ...reuse, ...common(order, image), order.context];
      await carryOut('podman', args, { say });
      const save = ['save', '--format', 'oci-archive', '--output', order.archive, image];
      await carryOut('podman', save, { say });
    },
  };
}

function common(order: BuildOrder, image: string): readonly string[] {
  const args = Object.entries(order.args).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  return ['--file', order.dockerfile, '--target', order.target, '--tag', image, ...args];
}

async function carryOut(
  program: string,
  args: readonly string[],
  { env = process.env, say }: { env?: NodeJS.ProcessEnv; say: Say },
): Promise<void> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const [said, complained, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (code === 0) return;
  for (const line of `${said}${complained}`.trimEnd().split('\n')) say(line);
  throw new Error(`${program} ${args[0]} ended with exit code ${code}: its output is above`);
}
