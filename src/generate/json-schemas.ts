import { crdOf } from '../api/crd.ts';
import { isJsonObject, type JsonObject } from '../api/json.ts';
import type { Resource } from '../api/resource.ts';
import { published } from '../config/published.ts';

/** Where the schemas lie in the repository. */
const folder = 'manifests/schemas';

interface SchemaFile {
  readonly path: string;
  readonly content: string;
}

/**
 * A JSON Schema for each served version of these kinds, out of the schema of its CRD, in two layouts: that of the CRD catalogue
 * (`lifecycle.keptn.sh/keptntask_v1.json`) and the one in which kubeconform looks by default (`keptntask-lifecycle-v1.json`).
 */
export function jsonSchemas(resources: readonly Resource[]): readonly SchemaFile[] {
  return resources.flatMap((resource) => {
    const { group, kind } = resource;
    // With a converter: every version is served.
    const { versions } = crdOf(resource, { url: 'https://localhost' }).spec;
    return versions.flatMap(({ name, schema }) => {
      const content = `${JSON.stringify(rootOf(schema.openAPIV3Schema, { group, kind, version: name }))}\n`;
      const short = group.split('.')[0] ?? group;
      return [
        { path: `${folder}/${catalogueFile({ group, kind, version: name })}`, content },
        { path: `${folder}/kubeconform/${kind.toLowerCase()}-${short}-${name}.json`, content },
      ];
    });
  });
}

interface Served {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

function catalogueFile({ group, kind, version }: Served): string {
  return `${group}/${kind.toLowerCase()}_${version}.json`;
}

function rootOf(schema: JsonObject, { group, kind, version }: Served): JsonObject {
  const converted = jsonSchemaOf(schema);
  const properties = isJsonObject(converted['properties']) ? converted['properties'] : {};
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...converted,
    properties: {
      ...properties,
      apiVersion: { type: 'string', enum: [`${group}/${version}`] },
      kind: { type: 'string', enum: [kind] },
      metadata: { type: 'object' },
    },
    required: ['apiVersion', 'kind', 'metadata'],
  };
}

/** Formats that are of OpenAPI and no JSON Schema. */
const foreignFormats: ReadonlySet<unknown> = new Set(['int32', 'int64', 'float', 'double']);

/** The schema of a CRD as JSON Schema: closed where the API server drops what is not declared, and without words of its own. */
function jsonSchemaOf(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key.startsWith('x-kubernetes-')) return [];
    if (key === 'format' && foreignFormats.has(value)) return [];
    if (key === 'properties' && isJsonObject(value)) return [[key, mapped(value)]];
    return [[key, isJsonObject(value) ? jsonSchemaOf(value) : value]];
  });
  const isClosed =
    isJsonObject(schema['properties']) &&
    schema['additionalProperties'] === undefined &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return { ...Object.fromEntries(entries), ...(isClosed && { additionalProperties: false }) };
}

function mapped(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isJsonObject(value) ? jsonSchemaOf(value) : value,
    ]),
  );
}

const header = '# yaml-language-server: $schema=';

/** The text of a manifest, with a line above each document of these kinds by which an editor finds its schema. */
export function withSchemaHeaders(text: string, resources: readonly Resource[]): string {
  return text
    .split(/^---\n/mu)
    .map((document) => withSchemaHeader(document, resources))
    .join('---\n');
}

function withSchemaHeader(document: string, resources: readonly Resource[]): string {
  const lines = document.split('\n').filter((line) => !line.startsWith(header));
  const valueOf = (field: string): string =>
    lines
      .find((line) => line.startsWith(`${field}: `))
      ?.slice(field.length + 2)
      .trim() ?? '';
  const [group = '', version = ''] = valueOf('apiVersion').split('/');
  const kind = valueOf('kind');
  const resource = resources.find((one) => one.kind === kind && one.group === group);
  if (resource?.versions.some(({ name }) => name === version) !== true) return lines.join('\n');
  const address = `${published.schemas}/${catalogueFile({ group, kind, version })}`;
  return [`${header}${address}`, ...lines].join('\n');
}
