import { Fifo } from './fifo.ts';

export interface FairSlotsOptions {
  /** Works that run at once. */
  readonly total: number;
  /** Of them, those of one group. */
  readonly perGroup: number;
}

interface Group {
  running: number;
  readonly waiting: Fifo<() => void>;
}

/**
 * Lets so many asynchronous works run at once, and of each group only a part of them. A free slot goes to the groups in turn,
 * one work each, whatever number of works a group has waiting: a group that hangs slows itself alone.
 */
export class FairSlots {
  readonly #options: FairSlotsOptions;
  readonly #groups = new Map<string, Group>();
  /** The groups that have something waiting and a share left, in the order of their turns. */
  readonly #turns = new Set<string>();
  #running = 0;

  constructor(options: FairSlotsOptions) {
    this.#options = options;
  }

  async run<T>(group: string, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#group(group).waiting.push(resolve);
      this.#queue(group);
      this.#fill();
    });
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#group(group).running -= 1;
      this.#queue(group);
      this.#fill();
    }
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { running: 0, waiting: new Fifo() };
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Gives the group a turn if it has something to run and may; forgets it when it has nothing at all. */
  #queue(name: string): void {
    const { running, waiting } = this.#group(name);
    if (waiting.length > 0) {
      if (running < this.#options.perGroup) this.#turns.add(name);
    } else if (running === 0) {
      this.#groups.delete(name);
    }
  }

  #fill(): void {
    while (this.#running < this.#options.total) {
      const [name] = this.#turns;
      if (name === undefined) return;
      this.#turns.delete(name);
      const group = this.#group(name);
      const start = group.waiting.shift();
      if (start === undefined) continue;
      this.#running += 1;
      group.running += 1;
      this.#queue(name);
      start();
    }
  }
}
