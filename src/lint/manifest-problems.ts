import { convertObject, ConversionImpossible } from '../api/conversion/conversion.ts';
import type { JsonObject } from '../api/json.ts';
import { ownKinds, servedKinds } from '../api/keptn/registry.ts';
import type { KubernetesObject } from '../api/object.ts';
import { type FieldError, type Parser, parserOfKind } from '../api/parse.ts';
import type { OwnObject, Resource } from '../api/resource.ts';
import { fieldsNotNamed } from '../api/unknown-fields.ts';
import { nearestName } from '../domain/nearest-name.ts';
import { neighbourKinds, parseNeighbour } from './workload/neighbour-manifest.ts';
import { parseWorkload, workloadKinds } from './workload/workload-manifest.ts';

/** What a manifest is to the rules: an object that they judge, one that cannot be read as what it says it is, or another kind. */
export type ReadManifest =
  | {
      readonly type: 'judged';
      readonly object: KubernetesObject;
      /** Fields of the version it is written in that do not exist: the conversion would drop them unseen. */
      readonly unknown: readonly FieldError[];
    }
  | { readonly type: 'unreadable'; readonly errors: readonly FieldError[] }
  | { readonly type: 'other' };

/**
 * Reads one manifest as the API server would: of a kind of Sluice's in any of its versions by the schema, of a workload as far
 * as rules look at it. Without a namespace it gets the one given.
 */
export function readManifest(manifest: JsonObject, namespace: string): ReadManifest {
  const { apiVersion, kind } = manifest;
  const isWorkload = workloadKinds.some(
    (one) => one.kind === kind && one.apiVersion === apiVersion,
  );
  if (isWorkload) {
    const parsed = parseWorkload(manifest);
    return parsed.ok
      ? { type: 'judged', object: placed(parsed.value, namespace), unknown: [] }
      : { type: 'unreadable', errors: parsed.errors };
  }
  const neighbour = neighbourKinds.find(
    (one) => one.kind === kind && one.apiVersion === apiVersion,
  );
  if (neighbour !== undefined) {
    const parsed = parseNeighbour(manifest);
    // What cannot be read is the API server's business.
    if (!parsed.ok) return { type: 'other' };
    const object = neighbour.namespaced ? placed(parsed.value, namespace) : parsed.value;
    return { type: 'judged', object, unknown: [] };
  }
  const resource = ownKinds.find((one) => one.kind === kind && groupOf(apiVersion) === one.group);
  if (resource === undefined) return ofAnotherKind(manifest);
  return ofKind(resource, manifest, namespace);
}

function ofKind(resource: Resource, manifest: JsonObject, namespace: string): ReadManifest {
  const { apiVersion } = manifest;
  const version = resource.versions.find(({ name }) => apiVersion === `${resource.group}/${name}`);
  if (version === undefined) {
    const known = resource.versions.map(({ name }) => name).join(', ');
    const message = `${resource.kind} has the versions ${known} of ${resource.group}; write apiVersion: ${resource.apiVersion}`;
    return { type: 'unreadable', errors: [{ path: 'apiVersion', message }] };
  }
  const isStored = version === resource.versions[0];
  const unknown = isStored ? [] : unknownIn(version.spec, manifest['spec']);
  try {
    const parsed = parserFor(resource)(convertObject(manifest, resource.apiVersion, servedKinds));
    if (!parsed.ok) return { type: 'unreadable', errors: [...parsed.errors, ...unknown] };
    return { type: 'judged', object: placed(parsed.value, namespace), unknown };
  } catch (error) {
    if (!(error instanceof ConversionImpossible)) throw error;
    return { type: 'unreadable', errors: [{ path: 'spec', message: error.message }] };
  }
}

function unknownIn(
  schema: Parameters<typeof fieldsNotNamed>[0],
  spec: unknown,
): readonly FieldError[] {
  return fieldsNotNamed(schema, spec, 'spec').map(({ path, name, known }) => {
    const meant = nearestName(name, known);
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return { path, message: `is no field of this version${hint}; correct it or remove it` };
  });
}

/** A kind that nearly is one of ours would be passed over in silence: a slip of the pen in `kind` or in the group. */
function ofAnotherKind({ apiVersion, kind }: JsonObject): ReadManifest {
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return { type: 'other' };
  const outdated = servedKinds.find((one) => one.kind === kind);
  if (outdated !== undefined) {
    if (groupOf(apiVersion) === outdated.group) {
      const message = `${kind} is of an older Keptn and does nothing; see docs/versions.md for what takes its place`;
      return { type: 'unreadable', errors: [{ path: 'kind', message }] };
    }
    const message = `${kind} is of the group ${outdated.group}; write apiVersion: ${outdated.apiVersion}`;
    return { type: 'unreadable', errors: [{ path: 'apiVersion', message }] };
  }
  const isOurGroup = ownKinds.some(({ group }) => groupOf(apiVersion) === group);
  if (!isOurGroup) return { type: 'other' };
  const meant = nearestName(
    kind,
    ownKinds.map((one) => one.kind),
  );
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const message = `there is no kind ${kind} in ${groupOf(apiVersion)}${hint}`;
  return { type: 'unreadable', errors: [{ path: 'kind', message }] };
}

const parsers = new Map<Resource, Parser<OwnObject>>();

/** Compiled once for each kind: that takes longer than thousands of manifests. */
function parserFor(resource: Resource): Parser<OwnObject> {
  const known = parsers.get(resource);
  if (known !== undefined) return known;
  const parser = parserOfKind(resource, 'all');
  parsers.set(resource, parser);
  return parser;
}

function placed<T extends KubernetesObject>(object: T, namespace: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace },
  };
}

function groupOf(apiVersion: unknown): string {
  return typeof apiVersion === 'string' ? (apiVersion.split('/')[0] ?? '') : '';
}
