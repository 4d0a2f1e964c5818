import { Fifo } from './fifo.ts';

export interface PrioritySlotsOptions {
  /** Works that run at once. */
  readonly total: number;
  /** Of them, those of one rank: where what one rank waits for hangs, the others go on. */
  readonly perRank: number;
  /** Works of this rank and below never wait. They count, so that others wait for them. */
  readonly neverWaits: number;
  /** So many of the others run all the same, however many of those there are: one namespace can keep any number under way. */
  readonly reserved: number;
}

/** Every so many slots one goes to what has waited longest, so that nothing waits for ever. */
const fairEvery = 8;

interface Rank {
  running: number;
  readonly waiting: Fifo<{ readonly order: number; readonly start: () => void }>;
}

/**
 * Lets so many asynchronous works run at once. Of those that wait, one of the lowest rank goes first, and of one rank they go in the
 * order in which they came.
 */
export class PrioritySlots {
  readonly #options: PrioritySlotsOptions;
  readonly #ranks = new Map<number, Rank>();
  #running = 0;
  /** Of them, those of ranks that wait. */
  #patient = 0;
  #came = 0;
  #given = 0;

  constructor(options: PrioritySlotsOptions) {
    this.#options = options;
  }

  /** Runs the work when its turn has come; resolves and rejects as it does. */
  async run<T>(rank: number, work: () => Promise<T>): Promise<T> {
    const own = this.#rank(rank);
    const waits = rank > this.#options.neverWaits;
    if (waits) await this.#turn(own);
    else this.#take(own);
    try {
      return await work();
    } finally {
      own.running -= 1;
      this.#running -= 1;
      if (waits) this.#patient -= 1;
      this.#fill();
    }
  }

  #rank(rank: number): Rank {
    let known = this.#ranks.get(rank);
    if (known === undefined) {
      known = { running: 0, waiting: new Fifo() };
      this.#ranks.set(rank, known);
    }
    return known;
  }

  #take(rank: Rank): void {
    rank.running += 1;
    this.#running += 1;
  }

  #turn(rank: Rank): Promise<void> {
    return new Promise((start) => {
      rank.waiting.push({ order: this.#came, start });
      this.#came += 1;
      this.#fill();
    });
  }

  #fill(): void {
    const { total, perRank, reserved } = this.#options;
    while (this.#running < total || this.#patient < reserved) {
      const ready = [...this.#ranks].filter(
        ([, { running, waiting }]) => waiting.length > 0 && running < perRank,
      );
      if (ready.length === 0) return;
      this.#given += 1;
      const isFair = this.#given % fairEvery === 0;
      const placeOf = ([rank, { waiting }]: readonly [number, Rank]): number =>
        isFair ? (waiting.first?.order ?? Infinity) : rank;
      const [, next] = ready.reduce((one, other) => (placeOf(one) <= placeOf(other) ? one : other));
      this.#take(next);
      this.#patient += 1;
      next.waiting.shift()?.start();
    }
  }
}
