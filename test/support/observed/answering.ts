/** A map that has an answer to every key: for a claim that holds whichever names are asked for. */
export function answering<V>(answer: (key: string) => V): ReadonlyMap<string, V> {
  return new Answering(answer);
}

class Answering<V> extends Map<string, V> {
  readonly #answer: (key: string) => V;

  constructor(answer: (key: string) => V) {
    super();
    this.#answer = answer;
  }

  override has(_key: string): boolean {
    return true;
  }

  override get(key: string): V {
    return this.#answer(key);
  }
}
