const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The depth at which a list's items stand: the list is an object (1) with an array (2) of them. */
const itemsDepth = 2;

const itemsBegin = /"items"\s*:\s*\[$/u;

/**
 * Cuts the JSON text of a list into the texts of its items, while it arrives and wherever its chunks are cut. So an item can
 * be parsed, projected and dropped before the next one is looked at: the objects of a whole page in memory at once would
 * outlive the young generation of the heap, and parsing them in one go would hold the event loop (targets T8 and T9).
 */
export class ListSplitter {
  #depth = 0;
  #inText = false;
  /** The last byte was a backslash that escapes the next one. */
  #escaped = false;
  #inItems = false;
  /** What has come of the item that is not complete. */
  #item: Uint8Array[] = [];
  /** What stands around the items. */
  readonly #around: Uint8Array[] = [];

  /** The texts of the items this chunk completes. */
  push(chunk: Uint8Array): string[] {
    const items: string[] = [];
    // Where begins what is not kept yet: part of an item, or of what is around them.
    let start = 0;
    for (
      let at = this.#nextBracket(chunk, 0);
      at < chunk.length;
      at = this.#nextBracket(chunk, at + 1)
    ) {
      const byte = chunk[at];
      if (byte === openBrace || byte === openBracket) {
        // What separates items is dropped.
        if (this.#isBetweenItems) start = at;
        this.#depth += 1;
        if (byte === openBracket && this.#depth === itemsDepth) {
          this.#around.push(chunk.slice(start, at + 1));
          start = at + 1;
          this.#inItems = itemsBegin.test(this.rest());
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#isBetweenItems) {
          items.push(this.#take(chunk.subarray(start, at + 1)));
          start = at + 1;
        } else if (this.#inItems && this.#depth < itemsDepth) {
          this.#inItems = false;
          start = at;
        }
      }
    }
    this.#keep(chunk.slice(start));
    return items;
  }

  /** The text of the list without its items, when all of it has come. */
  rest(): string {
    return Buffer.concat(this.#around).toString('utf8');
  }

  get #isBetweenItems(): boolean {
    return this.#inItems && this.#depth === itemsDepth;
  }

  /** Where the next bracket or brace outside of quotes is. Every byte of every list goes through here. */
  #nextBracket(chunk: Uint8Array, from: number): number {
    let inText = this.#inText;
    let escaped = this.#escaped;
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inText = false;
      } else if (byte === quote) {
        inText = true;
      } else if (
        byte === openBrace ||
        byte === closeBrace ||
        byte === openBracket ||
        byte === closeBracket
      ) {
        break;
      }
    }
    this.#inText = inText;
    this.#escaped = escaped;
    return at;
  }

  #take(last: Uint8Array): string {
    const bytes = this.#item.length === 0 ? last : Buffer.concat([...this.#item, last]);
    this.#item = [];
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  #keep(rest: Uint8Array): void {
    if (!this.#inItems) this.#around.push(rest);
    else if (!this.#isBetweenItems) this.#item.push(rest);
  }
}
