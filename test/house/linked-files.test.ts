import { access, glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** Documents name files. A file that was moved without them would send a reader nowhere. */

const root = new URL('../..', import.meta.url).pathname;

/** `src/…` and its like in backticks, and the targets of links to files of the repository. */
const named =
  /`((?:src|test|runner|images|manifests)\/[\w./-]+\w\/?)`|\]\((?!https?:|mailto:|#)([^)#\s]+)/gu;

test('every file and folder that a document names is there', async () => {
  const missing: string[] = [];
  for await (const page of glob(
    ['*.md', 'docs/**/*.md', 'manifests/**/*.md', 'images/**/*.md', '.github/**/*.md'],
    { cwd: root, exclude: ['CHANGELOG.md'] },
  )) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [, file, link] of text.matchAll(named)) {
      const path = file === undefined ? join(dirname(page), link ?? '') : file;
      if (!(await isThere(join(root, path)))) missing.push(`${page}: ${file ?? link}`);
    }
  }
  expect(missing).toEqual([]);
});

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
