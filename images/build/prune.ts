import { globSync, rmSync, statSync, utimesSync } from 'node:fs';

const dayMs = 86_400_000;

/** Notes that a file of the cache was used now. */
export function touch(file: string): void {
  const now = new Date();
  utimesSync(file, now, now);
}

/**
 * Removes files of the cache that match a pattern and were not used for two days. Younger ones may be in use by another checkout on this
 * machine, whose sources differ.
 */
export function prune(pattern: string, now = Date.now()): void {
  for (const file of globSync(pattern)) {
    const seen = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - seen > 2 * dayMs) rmSync(file, { force: true });
  }
}
