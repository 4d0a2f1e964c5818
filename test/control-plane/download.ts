import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { installAtomically, withElapsed } from './install.ts';
import type { Program, Publication } from './programs.ts';

/** What arrived is not what was published. */
class ChecksumMismatch extends Error {
  constructor(url: string, sums: { published: string; received: string }) {
    super(
      `${url} is refused: the published SHA-256 sum is ${sums.published}, that of what arrived ${sums.received}. ` +
        'Nothing was installed.',
    );
    this.name = 'ChecksumMismatch';
  }
}

/** Nothing can be had from there; the message says why. */
class Unavailable extends Error {}

interface DownloadOptions {
  /** Stands in for the official hosts; empty: nothing is downloaded. */
  readonly mirror: string | undefined;
  readonly progress: (line: string) => void;
}

// A machine without network must not wait long for what it cannot get.
const connectWithinMs = 3_000;

/** The official release binaries, each checked against the checksum published beside it. */
export class Downloads {
  readonly #mirror: string | undefined;
  readonly #progress: (line: string) => void;
  readonly #unavailable = new Set<string>();

  constructor({ mirror, progress }: DownloadOptions) {
    this.#mirror = mirror;
    this.#progress = progress;
  }

  /**
   * Downloads and installs a program; false, after one line of explanation, when it cannot be had. A wrong checksum is
   * thrown: it is no reason to go on by another way.
   */
  async install(program: Program, directory: string): Promise<boolean> {
    const { publication } = program;
    if (publication === undefined) return false;
    const host = this.#mirror ?? publication.host;
    if (host === '' || this.#unavailable.has(host)) return false;
    try {
      await this.#fetchInto(program.name, publication, { directory, host });
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#progress(`${program.name} ${program.version} is not downloaded: ${error.message}`);
      return false;
    }
  }

  async #fetchInto(
    name: string,
    { path, sumPath, member }: Publication,
    { directory, host }: { readonly directory: string; readonly host: string },
  ): Promise<void> {
    const published = sumFor(basename(path), await (await this.#open(host, sumPath)).text());
    const url = `${host}${path}`;
    await withElapsed(`downloading ${url}`, this.#progress, () =>
      installAtomically(directory, name, async (scratch) => {
        const file = join(scratch, 'download');
        const received = await save(await this.#open(host, path), file);
        if (received !== published) throw new ChecksumMismatch(url, { published, received });
        if (member === undefined) return file;
        await promisify(execFile)('tar', ['-xzf', file, '-C', scratch, member]);
        return join(scratch, member);
      }),
    );
  }

  async #open(host: string, path: string): Promise<Response> {
    const url = `${host}${path}`;
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), connectWithinMs);
    try {
      const answer = await fetch(url, { signal: giveUp.signal });
      if (!answer.ok) throw new Unavailable(`${url} answers ${answer.status}`);
      return answer;
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      this.#unavailable.add(host);
      const why = giveUp.signal.aborted
        ? `no answer in ${connectWithinMs / 1000} s`
        : causeOf(error);
      throw new Unavailable(`${host} cannot be reached (${why})`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The sum of a file in what is published: a sum alone, or lines of a sum and a name. */
function sumFor(file: string, published: string): string {
  const lines = published.split('\n').map((line) => line.trim().split(/\s+\*?/));
  const named = lines.find(([, name]) => name === file);
  const [sum] = named ?? lines.find(([, name]) => name === undefined) ?? [];
  if (sum === undefined || !/^[0-9a-f]{64}$/i.test(sum)) {
    throw new Unavailable(`no SHA-256 sum of ${file} is published`);
  }
  return sum.toLowerCase();
}

async function save(answer: Response, file: string): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from(answer.body ?? []), hashed, createWriteStream(file));
  } catch (error) {
    throw new Unavailable(`${answer.url} broke off (${causeOf(error)})`, { cause: error });
  }
  return hash.digest('hex');
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
