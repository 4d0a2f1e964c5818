import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prune, touch } from '../../images/build/prune.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-prune-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, daysAgo: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  const when = new Date(Date.now() - daysAgo * 86_400_000);
  utimesSync(path, when, when);
  return path;
}

test('what was not used for two days goes; what another checkout may be using stays', () => {
  const old = file('sluice-1.tar', 3);
  const young = file('sluice-2.tar', 1);
  const used = file('sluice-3.tar', 3);
  const other = file('other-1.tar', 3);
  touch(used);
  prune(join(folder, 'sluice-*'));
  expect([old, young, used, other].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
