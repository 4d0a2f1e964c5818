import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const byName = /import\('([^.'][^']*)'\)/gu;

/** Under node they have names, in the bundle of the image only `default`: what works in a checkout would fail in a Pod. */
test('no CommonJS package is imported on demand by its name', async () => {
  const wrong: string[] = [];
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, name = ''] of text.matchAll(byName)) {
      if (!name.startsWith('node:') && (await isCommonJs(name))) wrong.push(`${file}: ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});

async function isCommonJs(name: string): Promise<boolean> {
  const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  const file = join(root, 'node_modules', packageName, 'package.json');
  const text = await readFile(file, 'utf8');
  const { type }: { type?: string } = JSON.parse(text);
  return type !== 'module';
}
