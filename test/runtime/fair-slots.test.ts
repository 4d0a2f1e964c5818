import { describe, expect, test } from 'vitest';
import { FairSlots } from '../../src/runtime/fair-slots.ts';

/** Starts works that end when told, and says in what order they began. */
function works(slots: FairSlots) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (group: string, name: string): Promise<void> =>
    slots.run(group, async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  return { started, run, end: (name: string) => ends.get(name)?.() };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('FairSlots', () => {
  test('a group that hangs takes its share and no more', async () => {
    const { started, run } = works(new FairSlots({ total: 4, perGroup: 2 }));
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) void run('a', name);
    void run('b', 'b1');
    await settled();
    expect(started).toEqual(['a1', 'a2', 'b1']);
  });

  test('free slots go to the groups in turn, whatever number of works each has waiting', async () => {
    const { started, run, end } = works(new FairSlots({ total: 1, perGroup: 1 }));
    for (const name of ['a1', 'a2', 'a3']) void run('a', name);
    void run('b', 'b1');
    void run('c', 'c1');
    for (const name of ['a1', 'b1', 'c1', 'a2']) {
      await settled();
      end(name);
    }
    await settled();
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
  });

  test('a work that fails gives its slot back and rejects', async () => {
    const slots = new FairSlots({ total: 1, perGroup: 1 });
    await expect(slots.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run('a', () => Promise.resolve('next'))).toBe('next');
  });
});
