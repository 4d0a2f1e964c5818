import { Buffer } from 'node:buffer';
import { constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { statusLimitBytes } from './status.ts';

/**
 * The file that tells how it went. It may be one that the kubelet mounted and will read: so it is written in place, never
 * renamed, and by one write, so that it holds a whole text whenever it is read.
 */
export class StatusFile {
  readonly #file: number;

  /** Opens the file, or makes it in a folder that exists; throws the system's error if that is not possible. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  }

  /** Replaces what the file says. */
  write(text: string): void {
    const length = Buffer.byteLength(text);
    // What was there before is overwritten with spaces, which JSON allows, and only then cut off.
    const before = Math.min(fstatSync(this.#file).size, statusLimitBytes);
    const bytes = Buffer.alloc(Math.max(length, before), ' ');
    bytes.write(text);
    writeSync(this.#file, bytes, 0, bytes.length, 0);
    ftruncateSync(this.#file, length);
  }
}
