import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isJsonObject, type JsonObject } from '../../api/json.ts';
import { BadInput } from '../../process/terminal.ts';

/** One YAML or JSON document of a file, which is an object of whatever kind. */
export interface FileDocument {
  /** Where it is, for messages: `tasks.yaml, document 2`. */
  readonly place: string;
  readonly object: JsonObject;
}

/** The documents of files, and of the `*.yaml`, `*.yml` and `*.json` in directories. Throws `BadInput` for what cannot be read. */
export async function documentsIn(paths: readonly string[]): Promise<readonly FileDocument[]> {
  const files = await Promise.all(paths.map(filesAt));
  const documents = await Promise.all(files.flat().map(documentsOf));
  return documents.flat();
}

/** The text of a file. Throws `BadInput` that says what cannot be read. */
export async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** The one YAML or JSON value of a text. Throws `BadInput` with line and column of what is no YAML. */
export function yamlIn(text: string, file: string): unknown {
  const [first, ...more] = valuesIn(text, file);
  if (more.length > 0)
    throw new BadInput(`${file}: holds ${more.length + 1} documents, expected one`);
  return first;
}

async function filesAt(path: string): Promise<readonly string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    (cause: unknown) => {
      throw unreadable(path, cause);
    },
  );
  if (!isDirectory) return [path];
  const names = (await readdir(path)).filter((name) => /\.(?:ya?ml|json)$/u.test(name)).toSorted();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new BadInput(`${path}: holds no file that ends in .yaml, .yml or .json`);
}

async function documentsOf(file: string): Promise<readonly FileDocument[]> {
  const values = valuesIn(await textOf(file), file);
  return values.map((object, index) => {
    const place = values.length === 1 ? file : `${file}, document ${index + 1}`;
    if (isJsonObject(object)) return { place, object };
    throw new BadInput(`${place}: is no Kubernetes object with apiVersion, kind and metadata`);
  });
}

function valuesIn(text: string, file: string): readonly unknown[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document): unknown[] => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new BadInput(`${file}: ${problem.message.trimEnd()}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });
}

function unreadable(path: string, cause: unknown): BadInput {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BadInput(`${path} cannot be read: ${why}`, { cause });
}
