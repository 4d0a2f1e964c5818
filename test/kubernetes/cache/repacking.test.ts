import { expect, it } from 'vitest';

import { JsonPacker, type PackTable, unpack } from '../../../src/kubernetes/cache/packed-json.ts';
import { type Packed, Repacking } from '../../../src/kubernetes/cache/repacking.ts';

it('few tables are pinned, however many objects change in turns, each in the time of another table', () => {
  const packer = new JsonPacker();
  const things = new Map<number, Packed & { readonly value: unknown }>();
  const repacking = new Repacking(() => things.values(), packer);
  const pinned = (): number => new Set([...things.values()].map(({ table }) => table)).size;
  const tables = new Set<PackTable>();
  let most = 0;
  const write = (index: number, text: string): void => {
    const table = repacking.next(things.size);
    tables.add(table);
    // Twice, so that it is worth a place in the table.
    const value = { first: text, again: text, index };
    things.delete(index);
    things.set(index, { value, packed: packer.pack(value, table), table });
  };
  for (let index = 0; index < 2_000; index += 1) write(index, `text-${index}`);
  // One object after the other flaps for a while, and then never again.
  for (let change = 0; change < 400_000; change += 1) {
    write(Math.floor(change / 2_000), `flap-${change}`);
    if (change % 1_000 === 0) most = Math.max(most, pinned());
  }
  expect(tables.size).toBeGreaterThan(10);
  expect(most).toBeLessThanOrEqual(3);
  for (const { packed, table, value } of things.values()) {
    expect(unpack(packed, table)).toEqual(value);
  }
});
