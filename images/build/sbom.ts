import { createHash } from 'node:crypto';
import type { PackedImage } from './pack.ts';
import type { TarEntry } from './tar.ts';

/** What an image consists of, as the bill of materials names it. */
interface Part {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, or NOASSERTION where no machine can tell. */
  readonly license: string;
  /** A package URL, by which scanners look vulnerabilities up. */
  readonly purl: string;
  readonly sha256?: string;
}

/** The image that is described, and which releases of the programs were put in whose versions no package tells. */
export interface Subject {
  readonly reference: string;
  readonly image: Pick<PackedImage, 'digest' | 'tree' | 'config'>;
  /** Versions of single programs by their path in the image, such as `usr/bin/node`. */
  readonly programs: Readonly<Record<string, Program>>;
}

/** One file that is a whole program. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const none = 'NOASSERTION';

/**
 * The bill of materials of an image in SPDX 2.3 as JSON, read from the image itself: Debian's packages, the npm packages in the
 * bundle, and single programs with their checksums. The same image has the same bill.
 */
export function spdxOf(subject: Subject): string {
  const { reference, image } = subject;
  const parts = [...debianParts(image.tree), ...npmParts(image.tree), ...programParts(subject)];
  const name = reference.replace(/^.*\//u, '').replace(/[:@].*$/u, '');
  const root = {
    SPDXID: 'SPDXRef-Image',
    name,
    versionInfo: image.config.Labels?.['org.opencontainers.image.version'] ?? none,
    downloadLocation: none,
    filesAnalyzed: false,
    licenseConcluded: none,
    licenseDeclared: image.config.Labels?.['org.opencontainers.image.licenses'] ?? none,
    copyrightText: none,
    primaryPackagePurpose: 'CONTAINER',
    externalRefs: [purlRef(`pkg:oci/${name}@${encodeURIComponent(image.digest)}`)],
  };
  const packages = parts.map((part, at) => spdxPackage(part, at));
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: reference,
    // Has to be unique and need not lead anywhere.
    documentNamespace: `urn:sluice:spdx:${name}:${image.digest}`,
    creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: sluice-images'] },
    packages: [root, ...packages],
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', root.SPDXID),
      ...packages.map(({ SPDXID }) => relationship(root.SPDXID, 'CONTAINS', SPDXID)),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function spdxPackage({ name, version, license, purl, sha256 }: Part, at: number) {
  return {
    SPDXID: `SPDXRef-Package-${at}`,
    name,
    versionInfo: version,
    downloadLocation: none,
    filesAnalyzed: false,
    licenseConcluded: none,
    licenseDeclared: license,
    copyrightText: none,
    externalRefs: [purlRef(purl)],
    ...(sha256 !== undefined && { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
  };
}

function purlRef(referenceLocator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator };
}

function relationship(spdxElementId: string, relationshipType: string, related: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement: related };
}

type Tree = ReadonlyMap<string, TarEntry>;

/** Debian tells licences in prose, one file a package; what they amount to is not guessed. */
function debianParts(tree: Tree): readonly Part[] {
  return contentsOf(tree, /^var\/lib\/dpkg\/status\.d\/[^/]+$/u).map((control) => {
    const field = (key: string): string =>
      new RegExp(`^${key}: (.*)$`, 'mu').exec(control)?.[1]?.trim() ?? '';
    const [name, version] = [field('Package'), field('Version')];
    const release = `${encodeURIComponent(version)}?arch=${field('Architecture')}&distro=debian-13`;
    return { name, version, license: none, purl: `pkg:deb/debian/${name}@${release}` };
  });
}

function npmParts(tree: Tree): readonly Part[] {
  return contentsOf(tree, /^app\/licenses\/[^/]+\/package\.json$/u).map((text) => {
    const manifest: { name: string; version: string; license?: unknown } = JSON.parse(text);
    const { name, version, license } = manifest;
    const isExpression = typeof license === 'string' && /^[\w.+() -]+$/u.test(license);
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return { name, version, license: isExpression ? license : none, purl };
  });
}

function programParts({ image, programs }: Subject): readonly Part[] {
  return Object.entries(programs).flatMap(([path, program]) => {
    const entry = image.tree.get(path);
    if (entry === undefined) return [];
    const sha256 = createHash('sha256').update(entry.content).digest('hex');
    return [{ ...program, purl: `pkg:generic/${program.name}@${program.version}`, sha256 }];
  });
}

function contentsOf(tree: Tree, pattern: RegExp): readonly string[] {
  return [...tree]
    .filter(([path, { type }]) => type === 'file' && pattern.test(path))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { content }]) => content.toString('utf8'));
}
