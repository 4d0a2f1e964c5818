import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** A blob as manifests point to it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How a container of the image starts. */
export interface ContainerConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

interface Index {
  readonly manifests: readonly Descriptor[];
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** What is read of an image's configuration. */
export interface ImageConfiguration {
  readonly architecture: string;
  readonly os: string;
  readonly config: ContainerConfig;
}

/** An image as a container engine wrote it: its layers are tar archives, not compressed. */
export interface EngineImage {
  readonly configuration: ImageConfiguration;
  readonly layers: readonly Buffer[];
}

/** `sha256:…`, as everything in a registry is named. */
export function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Reads an OCI archive (a tar of an OCI layout), using a folder to unpack it to. Throws on what is no such archive. */
export function readOciArchive(file: string, folder: string): EngineImage {
  execFileSync('tar', ['--extract', '--file', file, '--directory', folder], { stdio: 'pipe' });
  const blob = (digest: string): Buffer =>
    readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
  const index: Index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  const [found, ...others] = index.manifests;
  if (found === undefined || others.length > 0) {
    throw new Error(`${file} holds ${index.manifests.length} images, not one`);
  }
  const manifest: Manifest = JSON.parse(blob(found.digest).toString());
  const configuration: ImageConfiguration = JSON.parse(blob(manifest.config.digest).toString());
  return { configuration, layers: manifest.layers.map(({ digest }) => unpacked(blob(digest))) };
}

function unpacked(layer: Buffer): Buffer {
  if (layer.readUInt16BE(0) === 0x1f_8b) return gunzipSync(layer);
  if (layer.readUInt32LE(0) === 0xfd_2f_b5_28) return zstdDecompressSync(layer);
  return layer;
}
