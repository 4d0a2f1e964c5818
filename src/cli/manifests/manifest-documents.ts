import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
} from 'yaml';
import { isJsonObject, type JsonObject } from '../../api/json.ts';
import { placeIn, type WrittenPlace } from './written-place.ts';

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One object of a file. */
export interface Manifest {
  readonly object: JsonObject;
  /** Where a field of it is written; for one that is not there, the nearest field above it. */
  positionOf(path: string): Position;
  /** Where exactly this field or item is written, for an edit; undefined where it is not. */
  placeOf(path: string): WrittenPlace | undefined;
  /** First and last line of its document. */
  readonly lines: readonly [first: number, last: number];
}

/** What a file holds. */
export interface ManifestFile {
  readonly manifests: readonly Manifest[];
  /** What is no YAML, with its place. */
  readonly broken: readonly (Position & { readonly message: string })[];
}

/** The objects of a YAML or JSON text. Items of a `List` are objects of their own; what is no object is passed over. */
export function manifestsIn(text: string): ManifestFile {
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false });
  const manifests: Manifest[] = [];
  const broken: (Position & { message: string })[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [problem] = document.errors;
    if (problem !== undefined) {
      broken.push({
        ...pointIn(counter, problem.pos[0]),
        message: explained(problem.message, text),
      });
      continue;
    }
    try {
      manifests.push(...objectsOf(document, { counter, text }));
    } catch (error) {
      // Aliases that unfold into millions of nodes, or that lead to no anchor: one bad document keeps no other from being judged.
      if (!(error instanceof ReferenceError)) throw error;
      broken.push({ ...pointIn(counter, document.range[0]), message: error.message });
    }
  }
  return { manifests, broken };
}

function explained(message: string, text: string): string {
  const [first = ''] = message.split('\n');
  return text.includes('{{')
    ? `${first}; if this is a template, render it first: helm template … | sluice lint -`
    : first;
}

function objectsOf(
  document: Document.Parsed,
  { counter, text }: { readonly counter: LineCounter; readonly text: string },
): readonly Manifest[] {
  const value: unknown = document.toJS({ maxAliasCount: 1_000 });
  if (!isJsonObject(value)) return [];
  const [start, , end] = document.range;
  const lines = [counter.linePos(start).line, counter.linePos(end).line] as const;
  const at = (prefix: readonly (string | number)[]) => (path: string) =>
    pointIn(counter, offsetOf(document, [...prefix, ...stepsOf(path)]));
  const written = (prefix: readonly (string | number)[]) => (path: string) =>
    placeIn(document.contents, text, [...prefix, ...stepsOf(path)]);
  if (value['kind'] !== 'List' || !Array.isArray(value['items'])) {
    return [{ object: value, positionOf: at([]), placeOf: written([]), lines }];
  }
  return value['items'].flatMap((item: unknown, index): Manifest[] =>
    isJsonObject(item)
      ? [
          {
            object: item,
            positionOf: at(['items', index]),
            placeOf: written(['items', index]),
            lines,
          },
        ]
      : [],
  );
}

/** Where the deepest step of the path that is there begins: its key in a map, itself in a list. */
function offsetOf(document: Document.Parsed, steps: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range[0];
  for (const step of steps) {
    if (!isCollection(node)) break;
    const found = isMap(node)
      ? node.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
        )
      : node.items[Number(step)];
    if (found === undefined) break;
    offset = startOf(isPair(found) ? found.key : found) ?? offset;
    node = isPair(found) ? found.value : found;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : undefined;
}

function pointIn(counter: LineCounter, offset: number): Position {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** `spec.tasks[0].name` and `metadata.annotations[keptn.sh/version]`, in steps. */
function stepsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/gu)].map(([, inner, name]) => {
    if (name !== undefined) return name;
    const step = (inner ?? '').replaceAll(/^["']|["']$/gu, '');
    return /^\d+$/u.test(step) ? Number(step) : step;
  });
}
