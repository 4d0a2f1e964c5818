import { fieldOf } from '../api/json.ts';
import type { KubernetesObject } from '../api/object.ts';

/** Who owns a field of the spec by server-side apply; undefined if it has no such owner, or was written in another way. */
export function managerOf(object: KubernetesObject, field: string): string | undefined {
  const entries = fieldOf(object.metadata, 'managedFields');
  if (!Array.isArray(entries)) return undefined;
  const entry: unknown = entries.find(
    (one: unknown) =>
      fieldOf(one, 'operation') === 'Apply' &&
      fieldOf(fieldOf(fieldOf(one, 'fieldsV1'), 'f:spec'), `f:${field}`) !== undefined,
  );
  const manager = fieldOf(entry, 'manager');
  return typeof manager === 'string' ? manager : undefined;
}
