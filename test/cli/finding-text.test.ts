import { expect, test } from 'vitest';
import { findingText } from '../../src/cli/finding-text.ts';
import type { Finding } from '../../src/domain/explain/finding.ts';

const leaf = (name: string, mark: Finding['mark']): Finding => ({
  kind: 'KeptnTask',
  name,
  namespace: 'shop',
  mark,
  says: 'load-test Failed',
  facts: ['exit code 1'],
  because: [],
});

const tree: Finding = {
  kind: 'Pod',
  name: 'cart-x',
  namespace: 'shop',
  mark: 'failed',
  says: 'held',
  facts: [],
  because: [leaf('a', 'failed'), leaf('b', 'waiting')],
};

test('a finding is a tree: icon, kind and name, then what it says, then its causes', () => {
  expect(findingText(tree, false).split('\n')).toEqual([
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
  expect(findingText(tree, false)).not.toContain(escape);
  expect(findingText(tree, true)).toContain(`${escape}[31m✖`);
});
