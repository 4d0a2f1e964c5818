import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private directory, for all that a run writes; other users cannot look into it. */
export class Workspace {
  readonly #root: string;

  /** Makes the directory in the system's one for temporary files; throws the system's error if that cannot be. */
  constructor() {
    this.#root = mkdtempSync(join(tmpdir(), 'keptn-function-'));
    for (const name of ['home', 'script']) mkdirSync(join(this.#root, name));
  }

  /** `HOME` of the script, and caches that all attempts share. */
  get home(): string {
    return join(this.#root, 'home');
  }

  /** For a script that is no file yet. */
  get script(): string {
    return join(this.#root, 'script');
  }

  /** A new directory for one attempt. */
  attempt(number: number): AttemptDirectory {
    const root = join(this.#root, `attempt-${number}`);
    const work = join(root, 'work');
    mkdirSync(work, { recursive: true });
    return { work, resultFile: join(root, 'result.json'), remove: () => remove(root) };
  }

  remove(): void {
    remove(this.#root);
  }
}

export interface AttemptDirectory {
  /** Working directory and `TMPDIR` of the script. */
  readonly work: string;
  /** Does not exist yet. */
  readonly resultFile: string;
  readonly remove: () => void;
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // A script that locks its directories keeps them; in a container they go with it.
  }
}
