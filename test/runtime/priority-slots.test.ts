import { expect, it } from 'vitest';
import { PrioritySlots } from '../../src/runtime/priority-slots.ts';

/** Works that end when they are told to, and the order in which they began. */
function works(slots: PrioritySlots) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    add: (rank: number, name: string): void => {
      void slots.run(rank, () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    },
    end: async (name: string): Promise<void> => {
      await settled();
      ends.get(name)?.();
      await settled();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('of what waits the lowest rank goes first, and one rank in its order', async () => {
  const { add, begun, end } = works(
    new PrioritySlots({ total: 1, perRank: 1, neverWaits: 0, reserved: 0 }),
  );
  for (const [rank, name] of [
    [5, 'a'],
    [5, 'b'],
    [2, 'c'],
    [9, 'd'],
    [2, 'e'],
  ] as const)
    add(rank, name);
  for (const name of ['a', 'c', 'e', 'b', 'd']) await end(name);
  expect(begun).toEqual(['a', 'c', 'e', 'b', 'd']);
});

it('what lifts gates never waits, and others wait for it', async () => {
  const { add, begun, end } = works(
    new PrioritySlots({ total: 2, perRank: 2, neverWaits: 0, reserved: 0 }),
  );
  add(3, 'a');
  add(3, 'b');
  add(0, 'gate');
  add(3, 'c');
  await end('a');
  expect(begun).toEqual(['gate', 'a', 'b']);
  await end('gate');
  expect(begun).toEqual(['gate', 'a', 'b', 'c']);
});

it('what waits goes on, however many works there are that never wait', async () => {
  const options = { total: 2, perRank: 2, neverWaits: 0, reserved: 1 };
  const { add, begun, end } = works(new PrioritySlots(options));
  for (const name of ['g1', 'g2', 'g3']) add(0, name);
  add(3, 'a');
  add(3, 'b');
  await settled();
  expect(begun.toSorted()).toEqual(['a', 'g1', 'g2', 'g3']);
  await end('a');
  expect(begun.at(-1)).toBe('b');
});

it('a rank whose works hang leaves room for the others', async () => {
  const { add, begun } = works(
    new PrioritySlots({ total: 4, perRank: 2, neverWaits: -1, reserved: 0 }),
  );
  for (const name of ['a', 'b', 'c', 'd']) add(1, name);
  add(2, 'e');
  await Promise.resolve();
  expect(begun.toSorted()).toEqual(['a', 'b', 'e']);
});

it('the last rank gets its turn under any load', async () => {
  const { add, begun, end } = works(
    new PrioritySlots({ total: 1, perRank: 1, neverWaits: 0, reserved: 0 }),
  );
  add(1, 'first');
  add(9, 'last');
  for (let at = 0; at < 20; at += 1) add(1, `busy-${at}`);
  for (let at = 0; at < 12; at += 1) {
    await settled();
    await end(begun.at(-1) ?? '');
  }
  expect(begun).toContain('last');
});

it('a work that fails gives its slot back', async () => {
  const slots = new PrioritySlots({ total: 1, perRank: 1, neverWaits: 0, reserved: 0 });
  await expect(slots.run(3, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(3, () => Promise.resolve('next'))).toBe('next');
});
