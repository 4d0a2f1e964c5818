import { Document, isMap, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { Value } from './value.ts';

const heading = ` The values of the chart. Generated from src/generate/chart by "npm run generate"; give your own in another file.
 What each may be stands in values.schema.json; docs/reference/values.md is the same as a table.`;
const widest = 110;

/** `values.yaml`: every default with what it is for above it. */
export function valuesYaml(values: readonly Value[]): string {
  const document = new Document(nested(values.map(({ path, otherwise }) => [path, otherwise])));
  document.commentBefore = heading;
  for (const { path, says } of values) {
    const keys = path.split('.');
    commentOn(pairAt(document.contents, keys), wrapped(says, widest - 2 * keys.length));
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  // A blank line stands before each value but the first of its group, and before each group.
  const groupAfterValue = /(?<=^(?! *#)[^\n]+)\n(?=\w+:\n)/gmu;
  return text.replaceAll(/:\n +\n/gu, ':\n').replaceAll(groupAfterValue, '\n\n');
}

/** An object with a value at each of the dotted paths. */
function nested(entries: readonly (readonly [string, unknown])[]): object {
  const root: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let place = root;
    for (const key of keys) place = childOf(place, key);
    place[last] = value;
  }
  return root;
}

function childOf(place: Record<string, unknown>, key: string): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const child = place[key];
  if (isRecord(child)) return child;
  place[key] = made;
  return made;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pairAt(map: unknown, [first, ...rest]: readonly string[]): Pair<Scalar> {
  const found = isMap(map)
    ? map.items.find((pair): pair is Pair<Scalar> => isScalarKey(pair, first))
    : undefined;
  if (found === undefined) throw new Error(`no value ${first ?? ''} in values.yaml`);
  return rest.length === 0 ? found : pairAt(found.value, rest);
}

function isScalarKey({ key }: YAMLMap['items'][number], name: string | undefined): boolean {
  return key instanceof Scalar && key.value === name;
}

function commentOn({ key }: Pair<Scalar>, lines: readonly string[]): void {
  key.commentBefore = lines.map((line) => ` ${line}`).join('\n');
  key.spaceBefore = true;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
