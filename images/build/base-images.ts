/** An image that a Dockerfile starts from: `ARG NODE_IMAGE=node:24.21.0-trixie-slim@sha256:…`. */
export interface BaseImage {
  /** The build argument that names it. */
  readonly argument: string;
  /** With registry and repository in full: `docker.io/library/node:24.21.0-trixie-slim`. */
  readonly name: string;
  /** What it is pinned to; undefined where it is not. */
  readonly digest: string | undefined;
}

const argument =
  /^ARG (?<name>[A-Z]+_IMAGE)=(?<image>[^@\s]+)(?:@(?<digest>sha256:[0-9a-f]{64}))?$/gmu;

/** The bases of a Dockerfile, in its order. Each is an argument before the first FROM, so that a build can say where it comes from. */
export function basesOf(dockerfile: string): readonly BaseImage[] {
  return [...dockerfile.matchAll(argument)].map(({ groups }) => ({
    argument: groups?.['name'] ?? '',
    name: inFull(groups?.['image'] ?? ''),
    digest: groups?.['digest'],
  }));
}

/** The Dockerfile with its bases pinned to these digests, by their full names. */
export function pinned(dockerfile: string, digests: Readonly<Record<string, string>>): string {
  return dockerfile.replace(argument, (line: string, name: string, image: string) => {
    const digest = digests[inFull(image)];
    return digest === undefined ? line : `ARG ${name}=${image}@${digest}`;
  });
}

/** What is passed as a build argument: the name and, if it is pinned, its digest. */
export function pullReference({ name, digest }: BaseImage): string {
  return digest === undefined ? name : `${name}@${digest}`;
}

/** The version of the program in an image: `24.21.0` of `node:24.21.0-trixie-slim`. */
export function versionIn({ name }: BaseImage): string {
  const [version] = /\d+\.\d+\.\d+/u.exec(name.replace(/^.*:/u, '')) ?? [];
  if (version === undefined) throw new Error(`${name} says no version in its tag`);
  return version;
}

/** Engines complete short names by their own lists; which registry is meant is said here instead. */
function inFull(image: string): string {
  const [first = '', ...rest] = image.split('/');
  if (rest.length > 0 && /[.:]|^localhost$/u.test(first)) return image;
  return `docker.io/${rest.length === 0 ? 'library/' : ''}${image}`;
}
