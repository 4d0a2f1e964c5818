import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInput } from '../../process/terminal.ts';

/** A file that is judged: its name as it is shown, and its text. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Folders that hold no manifests of the user's own. */
const passedOver: ReadonlySet<string> = new Set(['node_modules', '.git', '.terraform', 'vendor']);

/**
 * The YAML and JSON files of these paths: a file, a folder with all below it, or `-` for standard input. Throws `BadInput`
 * that says what cannot be read.
 */
export async function manifestFiles(paths: readonly string[]): Promise<readonly NamedText[]> {
  const names = (await Promise.all(paths.map(filesBelow))).flat();
  const texts: NamedText[] = [];
  // Not all at once: a repository may have more files than a process may open.
  for (let next = 0; next < names.length; next += filesAtOnce) {
    texts.push(...(await Promise.all(names.slice(next, next + filesAtOnce).map(readOne))));
  }
  return texts;
}

const filesAtOnce = 32;

async function filesBelow(path: string): Promise<readonly string[]> {
  if (path === '-') return [path];
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!found.isDirectory()) return [path];
  const files = await yamlBelow(path);
  if (files.length > 0) return files;
  throw new BadInput(`${path}: holds no file that ends in .yaml, .yml or .json`);
}

async function yamlBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const inOrder = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of inOrder) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !passedOver.has(entry.name)) found.push(...(await yamlBelow(path)));
    else if (entry.isFile() && /\.(?:ya?ml|json)$/u.test(entry.name)) found.push(path);
  }
  return found;
}

async function readOne(path: string): Promise<NamedText> {
  if (path === '-') return { name: '<stdin>', text: await standardInput() };
  try {
    return { name: path, text: await readFile(path, 'utf8') };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream('', { fd: 0, autoClose: false })) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreadable(path: string, cause: unknown): BadInput {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BadInput(`${path} cannot be read: ${why}`, { cause });
}
