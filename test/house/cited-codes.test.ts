import { glob, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';

/** Codes in comments and in the names of tests lead to a page of this repository, or a reader is left alone with them. */

const root = new URL('../..', import.meta.url).pathname;

/** A rule (§), a weakness (W), a target (T); times of day such as T06:30 and RFC sections are none. */
const code = /docs\/compatibility\.md (§[\d.]+\d|§\d+)|\b([WT][1-9]\d?)\b(?![:\w-])/gu;
const difference = /\(B([1-9]\d?)\b|\bB([1-9]\d?)\)/gu;

const pages = {
  compatibility: await readFile(`${root}/docs/compatibility.md`, 'utf8'),
  readme: await readFile(`${root}/README.md`, 'utf8'),
};

describe('a code that the repository cites', () => {
  test('as a rule, a weakness or a target stands in docs/compatibility.md', async () => {
    expect(await dangling(code, known(pages.compatibility))).toEqual([]);
  });

  test('as a difference stands in the table of the README', async () => {
    const rows = new Set(
      [...pages.readme.matchAll(/^\| (B\d+) \|/gmu)].map(([, row]) => row ?? ''),
    );
    expect(rows.size).toBeGreaterThan(10);
    expect(await dangling(difference, (cited) => rows.has(`B${cited}`))).toEqual([]);
  });

  test('is found where it dangles: the test can fail', () => {
    const isKnown = known(pages.compatibility);
    expect(['§4.6', 'W19', 'T7'].map(isKnown)).toEqual([true, true, true]);
    expect(['§4.99', 'W99', 'T99'].map(isKnown)).toEqual([false, false, false]);
    expect(citedIn('a Job (W99), docs/compatibility.md §4.99, at 2026-01-01T10:00', code)).toEqual([
      'W99',
      '§4.99',
    ]);
  });
});

function known(page: string): (cited: string) => boolean {
  const codes = new Set([
    ...[...page.matchAll(/^### (§[\d.]+) /gmu)].map(([, rule]) => rule ?? ''),
    ...[...page.matchAll(/^\| ([WT]\d+) \|/gmu)].map(([, row]) => row ?? ''),
  ]);
  return (cited) => codes.has(cited);
}

async function dangling(
  pattern: RegExp,
  isKnown: (cited: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob('{src,runner,test,images}/**/*.ts', { cwd: root })) {
    if (file.endsWith('cited-codes.test.ts') || file.includes('node_modules')) continue;
    for (const cited of citedIn(await readFile(`${root}/${file}`, 'utf8'), pattern)) {
      if (!isKnown(cited)) found.push(`${file}: ${cited}`);
    }
  }
  return found;
}

/** What comments and strings cite; a type parameter that happens to be called T1 would have to get a better name anyway. */
function citedIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}
