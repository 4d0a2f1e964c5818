import type { ObjectMeta } from '../../api/object.ts';
import { type Parsed, parserOf } from '../../api/parse.ts';
import { bool, list, object, optional, stringMap, text, type Static } from '../../api/schema.ts';

/** The fields of a Pod that admission reads. All others are none of its business and are never touched. */
const shape = object('', {
  metadata: object('', {
    name: optional(text('')),
    labels: optional(stringMap('')),
    annotations: optional(stringMap('')),
    ownerReferences: optional(
      list(
        '',
        object('', {
          apiVersion: text(''),
          kind: text(''),
          name: text(''),
          uid: text(''),
          controller: optional(bool('')),
        }),
      ),
    ),
  }),
  spec: object('', {
    nodeName: optional(text('')),
    schedulingGates: optional(list('', object('', { name: text('') }))),
  }),
});

/** A Pod in a review: it may have no name yet, and its namespace is that of the request. */
export interface ReviewedPod {
  readonly metadata: ObjectMeta;
  readonly spec: Static<typeof shape>['spec'];
}

const parseShape = parserOf(shape);

/** The Pod of a request, or what of it cannot be read. */
export function reviewedPod(reviewed: unknown, namespace: string): Parsed<ReviewedPod> {
  const parsed = parseShape(reviewed);
  if (!parsed.ok) return parsed;
  const { metadata, spec } = parsed.value;
  return {
    ok: true,
    value: { metadata: { ...metadata, name: metadata.name ?? '', namespace }, spec },
  };
}
