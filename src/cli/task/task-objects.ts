import { isJsonObject, type JsonObject } from '../../api/json.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { parserOfKind } from '../../api/parse.ts';
import { convertObject, ConversionImpossible } from '../../api/conversion/conversion.ts';
import { fieldsNotNamed } from '../../api/unknown-fields.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import type { FileDocument } from './task-documents.ts';
import { BadInput } from '../../process/terminal.ts';

/** The objects of files that a task on this machine may need, by name. Namespaces are not told apart. */
export interface TaskObjects {
  readonly definitions: ReadonlyMap<string, KeptnTaskDefinition>;
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Sorts documents; those of other kinds are left out. Throws one `BadInput` that names everything wrong by its field. */
export function taskObjects(documents: readonly FileDocument[]): TaskObjects {
  const problems: string[] = [];
  const definitions = new Map<string, KeptnTaskDefinition>();
  const configMaps = new Map<string, Readonly<Record<string, string>>>();
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  for (const { place, object } of documents) {
    const name = nameOf(object);
    const add = <T>(map: Map<string, T>, value: T): void => {
      if (name === '') problems.push(`${place}: metadata.name: is required`);
      else if (map.has(name))
        problems.push(`${place}: metadata.name: there is a second ${kindOf(object)} ${name}`);
      else map.set(name, value);
    };
    if (object['kind'] === KeptnTaskDefinition.kind) {
      const judged = definitionIn(object);
      if ('problems' in judged)
        problems.push(...judged.problems.map((problem) => `${place}: ${problem}`));
      else add(definitions, judged.definition);
    } else if (isBuiltin(object, 'ConfigMap')) add(configMaps, texts(object['data']));
    else if (isBuiltin(object, 'Secret')) add(secrets, secretData(object));
  }
  if (problems.length > 0) throw new BadInput(problems.join('\n'));
  return { definitions, configMaps, secrets };
}

/** The values of a Secret as its readers see them: `data` decoded, `stringData` above it. */
export function secretData(secret: JsonObject): Readonly<Record<string, string>> {
  const decoded = Object.entries(texts(secret['data'])).map(([key, value]): [string, string] => [
    key,
    Buffer.from(value, 'base64').toString(),
  ]);
  return { ...Object.fromEntries(decoded), ...texts(secret['stringData']) };
}

/** Whether a document is one of Kubernetes' own objects of this kind. */
export function isBuiltin(
  { apiVersion, kind }: JsonObject,
  wanted: 'ConfigMap' | 'Secret',
): boolean {
  return apiVersion === 'v1' && kind === wanted;
}

/** The entries of an object whose values are plain: numbers and booleans as YAML has them written. */
export function texts(value: unknown): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  const plain = Object.entries(value).filter(([, one]) => typeof one !== 'object');
  return Object.fromEntries(plain.map(([key, one]) => [key, String(one)]));
}

const parseDefinition = parserOfKind(KeptnTaskDefinition, 'all');

function definitionIn(
  object: JsonObject,
): { readonly definition: KeptnTaskDefinition } | { readonly problems: readonly string[] } {
  const version = KeptnTaskDefinition.versions.find(
    ({ name }) => object['apiVersion'] === `${KeptnTaskDefinition.group}/${name}`,
  );
  const unknown = version === undefined ? [] : fieldsNotNamed(version.spec, object['spec'], 'spec');
  const problems = unknown.map(({ path, name, known }) => {
    const meant = nearestName(name, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    return `${path}: there is no such field${hint}`;
  });
  let stored: JsonObject;
  try {
    stored = convertObject(object, KeptnTaskDefinition.apiVersion, [KeptnTaskDefinition]);
  } catch (error) {
    if (!(error instanceof ConversionImpossible)) throw error;
    return { problems: [...problems, error.message] };
  }
  const parsed = parseDefinition(stored);
  if (!parsed.ok) {
    return {
      problems: [...problems, ...parsed.errors.map(({ path, message }) => `${path}: ${message}`)],
    };
  }
  return problems.length > 0 ? { problems } : { definition: parsed.value };
}

function nameOf({ metadata }: JsonObject): string {
  return isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
}

function kindOf({ kind }: JsonObject): string {
  return String(kind);
}
