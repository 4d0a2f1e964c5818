import { parserOf } from '../api/parse.ts';
import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { list, object, optional, stringMap, text } from '../api/schema.ts';

const shape = object('', {
  metadata: object('', {
    annotations: optional(stringMap('')),
    ownerReferences: optional(list('', object('', { kind: text(''), name: text('') }))),
  }),
  status: optional(
    object('', { steering: optional(list('', object('', { id: optional(text('')) }))) }),
  ),
});

/** As much of an object that is steered as its stamping reads. */
export const parseSteered = parserOf(shape);

export type Annotations = Readonly<Record<string, string>>;

/** The operations that make these annotations of those: nothing else is addressed. */
export function annotationOperations(
  from: Annotations | undefined,
  to: Annotations,
): readonly JsonPatchOperation[] {
  if (from === undefined) {
    return Object.keys(to).length === 0
      ? []
      : [{ op: 'add', path: '/metadata/annotations', value: { ...to } }];
  }
  const path = (key: string) => pointer('metadata', 'annotations', key);
  const removed = Object.keys(from).filter((key) => to[key] === undefined);
  const set = Object.entries(to).filter(([key, value]) => from[key] !== value);
  return [
    ...removed.map((key) => ({ op: 'remove', path: path(key) }) as const),
    ...set.map(([key, value]) => ({ op: 'add', path: path(key), value }) as const),
  ];
}
