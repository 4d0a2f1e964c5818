import { expect, test } from 'vitest';
import { saysWords } from './expectations.ts';

const words = 'p95 of checkout is 2.3 s, allowed is 0.8 s';

test('the words of a failed task are found wherever explain breaks its lines', () => {
  expect(saysWords(`exit code 1 (Error): ${words})`, words)).toBe(true);
  const broken =
    '│  exit code 1: p95 of checkout is 2.3\n   │      s, allowed is 0.8 s (Job has reached';
  expect(saysWords(broken, words)).toBe(true);
});

test('other words are not taken for them', () => {
  expect(saysWords('p95 of checkout is 0.3 s, allowed is 0.8 s', words)).toBe(false);
});
