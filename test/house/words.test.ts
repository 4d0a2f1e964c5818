import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Comments, messages and documents say who does what: subject, verb, consequence. */

const root = new URL('../..', import.meta.url).pathname;

/** Words that leave out who does it, or make a riddle of it. */
const riddles = /\b(?:nobody|whoever|(?:is|are|was|were) told(?! (?:apart|to ignore)\b))\b/giu;

test.each([
  ['Nobody is stopped by it while the list is there.', 1],
  ['Whoever goes round up there, comes back.', 1],
  ['The owner is told later.', 1],
  ['Versions are told apart by their uid; the log names the owner.', 0],
])('“%s” holds %d riddles', (text, count) => {
  expect(text.match(riddles) ?? []).toHaveLength(count);
});

test('no comment, message or document speaks in riddles', async () => {
  const found: string[] = [];
  const files = glob(['src/**/*.ts', 'runner/**/*.{ts,md}', '*.md', 'docs/**/*.md'], {
    cwd: root,
    exclude: ['CHANGELOG.md'],
  });
  for await (const file of files) {
    const lines = (await readFile(join(root, file), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      if (line.match(riddles) !== null) found.push(`${file}:${index + 1}: ${line.trim()}`);
    }
  }
  expect(found).toEqual([]);
});
