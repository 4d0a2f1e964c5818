/** What a check found, told as it goes. */
export class Report {
  #failures = 0;
  #skipped = 0;
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  passed(what: string): void {
    this.#write(`✔ ${what}\n`);
  }

  failed(what: string, why: string): void {
    this.#failures += 1;
    this.#write(`✖ ${what}\n${why.replaceAll(/^/gmu, '    ')}\n`);
  }

  skipped(what: string, why: string): void {
    this.#skipped += 1;
    this.#write(`○ skipped: ${what}: ${why}\n`);
  }

  /** The last line; answers whether nothing failed. */
  close(): boolean {
    this.#write(`${this.#failures} wrong, ${this.#skipped} skipped\n`);
    return this.#failures === 0;
  }
}
