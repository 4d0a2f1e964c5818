import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** What a contributor needs first is found from the README by clicking, and CONTRIBUTING.md names the files of a change. */

const root = new URL('../..', import.meta.url).pathname;

/** The files that the links of a page lead to. */
async function linksOf(page: string): Promise<string[]> {
  if (!page.endsWith('.md')) return [];
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/gu)].map(([, link = '']) =>
    normalize(join(dirname(page), link)),
  );
}

/** What can be reached by so many clicks. */
async function reached(from: string, clicks: number): Promise<ReadonlySet<string>> {
  let pages = [from];
  const seen = new Set(pages);
  for (let click = 0; click < clicks; click += 1) {
    const next = (await Promise.all(pages.map(linksOf))).flat();
    pages = [...new Set(next)].filter((page) => !seen.has(page));
    for (const page of pages) seen.add(page);
  }
  return seen;
}

test.each(['src/domain/gate/pod-gate.ts', 'src/domain/gate/release.ts'])(
  'the decision that a Pod may start (%s) is at most three clicks away from the README',
  async (file) => {
    expect([...(await reached('README.md', 3))]).toContain(file);
  },
);

test('a metrics provider touches at most three files, and CONTRIBUTING.md names them', async () => {
  const text = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const [, way = ''] = /^\*\*a metrics provider\*\*:(.*)$/mu.exec(text) ?? [];
  const files = [...way.matchAll(/`(src\/[^`]+)`/gu)].map(([, file]) => file);
  expect(files).toEqual([
    'src/metrics-providers/<name>.ts',
    'src/metrics-providers/sources.ts',
    'src/api/keptn/metrics-provider.ts',
  ]);
});

test('no other file of src names a type of metrics provider', async () => {
  const naming: string[] = [];
  const types = /'(?:prometheus|thanos|cortex|datadog|dynatrace|dql)'/u;
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    if (types.test(await readFile(join(root, file), 'utf8'))) naming.push(file);
  }
  expect(naming).toEqual(['src/api/keptn/metrics-provider.ts']);
});
