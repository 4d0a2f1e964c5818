import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { type ContainerConfig, type Descriptor, digestOf, type EngineImage } from './oci.ts';
import { prune, touch } from './prune.ts';
import { readTar, type TarEntry, writeTar } from './tar.ts';

/** An image as it is published: the same tree and configuration are the same bytes, whichever engine built them, and whenever. */
export interface PackedImage {
  /** An OCI layout in a tar archive, which container runtimes import and registries are filled from. */
  readonly archive: Buffer;
  /** What it is pulled by: the digest of its manifest. */
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  readonly config: ContainerConfig;
  /** What is in its root, by path; later layers lie over earlier ones. */
  readonly tree: ReadonlyMap<string, TarEntry>;
}

/** How an image is packed. */
export interface Packing {
  /** Its full name, under which a container runtime finds it once it is imported. */
  readonly reference: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly compression: Compression;
  /** A folder for compressed layers, which take longest. */
  readonly cache: string;
}

/**
 * `quick` is for images that stay on this machine; `small` is what is published (a few minutes for all images, and a tenth
 * less). Both are zstd, which containerd and CRI-O read since before Kubernetes 1.24, and Docker since 23.
 */
export type Compression = 'quick' | 'small';

// A window of 32 MB finds what repeats across one large program; whoever unpacks needs as much memory.
const windowing = {
  [constants.ZSTD_c_windowLog]: 25,
  [constants.ZSTD_c_hashLog]: 23,
  [constants.ZSTD_c_chainLog]: 23,
};
const settings: Readonly<Record<Compression, Record<number, number>>> = {
  quick: { [constants.ZSTD_c_compressionLevel]: 9, ...windowing },
  small: { [constants.ZSTD_c_compressionLevel]: 17, [constants.ZSTD_c_windowLog]: 25 },
};

const layerType = 'application/vnd.oci.image.layer.v1.tar+zstd';
const configType = 'application/vnd.oci.image.config.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const epoch = '1970-01-01T00:00:00Z';

/** Packs what an engine built. Times of day, names of users and the engine's own labels stay behind. */
export function pack({ configuration, layers }: EngineImage, packing: Packing): PackedImage {
  const tree = new Map<string, TarEntry>();
  const blobs = new Map<string, Buffer>();
  const keep = (mediaType: string, content: Buffer): Descriptor => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  };
  const diffIds: string[] = [];
  const packed: Descriptor[] = [];
  for (const layer of layers) {
    const entries = [...readTar(layer)].filter(({ path }) => path !== '');
    if (entries.length === 0) continue;
    for (const entry of entries) layOver(tree, entry);
    const tar = writeTar(entries);
    const diffId = digestOf(tar);
    diffIds.push(diffId);
    packed.push(keep(layerType, compressed(tar, diffId, packing)));
  }
  const config = configOf(configuration.config, packing.labels);
  const { architecture, os } = configuration;
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const history = diffIds.map(() => ({ created: epoch }));
  const imageConfig = { architecture, os, created: epoch, config, rootfs, history };
  const manifest = keep(
    manifestType,
    json({
      schemaVersion: 2,
      mediaType: manifestType,
      config: keep(configType, json(imageConfig)),
      layers: packed,
    }),
  );
  const archive = layoutOf({ ...manifest, annotations: namesOf(packing.reference) }, blobs);
  return { archive, digest: manifest.digest, layers: packed, config, tree };
}

/** In a layer over others, `.wh.NAME` takes NAME away. */
function layOver(tree: Map<string, TarEntry>, entry: TarEntry): void {
  const [, folder = '', name] = /^(.*\/)?\.wh\.(.+)$/u.exec(entry.path) ?? [];
  if (name === undefined) {
    tree.set(entry.path, entry);
    return;
  }
  const gone = name === '.wh..opq' ? folder.slice(0, -1) : `${folder}${name}`;
  for (const path of tree.keys()) {
    if (path === gone || path.startsWith(`${gone}/`)) tree.delete(path);
  }
}

function configOf(
  { User, Env, Entrypoint, Cmd, WorkingDir, ExposedPorts, Labels }: ContainerConfig,
  added: Readonly<Record<string, string>>,
): ContainerConfig {
  const labels = Object.entries({ ...Labels, ...added })
    .filter(([name]) => !name.startsWith('io.buildah.'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...(User !== undefined && { User }),
    ...(ExposedPorts !== undefined && { ExposedPorts }),
    ...(Env !== undefined && { Env }),
    ...(Entrypoint !== undefined && { Entrypoint }),
    ...(Cmd !== undefined && { Cmd }),
    ...(WorkingDir !== undefined && { WorkingDir }),
    Labels: Object.fromEntries(labels),
  };
}

function compressed(tar: Buffer, diffId: string, { compression, cache }: Packing): Buffer {
  const params = settings[compression];
  // Other parameters and other releases of zstd give other bytes.
  const way = digestOf(JSON.stringify([params, process.versions.zstd])).slice(7, 15);
  const file = join(cache, 'blobs', `${diffId.replace('sha256:', '')}-${way}.tar.zst`);
  if (existsSync(file)) {
    touch(file);
    return readFileSync(file);
  }
  const blob = zstdCompressSync(tar, { params, pledgedSrcSize: tar.length });
  mkdirSync(join(cache, 'blobs'), { recursive: true });
  prune(join(cache, 'blobs/*'));
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, blob);
  renameSync(unfinished, file);
  return blob;
}

/** containerd imports an image under the first of these names, skopeo and podman look for the second. */
function namesOf(reference: string): Record<string, string> {
  return {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference,
  };
}

function layoutOf(manifest: Descriptor, blobs: ReadonlyMap<string, Buffer>): Buffer {
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [manifest] };
  const file = (path: string, content: Buffer): TarEntry => ({
    path,
    content,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    link: '',
    attributes: {},
  });
  const blobFiles = [...blobs]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([digest, content]) => file(`blobs/${digest.replace(':', '/')}`, content));
  return writeTar([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', json(index)),
    ...blobFiles,
  ]);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
