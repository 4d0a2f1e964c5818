import { type JsonPacker, PackTable, unpack } from './packed-json.ts';

/** Something packed that can be packed anew. */
export interface Packed {
  packed: string;
  table: PackTable;
}

/** Things packed anew with each step: a step goes along with a write and must not be felt. */
const perStep = 8;

/**
 * The table that new objects of a store are packed with, and the way out of the ones before it. A full table lives on as long
 * as a single object that was packed with it, so objects that change now and then, each in the time of another table, would
 * pin more and more of them. Therefore what is packed with an old table is packed anew, a few objects with each write.
 */
export class Repacking {
  readonly #all: () => Iterable<Packed>;
  readonly #packer: JsonPacker;
  #table = new PackTable();
  #walk: Iterator<Packed> | undefined;
  #isOutdated = false;
  #steps = 0;
  #restUntil = 0;

  constructor(all: () => Iterable<Packed>, packer: JsonPacker) {
    this.#all = all;
    this.#packer = packer;
  }

  /** The table for what is packed now. `size` is the number of things there are. */
  next(size: number): PackTable {
    if (this.#table.isFull) {
      this.#table = new PackTable();
      this.#isOutdated = true;
    }
    this.#step(size);
    return this.#table;
  }

  #step(size: number): void {
    this.#steps += 1;
    if (this.#walk === undefined) {
      // Where what is there fills a table by itself, one walk would follow another: each has as many steps of rest as there
      // are things, so that a write packs no more than a few of them on average.
      if (!this.#isOutdated || this.#steps < this.#restUntil) return;
      this.#isOutdated = false;
      this.#restUntil = this.#steps + size;
      this.#walk = this.#all()[Symbol.iterator]();
    }
    for (let count = 0; count < perStep; count += 1) {
      const { value, done } = this.#walk.next();
      if (done === true) {
        this.#walk = undefined;
        return;
      }
      if (value.table !== this.#table && !this.#table.isFull) this.#repack(value);
    }
  }

  #repack(one: Packed): void {
    one.packed = this.#packer.pack(unpack(one.packed, one.table), this.#table);
    one.table = this.#table;
  }
}
