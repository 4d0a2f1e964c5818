import { readFileSync } from 'node:fs';

/**
 * What is in the images: the one list that the Dockerfiles and `npm run images:check` read. Versions are patterns
 * of Debian's: upstream's version is fixed, Debian's own revision is not, so that a rebuild brings security fixes. `*` is for
 * what has to be current (root certificates, time zones).
 */
interface Contents {
  /** The Debian release that all packages come from. */
  readonly suite: string;
  /** Packages that others depend on and that no function needs, with the reason. A language may still ask for one. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Files that packages bring and no image needs, by pattern, with the reason. */
  readonly leftOutFiles: Readonly<Record<string, string>>;
  /** What iconv converts beside UTF-8 and ASCII, which the C library does by itself. */
  readonly characterSets: readonly string[];
  /** Packages of every image, by version. */
  readonly base: Readonly<Record<string, string>>;
  /** What Sluice itself adds, which is Node and no function. */
  readonly operator: Readonly<Record<string, string>>;
  /** What each language adds. Deno is, like Node, one file and no package. */
  readonly languages: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The packages of one image. */
export interface Packing {
  readonly suite: string;
  /** Versions by name, as apt understands them. */
  readonly wanted: Readonly<Record<string, string>>;
  readonly leftOut: readonly string[];
}

/** Which files of the packages stay behind: patterns of paths, and all conversions of gconv but these. */
export function trimming(): {
  readonly patterns: readonly string[];
  readonly characterSets: readonly string[];
} {
  const { leftOutFiles, characterSets } = contents();
  return { patterns: Object.keys(leftOutFiles), characterSets };
}

/** The packages of the image for these languages, or for `operator`. Throws when there is no such language. */
export function packingFor(languages: readonly string[]): Packing {
  const { suite, base, operator, languages: known, leftOut } = contents();
  const added = languages.map((language) => {
    const packages = language === 'operator' ? operator : known[language];
    if (packages !== undefined) return packages;
    throw new Error(`no such language: ${language}; there are ${Object.keys(known).join(', ')}`);
  });
  const wanted: Record<string, string> = Object.assign({}, base, ...added);
  return { suite, wanted, leftOut: Object.keys(leftOut).filter((name) => !(name in wanted)) };
}

function contents(): Contents {
  // The file lies beside this one and is checked by what reads it: apt refuses what does not exist.
  return JSON.parse(readFileSync(new URL('contents.json', import.meta.url), 'utf8'));
}
