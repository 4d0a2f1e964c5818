/** Entries kept at most; a full table is emptied, which costs some sharing and nothing else. */
const capacity = 20_000;

/**
 * Lets equal values share one copy. A cluster's objects repeat themselves: siblings of one Deployment carry the same labels,
 * owner and environment, and everything in a namespace names it. What comes out must never be changed: others hold it.
 */
export class Interner<T> {
  readonly #known = new Map<string, T>();
  readonly #keyOf: (value: T) => string;

  /** `keyOf` answers the same text for equal values, and only for them. */
  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  /** The value, or an equal one seen lately. */
  shared(value: T): T {
    const key = this.#keyOf(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= capacity) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
