import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lets `make` produce an executable in a scratch directory and, only if that succeeds, moves it to its place in one step:
 * whoever looks sees the whole file or none.
 */
export async function installAtomically(
  directory: string,
  name: string,
  make: (scratch: string) => Promise<string>,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  // Beside its place, because a move is one step only within a file system.
  const scratch = mkdtempSync(join(directory, `.${name}-`));
  try {
    const made = await make(scratch);
    chmodSync(made, 0o755);
    renameSync(made, join(directory, name));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Tells every 15 s how long the work has taken so far, and at its end how long it took. */
export async function withElapsed<T>(
  what: string,
  progress: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const elapsed = (): string => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  progress(`${what} …`);
  const timer = setInterval(() => progress(`${what}: ${elapsed()} so far`), 15_000);
  try {
    const result = await work();
    progress(`${what}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
