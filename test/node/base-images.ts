import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The image of a Pod's sandbox. */
export const pauseImage = 'sluice.test/pause:1';

/** An image with a shell and the usual small programs, as user 65532: what tests take for "somebody else's container". */
export const busyboxImage = 'sluice.test/busybox:1';

/** What an image is made of besides its files. */
interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
}

/** Writes `pause.tar` and `busybox.tar`, archives that containerd imports, into a directory; answers their paths. */
export function writeBaseImages(
  directory: string,
  programs: { readonly pause: string; readonly busybox: string },
): string[] {
  mkdirSync(directory, { recursive: true });
  const pause = join(directory, 'pause.tar');
  writeImage(pause, { name: pauseImage, config: { Entrypoint: ['/pause'] } }, (root) => {
    executable(programs.pause, join(root, 'pause'));
  });
  const busybox = join(directory, 'busybox.tar');
  const config = { Env: ['PATH=/bin'], Cmd: ['sh'], User: '65532:65532' };
  writeImage(busybox, { name: busyboxImage, config }, (root) =>
    busyboxTree(root, programs.busybox),
  );
  return [pause, busybox];
}

function busyboxTree(root: string, program: string): void {
  const bin = join(root, 'bin');
  for (const folder of ['bin', 'etc', 'tmp']) mkdirSync(join(root, folder));
  chmodSync(join(root, 'tmp'), 0o1777);
  executable(program, join(bin, 'busybox'));
  const applets = execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(bin, applet));
  writeFileSync(
    join(root, 'etc', 'passwd'),
    'root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532::/tmp:/bin/sh\n',
  );
}

/** One layer, in the layout of the Open Container Initiative. */
function writeImage(
  file: string,
  { name, config }: { readonly name: string; readonly config: ImageConfig },
  fill: (root: string) => void,
): void {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  try {
    const [root, layout] = [join(scratch, 'root'), join(scratch, 'layout')];
    const blobs = join(layout, 'blobs', 'sha256');
    mkdirSync(root);
    mkdirSync(blobs, { recursive: true });
    fill(root);
    const layerFile = join(scratch, 'layer.tar');
    tar(root, layerFile);
    const put = (content: Buffer, mediaType: string): Descriptor => {
      const sum = createHash('sha256').update(content).digest('hex');
      writeFileSync(join(blobs, sum), content);
      return { mediaType, digest: `sha256:${sum}`, size: content.length };
    };
    const oci = 'application/vnd.oci.image';
    const layer = put(readFileSync(layerFile), `${oci}.layer.v1.tar`);
    const image = {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    };
    const described = put(json(image), `${oci}.config.v1+json`);
    const manifestType = `${oci}.manifest.v1+json`;
    const manifest = put(
      json({ schemaVersion: 2, mediaType: manifestType, config: described, layers: [layer] }),
      manifestType,
    );
    const annotations = { 'io.containerd.image.name': name };
    writeFileSync(join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
    writeFileSync(
      join(layout, 'index.json'),
      json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    tar(layout, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

function tar(directory: string, file: string): void {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...same, '-C', directory, '-cf', file, '.']);
}

function executable(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
