import type { Kind } from '../../../src/api/object.ts';
import type { OwnObject, Resource } from '../../../src/api/resource.ts';

/** A kind in a version that is not the stored one. */
export function inVersion(
  kind: Resource,
  version: string,
): Kind<OwnObject<Readonly<Record<string, unknown>>>> {
  const { group, plural, namespaced } = kind;
  return { apiVersion: `${group}/${version}`, kind: kind.kind, plural, namespaced };
}
