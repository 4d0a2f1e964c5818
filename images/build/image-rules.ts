import type { ImageSpec } from './image-list.ts';
import type { PackedImage } from './pack.ts';

/** What of an image the rules look at. */
export type JudgedImage = Pick<PackedImage, 'layers' | 'config' | 'tree'>;

const labels = ['title', 'description', 'licenses', 'version', 'source'].map(
  (name) => `org.opencontainers.image.${name}`,
);
const shells = /^(?:usr\/)?(?:local\/)?s?bin\/(?:ba|da|k|z|c|tc|fi)?sh$|\/busybox$/u;
const packageManagers = /^(?:usr\/)?(?:local\/)?s?bin\/(?:apt|apt-get|dpkg|npm|npx|pip3?|perl)$/u;

/** Bytes of an image as it is pulled. */
export function pulledBytes({ layers }: Pick<PackedImage, 'layers'>): number {
  return layers.reduce((total, { size }) => total + size, 0);
}

/** What is wrong with an image, in the order of what hurts most; empty where all is as it should be. */
export function complaintsAbout(spec: ImageSpec, image: JudgedImage): readonly string[] {
  const { config, tree } = image;
  const found: string[] = [];
  const bytes = pulledBytes(image);
  if (bytes > spec.limit) {
    found.push(`it is ${megabytes(bytes)} compressed, more than ${megabytes(spec.limit)}`);
  }
  if (config.User !== '65532:65532') found.push(`its user is "${config.User}", not 65532:65532`);
  if (config.Entrypoint === undefined) found.push('it has no entry point');
  for (const [path, { type, mode }] of tree) {
    if (type === 'file' && (mode & 0o6000) !== 0) found.push(`${path} changes its user (setuid)`);
    if (type === 'file' && (mode & 0o002) !== 0) found.push(`everybody may write ${path}`);
    if (!spec.hasShell && shells.test(path)) found.push(`it has a shell, ${path}`);
    if (packageManagers.test(path)) found.push(`it has ${path}`);
  }
  for (const label of labels) {
    if ((config.Labels?.[label] ?? '') === '') found.push(`its label ${label} is missing`);
  }
  const hasLicence = ['app/LICENSE', 'runner/LICENSE'].some((path) => tree.has(path));
  if (!hasLicence) found.push('its own licence is not inside');
  return [...found, ...withoutLicence(tree)];
}

/** Debian's packages come with `usr/share/doc/NAME/copyright`, which may be a link to that of another one. */
function withoutLicence(tree: PackedImage['tree']): readonly string[] {
  const notes = 'var/lib/dpkg/status.d/';
  return [...tree.keys()]
    .filter((path) => path.startsWith(notes))
    .map((path) => path.slice(notes.length))
    .filter((name) => {
      const folder = `usr/share/doc/${name}`;
      return !tree.has(`${folder}/copyright`) && tree.get(folder)?.type !== 'symlink';
    })
    .map((name) => `the licence of Debian's ${name} is not inside`);
}

/** Millions of bytes, as registries show them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
