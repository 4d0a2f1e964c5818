import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imagesNamed } from '../../images/build/image-list.ts';
import { published, publishedImage } from '../../src/config/published.ts';
import packageJson from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const { registry, organization, source } = published;

/** What `published.ts` says must not be said a second time where a program reads it. */
test('no source, Dockerfile or workflow names registry or organization but the one place', async () => {
  const found: string[] = [];
  const patterns = [
    '{src,images,release,runner}/**/*',
    'Dockerfile',
    '.github/workflows/*',
    'package.json',
  ];
  for await (const file of glob(patterns, { cwd: root, exclude: ['**/*.md'] })) {
    const text = await readFile(join(root, file), 'utf8').catch(() => '');
    if (text.includes(organization) || text.includes(`'${registry}'`)) found.push(file);
  }
  expect(found).toEqual(['src/config/published.ts']);
});

/** Documents quote the names, for copying: a fork is told which of them to change. */
test('every address of ours in a document is one that is published', async () => {
  const known = new Set(['charts/sluice', '*', ...imagesNamed([]).map(({ name }) => name)]);
  const wrong: string[] = [];
  const address = /(?:\w[\w.-]*)\/[\w-]*sluice[\w-]*\/(?:charts\/)?[\w*-]+/gu;
  for await (const page of glob(['*.md', 'docs/**/*.md'], {
    cwd: root,
    exclude: ['CHANGELOG.md'],
  })) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [found] of text.matchAll(address)) {
      if (!found.startsWith(registry)) continue;
      const name = found.slice(`${registry}/${organization}/`.length);
      if (!found.startsWith(`${registry}/${organization}/`) || !known.has(name)) {
        wrong.push(`${page}: ${found}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('what runs functions by default is of this version, and so is the address of the sources', () => {
  expect(publishedImage('sluice-functions')).toBe(
    `${registry}/${organization}/sluice-functions:${packageJson.version}`,
  );
  expect(source).toMatch(/^https:\/\/[^/]+\/[^/]+\/[^/]+$/u);
});
