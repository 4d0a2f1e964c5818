import { writeSync } from 'node:fs';

/**
 * Writes what a descriptor that does not block takes at once, and answers how many bytes that were. A pipe that is full and
 * a disk that is full take none for now. Throws when no one reads any more.
 */
export function writeNow(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code !== 'EPIPE') return 0;
    throw error;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** Holds the whole thread up. */
export function holdThreadUp(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
