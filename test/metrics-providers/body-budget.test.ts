import { expect, test } from 'vitest';
import { BodyBudget } from '../../src/metrics-providers/body-budget.ts';

function holders(): { evicted: string[]; of: (name: string) => { evict: () => void } } {
  const evicted: string[] = [];
  return { evicted, of: (name) => ({ evict: () => void evicted.push(name) }) };
}

test('the largest answer goes when the memory for all of them is used up, however small the one that asks', () => {
  const budget = new BodyBudget(100);
  const { evicted, of } = holders();
  const [large, small] = [of('large'), of('small')];
  budget.charge(small, 30);
  budget.charge(large, 65);
  budget.charge(small, 10);
  expect(evicted).toEqual(['large']);
  expect(budget.total).toBe(40);
});

test('an answer that is larger than all there is goes itself', () => {
  const budget = new BodyBudget(100);
  const { evicted, of } = holders();
  budget.charge(of('one'), 101);
  expect(evicted).toEqual(['one']);
  expect(budget.total).toBe(0);
});

test('what is given back is there for others, and is given back once', () => {
  const budget = new BodyBudget(100);
  const { evicted, of } = holders();
  const one = of('one');
  budget.charge(one, 100);
  budget.release(one);
  budget.release(one);
  budget.charge(of('two'), 100);
  expect(evicted).toEqual([]);
  expect(budget.total).toBe(100);
});
