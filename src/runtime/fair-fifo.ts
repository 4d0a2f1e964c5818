import { Fifo } from './fifo.ts';

/**
 * First in, first out within a group, and the groups in turn, one item each: however many items a group has, another's first one waits
 * for no more than one of each group. In amortised constant time.
 */
export class FairFifo<T> {
  /** Those that have items, in the order of their turns. */
  readonly #groups = new Map<string, Fifo<T>>();

  push(group: string, item: T): void {
    let items = this.#groups.get(group);
    if (items === undefined) {
      items = new Fifo();
      this.#groups.set(group, items);
    }
    items.push(item);
  }

  /** Takes the oldest item of the group whose turn it is; undefined when there is none. */
  shift(): T | undefined {
    for (const [group, items] of this.#groups) {
      const item = items.shift();
      if (items.length > 0 && this.#groups.size === 1) return item;
      this.#groups.delete(group);
      if (items.length > 0) this.#groups.set(group, items);
      return item;
    }
    return undefined;
  }

  clear(): void {
    this.#groups.clear();
  }
}
