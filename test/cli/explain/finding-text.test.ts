import { expect, test } from 'vitest';
import { findingText } from '../../../src/cli/explain/finding-text.ts';
import type { Finding } from '../../../src/domain/explain/finding.ts';

const leaf = (name: string, mark: Finding['mark']): Finding => ({
  kind: 'KeptnTask',
  name,
  namespace: 'shop',
  mark,
  says: 'load-test Failed',
  facts: { exitCode: 1 },
  because: [],
});

const tree: Finding = {
  kind: 'Pod',
  name: 'cart-x',
  namespace: 'shop',
  mark: 'failed',
  says: 'held',
  facts: {},
  because: [leaf('a', 'failed'), leaf('b', 'waiting')],
};

test('a finding is a tree: icon, kind and name, then what it says, then its causes', () => {
  expect(findingText(tree, { inColor: false, now: 0 }).split('\n')).toEqual([
    '✖ Pod cart-x',
    '│   held',
    '├─ ✖ KeptnTask a',
    '│      load-test Failed',
    '│      exit code 1',
    '└─ ◌ KeptnTask b',
    '       load-test Failed',
    '       exit code 1',
  ]);
});

test('colours are written only when asked for', () => {
  const escape = String.fromCharCode(27);
  expect(findingText(tree, { inColor: false, now: 0 })).not.toContain(escape);
  expect(findingText(tree, { inColor: true, now: 0 })).toContain(`${escape}[31m✖`);
});

const deep: Finding = {
  ...tree,
  because: [
    {
      ...leaf('first', 'failed'),
      says: 'ein langer Grund, der nicht in die Zeile passt',
      because: [leaf('x', 'failed')],
    },
    { ...leaf('second', 'waiting'), says: `https://${'verylongword'.repeat(8)}` },
  ],
};

test('at any width no row is wider than the terminal, and the tree stays whole', () => {
  for (const columns of [24, 30, 40, 80, 200]) {
    const rows = findingText(deep, { inColor: false, now: 0, columns }).split('\n');
    expect(Math.max(...rows.map((row) => row.length)), `${columns} columns`).toBeLessThanOrEqual(
      columns,
    );
    expect(
      rows.every((row, at) => at < 2 || /^[│├└ ]/u.test(row)),
      rows.join('\n'),
    ).toBe(true);
    expect(rows.filter((row) => row.startsWith('├─ ') || row.startsWith('└─ '))).toHaveLength(2);
  }
});

test('a row that continues another stands below its words, between the branches', () => {
  expect(findingText(deep, { inColor: false, now: 0, columns: 40 }).split('\n')).toEqual([
    '✖ Pod cart-x',
    '│   held',
    '├─ ✖ KeptnTask first',
    '│  │   ein langer Grund, der nicht in',
    '│  │   die Zeile passt',
    '│  │   exit code 1',
    '│  └─ ✖ KeptnTask x',
    '│         load-test Failed',
    '│         exit code 1',
    '└─ ◌ KeptnTask second',
    `       https://${'verylongword'.repeat(8)}`.slice(0, 40),
    `       ${`https://${'verylongword'.repeat(8)}`.slice(33, 66)}`,
    `       ${`https://${'verylongword'.repeat(8)}`.slice(66, 99)}`,
    `       ${`https://${'verylongword'.repeat(8)}`.slice(99)}`,
    '       exit code 1',
  ]);
});

test('what a container wrote steers no terminal and hides nothing', () => {
  const says = 'a\u001b[2J\u009b31m\rb \u202egnp.exe\nnext\tline';
  const text = findingText({ ...tree, says, because: [] }, { inColor: false, now: 0 });
  expect(text.split('\n').slice(1)).toEqual([
    '    a\\u001b[2J\\u009b31m\\u000db \\u202egnp.exe',
    '    next\tline',
  ]);
});
