import { BadInput } from '../../process/terminal.ts';

const longestName = 253;

/** The name that Keptn's converter gives to what Keptn v1 called so. Throws `BadInput` where nothing is left of it. */
export function analysisName(name: string): string {
  const joined = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .slice(0, longestName);
  // Runs have become one dash each, so there is at most one at either end.
  const converted = joined.slice(
    joined.startsWith('-') ? 1 : 0,
    joined.endsWith('-') ? -1 : undefined,
  );
  if (converted === '') throw new BadInput(`"${name}" has no letter or digit to make a name of`);
  return converted;
}
