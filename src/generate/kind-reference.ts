import { type CustomResourceDefinition, crdOf } from '../api/crd.ts';
import { fieldOf, isJsonObject } from '../api/json.ts';
import type { Resource } from '../api/resource.ts';

/** A page on every kind with its fields, defaults, conditions and printer columns, read from its CRD as `kubectl explain` does. */
export function kindReference(kinds: readonly Resource[]): string {
  const crds = kinds.map((kind) => crdOf(kind));
  const contents = crds.map(({ spec: { names, group } }) => {
    const anchor = names.kind.toLowerCase();
    return `- [${names.kind}](#${anchor}) (\`${group}\`)`;
  });
  const heading = [
    '<!-- Generated from src/api/keptn by "npm run generate". Do not edit. -->',
    '# Kinds and their fields',
    'Fields of the stored version, as `kubectl explain` shows them. **Bold** fields are required. Other served versions: [versions of the API](../versions.md). What a condition says: [conditions and reasons](conditions.md).',
    contents.join('\n'),
  ];
  return `${[...heading, ...crds.map((crd, at) => section(crd, kinds[at]))].join('\n\n')}\n`;
}

function section({ spec }: CustomResourceDefinition, kind: Resource | undefined): string {
  const { group, names, versions } = spec;
  const [stored] = versions;
  const schema = stored?.schema.openAPIV3Schema;
  const columns = stored?.additionalPrinterColumns.map(({ name }) => name) ?? [];
  const short = names.shortNames === undefined ? '' : `, short ${names.shortNames.join(', ')}`;
  return [
    `## ${names.kind}`,
    textOf(schema, 'description'),
    `\`${group}\`, \`${names.plural}\`${short}. Versions: ${kind?.versions.map(({ name }) => name).join(', ') ?? ''}. \`kubectl get\` shows ${columns.join(', ')}.`,
    ...(['spec', 'status'] as const).flatMap((part) => {
      const rows = fields(fieldOf(fieldOf(schema, 'properties'), part), part);
      return rows.length === 0 ? [] : [table(rows)];
    }),
  ].join('\n\n');
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly says: string;
}

function table(rows: readonly Row[]): string {
  return [
    '| field | type | what it says |',
    '| --- | --- | --- |',
    ...rows.map(({ path, type, isRequired, says }) => {
      const name = isRequired ? `**\`${path}\`**` : `\`${path}\``;
      return `| ${name} | ${type} | ${says.replaceAll('|', '\\|').replace(/\s+/gu, ' ')} |`;
    }),
  ].join('\n');
}

/** The fields below a schema, depth first. Conditions are the same for all kinds and have a page of their own. */
function fields(schema: unknown, path: string): Row[] {
  const properties = fieldOf(schema, 'properties');
  if (!isJsonObject(properties)) return [];
  const required = fieldOf(schema, 'required');
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const own: Row = {
      path: at,
      type: typeOf(field),
      isRequired: Array.isArray(required) && required.includes(name),
      says: saysOf(field),
    };
    if (name === 'conditions') return [own];
    const items = fieldOf(field, 'items');
    const below = isJsonObject(items)
      ? fields(items, `${at}[]`)
      : [...fields(field, at), ...fields(fieldOf(field, 'additionalProperties'), `${at}.*`)];
    return [own, ...below];
  });
}

function typeOf(schema: unknown): string {
  const items = fieldOf(schema, 'items');
  if (isJsonObject(items)) return `list of ${typeOf(items)}`;
  if (isJsonObject(fieldOf(schema, 'additionalProperties'))) return 'map';
  if (fieldOf(schema, 'x-kubernetes-int-or-string') === true) return 'integer or string';
  const format = fieldOf(schema, 'format');
  const type = textOf(schema, 'type') || 'anything';
  return typeof format === 'string' && format !== 'int32' && format !== 'int64'
    ? `${type} (${format})`
    : type;
}

function saysOf(schema: unknown): string {
  const allowed = fieldOf(schema, 'enum');
  const initial = fieldOf(schema, 'default');
  const bounds = [
    Array.isArray(allowed)
      ? `One of ${allowed.map((one) => `\`${String(one)}\``).join(', ')}.`
      : '',
    initial === undefined ? '' : `Default \`${JSON.stringify(initial)}\`.`,
    bound(schema, 'minimum', 'At least'),
    bound(schema, 'maximum', 'At most'),
  ];
  return [textOf(schema, 'description'), ...bounds].filter((part) => part !== '').join(' ');
}

function bound(schema: unknown, keyword: string, words: string): string {
  const value = fieldOf(schema, keyword);
  return typeof value === 'number' ? `${words} ${value}.` : '';
}

function textOf(schema: unknown, field: string): string {
  const value = fieldOf(schema, field);
  return typeof value === 'string' ? value : '';
}
