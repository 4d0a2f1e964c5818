import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSpec } from './image-list.ts';

/**
 * A short digest of everything of the checkout that an image is made from, the builder itself included, and of how it is built. What comes
 * from outside (Debian's revisions) is not in it: `--fresh` asks for that again.
 */
export function inputDigest(checkout: string, spec: ImageSpec, how: unknown): string {
  const ignoring = `${spec.dockerfile}.dockerignore`;
  const builder = ['images/build', spec.dockerfile, ignoring];
  const hash = createHash('sha256').update(JSON.stringify([spec, how]));
  for (const file of filesOf(checkout, [...spec.context, ...builder])) {
    const content = readFileSync(join(checkout, file));
    hash.update(`${file}\0${statSync(join(checkout, file)).mode}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

function filesOf(checkout: string, paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) =>
    globSync([path, `${path}/**`], { cwd: checkout }).filter((file) =>
      statSync(join(checkout, file)).isFile(),
    ),
  );
  return [...new Set(found)].toSorted();
}
