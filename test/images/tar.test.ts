import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTar, type TarEntry, writeTar } from '../../images/build/tar.ts';

const longName = `${'folder-with-a-long-name/'.repeat(6)}file`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-tar-'));
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, longName, '..'), { recursive: true });
  writeFileSync(join(tree, longName), 'deep');
  writeFileSync(join(tree, 'ünï'), 'x'.repeat(1000), { mode: 0o755 });
  symlinkSync('ünï', join(tree, 'link'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function packed(...options: string[]): TarEntry[] {
  const args = ['--create', '--directory', join(folder, 'tree'), '--sort=name', ...options, '.'];
  return [...readTar(execFileSync('tar', args))];
}

function listed(entries: readonly TarEntry[]) {
  return entries.map(({ path, type, link, content }) => [path, type, link, content.toString()]);
}

describe('a tar archive', () => {
  test.each(['pax', 'gnu'])('in the dialect %s is read: long names, links, contents', (dialect) => {
    const found = listed(packed(`--format=${dialect}`));
    expect(found).toContainEqual([longName, 'file', '', 'deep']);
    expect(found).toContainEqual(['ünï', 'file', '', 'x'.repeat(1000)]);
    expect(found).toContainEqual(['link', 'symlink', 'ünï', '']);
  });

  test('that we write is read by tar, and by us as it was', () => {
    const entries = packed('--format=pax').filter(({ path }) => path !== '');
    const file = join(folder, 'ours.tar');
    writeFileSync(file, writeTar(entries));
    expect(listed([...readTar(readFileSync(file))])).toEqual(listed(entries));
    const names = execFileSync('tar', ['--list', '--quoting-style=literal', '--file', file], {
      encoding: 'utf8',
    });
    expect(names.split('\n')).toEqual(expect.arrayContaining([longName, 'ünï', 'link']));
  });

  test('is the same bytes whatever the time of day, the user or the dialect it came in', () => {
    const one = packed('--format=pax', '--mtime=2020-01-01 00:00:00.5', '--owner=somebody:0');
    const other = packed('--format=gnu', '--mtime=2026-05-05', '--owner=else:0');
    expect(writeTar(one).equals(writeTar(other))).toBe(true);
  });

  test('keeps attributes, whose values are bytes', () => {
    const capability = '\u0001\u0000\u0000\u0002\u0000\u00ff';
    const entry: TarEntry = {
      path: 'ping',
      type: 'file',
      mode: 0o755,
      uid: 0,
      gid: 0,
      link: '',
      content: Buffer.from('program'),
      attributes: { 'security.capability': capability },
    };
    expect([...readTar(writeTar([entry]))]).toEqual([entry]);
  });

  test('that ends in the middle of a file is an error', () => {
    const [whole] = [writeTar(packed().filter(({ path }) => path === 'ünï'))];
    expect(() => [...readTar(whole.subarray(0, 1024))]).toThrow('ends in the middle of a file');
  });
});
