import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineImage } from '../../images/build/oci.ts';
import { pack, type Packing } from '../../images/build/pack.ts';
import { readTar, type TarEntry, writeTar } from '../../images/build/tar.ts';

let cache: string;
let packing: Packing;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'sluice-pack-'));
  packing = {
    reference: 'registry.example/team/app:1',
    labels: { 'org.opencontainers.image.version': '1' },
    compression: 'quick',
    cache,
  };
});
afterAll(() => rmSync(cache, { recursive: true }));

function file(path: string, content = path): TarEntry {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    link: '',
    content: Buffer.from(content),
    attributes: {},
  };
}

function image(layers: readonly (readonly TarEntry[])[], labels = {}): EngineImage {
  const config = { User: '65532:65532', Entrypoint: ['/app'], Labels: { a: 'b', ...labels } };
  return {
    configuration: { architecture: 'amd64', os: 'linux', config },
    layers: layers.map(writeTar),
  };
}

describe('a packed image', () => {
  test('is the same whichever engine built it: its labels and empty layers do not count', () => {
    const one = pack(image([[file('app')]], { 'io.buildah.version': '1.28' }), packing);
    const other = pack(image([[file('app')], []]), packing);
    expect(one.digest).toBe(other.digest);
    expect(one.archive.equals(other.archive)).toBe(true);
    expect(one.config.Labels).toEqual({ a: 'b', 'org.opencontainers.image.version': '1' });
  });

  test('is another one when a file in it is', () => {
    const one = pack(image([[file('app', 'one')]]), packing);
    expect(pack(image([[file('app', 'two')]]), packing).digest).not.toBe(one.digest);
  });

  test('has in its tree what later layers leave: `.wh.` takes away', () => {
    const layers = [
      [file('kept'), file('old'), file('folder/a'), file('folder/b')],
      [file('.wh.old'), file('folder/.wh.a'), file('kept', 'changed')],
    ];
    const { tree } = pack(image(layers), packing);
    expect([...tree.keys()]).toEqual(['kept', 'folder/b']);
    expect(tree.get('kept')?.content.toString()).toBe('changed');
  });

  test('is an OCI layout that container runtimes import under its name', () => {
    const { archive, digest, layers } = pack(image([[file('app')]]), packing);
    const files = new Map([...readTar(archive)].map((entry) => [entry.path, entry.content]));
    const index = JSON.parse(files.get('index.json')?.toString() ?? '');
    expect(index.manifests).toEqual([
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest,
        size: expect.any(Number),
        annotations: {
          'io.containerd.image.name': packing.reference,
          'org.opencontainers.image.ref.name': packing.reference,
        },
      },
    ]);
    const [layer] = layers;
    const blob = files.get(`blobs/${layer?.digest.replace(':', '/')}`) ?? Buffer.alloc(0);
    expect([...readTar(zstdDecompressSync(blob))].map(({ path }) => path)).toEqual(['app']);
  });
});
