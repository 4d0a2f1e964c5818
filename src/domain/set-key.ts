import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';

/** The operation that sets a key of a record (labels, data), which may not be there yet. */
export function setKey(
  path: readonly string[],
  key: string,
  entry: { record: object | undefined; value: string },
): JsonPatchOperation {
  return entry.record === undefined
    ? { op: 'add', path: pointer(...path), value: { [key]: entry.value } }
    : { op: 'add', path: pointer(...path, key), value: entry.value };
}
