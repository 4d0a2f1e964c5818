import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The images of this checkout, as the node knows them. */
export const builtImages = {
  sluice: 'sluice.test/sluice:1',
  deno: 'sluice.test/sluice-functions-deno:1',
  python: 'sluice.test/sluice-functions-python:1',
  bash: 'sluice.test/sluice-functions-bash:1',
} as const;

/** Archives of the images; undefined where they have not been built. */
export function imageArchives(): string[] | undefined {
  const folder = process.env['SLUICE_TEST_IMAGES'];
  if (folder === undefined) return undefined;
  const archives = [
    'sluice',
    'sluice-functions-deno',
    'sluice-functions-python',
    'sluice-functions-bash',
  ].map((name) => join(folder, `${name}.tar`));
  return archives.every((file) => existsSync(file)) ? archives : undefined;
}
