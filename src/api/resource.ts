import type { JsonObject } from './json.ts';
import type { Kind, ObjectMeta } from './object.ts';
import type { Static, TSchema } from './schema.ts';

/** An object of a kind that Sluice defines. */
export interface OwnObject<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
}

/** A column of `kubectl get`. Priority 1 shows it with `-o wide` only. */
export interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly type?: 'string' | 'integer' | 'boolean' | 'date';
  readonly priority?: 1;
}

/** What one served version of a kind looks like. */
export interface ResourceVersion<Spec extends TSchema = TSchema, Status extends TSchema = TSchema> {
  readonly name: string;
  readonly spec: Spec;
  readonly status: Status;
  /** Keptn's columns; Reason and Age follow on every kind. */
  readonly columns?: readonly PrinterColumn[];
  /** True where an object without a spec means one with an empty spec, so that its defaults apply. */
  readonly specMayBeAbsent?: boolean;
  /** Of a version that is not stored, where its spec is more than a part of the stored one. */
  readonly mapping?: PartMapping;
  /** The same of its status, where that has other fields. */
  readonly statusMapping?: PartMapping;
  /** Of a version that should be used no longer: what the API server tells everybody who does, in at most 256 characters. */
  readonly deprecationWarning?: string;
  /** Top-level fields of the spec of which one stands in for another: an edit that sets one of them takes the others away. */
  readonly alternatives?: readonly string[];
}

/**
 * How a spec or a status becomes one of the stored version, and back. A mapping never fails, whatever it is given. One of a
 * spec need not care for what the other side cannot express: `conversion.ts` keeps that. One of a status must lose nothing.
 */
export interface PartMapping {
  readonly toStored: (part: JsonObject) => JsonObject;
  readonly fromStored: (part: JsonObject) => JsonObject;
}

/**
 * Older versions that have exactly the fields of the stored one, so that the API server alone can turn one into the other
 * and loses nothing. Where a version of Keptn had fewer fields, it has those of the stored version beside them.
 */
export function alike(
  stored: ResourceVersion,
  names: readonly string[],
): readonly ResourceVersion[] {
  return names.map((name) => ({ ...stored, name }));
}

/** Whether a version has other fields than the stored one, so that somebody has to convert. */
export function needsConverter({ versions }: Pick<Resource, 'versions'>): boolean {
  const [stored] = versions;
  return versions.some(({ spec, status }) => spec !== stored.spec || status !== stored.status);
}

/** What a kind is defined by. */
export interface ResourceDefinition<Spec extends TSchema, Status extends TSchema> {
  readonly group: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  /** One sentence for `kubectl explain`. */
  readonly description: string;
  /** The condition that sums the object up: `Succeeded` where it runs to an end, `Ready` where it lives on. */
  readonly summary: 'Succeeded' | 'Ready';
  /** The first is the stored one, the one this process reads and writes; the others are served beside it. */
  readonly versions: readonly [ResourceVersion<Spec, Status>, ...ResourceVersion[]];
}

/** A kind that Sluice defines: the token that addresses it, and everything its CRD and its parser are made from. */
export interface Resource<Spec = unknown, Status = unknown> extends Kind<OwnObject<Spec, Status>> {
  readonly group: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly summary: 'Succeeded' | 'Ready';
  readonly versions: readonly [ResourceVersion, ...ResourceVersion[]];
}

/** The type of a resource's objects. */
export type ObjectOf<R extends Resource> =
  R extends Resource<infer Spec, infer Status> ? OwnObject<Spec, Status> : never;

/** Defines a namespaced kind; plural and singular are the lower-case kind, as for all of Keptn's. */
export function defineResource<Spec extends TSchema, Status extends TSchema>(
  definition: ResourceDefinition<Spec, Status>,
): Resource<Static<Spec>, Static<Status>> {
  const { group, kind, versions } = definition;
  const singular = kind.toLowerCase();
  return {
    apiVersion: `${group}/${versions[0].name}`,
    group,
    kind,
    singular,
    plural: `${singular}s`,
    listKind: `${kind}List`,
    namespaced: true,
    shortNames: definition.shortNames ?? [],
    categories: ['keptn'],
    description: definition.description,
    summary: definition.summary,
    versions,
  };
}
