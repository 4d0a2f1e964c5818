import { isJsonObject, type JsonObject } from '../json.ts';
import { sluiceKeys } from '../keptn/annotations.ts';
import { type Parser, parserOf } from '../parse.ts';
import { pruned } from '../prune.ts';
import {
  type Difference,
  differencesBetween,
  parseDifferences,
  textOfDifferences,
  withDifferences,
} from './conversion-remainder.ts';
import type { Resource, ResourceVersion } from '../resource.ts';
import type { TSchema } from '../schema.ts';
import { StepBudget } from '../step-budget.ts';

/**
 * One object in another version of its kind, with nothing lost in either direction:
 *
 *     spec ──mapping──► spec of the other version ──what its remainder adds──► converted
 *                                                                                 │
 *     what the spec says beyond  ◄──────────── compared with the spec ◄──mapping back
 *
 * What the other version cannot express is kept there in the annotation `sluice.keptn.sh/conversion-<version it belongs to>`
 * and goes back where it came from. It never overrules an edit of what the other version can express.
 *
 * Only the spec is kept that way. A status has the same in all versions, though perhaps under other names: an annotation may be
 * written by every user who may write the object, and must not speak for the controllers.
 */
export class ConversionImpossible extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConversionImpossible';
  }
}

/** So many steps the remainder of one object may take: enough where an edit has moved every item of the longest list. */
export const stepsOfOne = 500_000;

/** The object as `desired` (group/version) has it; throws `ConversionImpossible` for what is none of these kinds and versions. */
export function convertObject(
  object: unknown,
  desired: string,
  kinds: readonly Resource[],
): JsonObject {
  return convertWithin(new StepBudget(stepsOfOne), object, { desired, kinds });
}

/** The same. A remainder that takes more steps than the budget has is left out; the budget is spent then. */
export function convertWithin(
  budget: StepBudget,
  object: unknown,
  { desired, kinds }: { readonly desired: string; readonly kinds: readonly Resource[] },
): JsonObject {
  if (!isJsonObject(object)) throw new ConversionImpossible('what is to be converted is no object');
  const resource = kinds.find(
    (one) => one.kind === object['kind'] && versionOf(one, object['apiVersion']) !== undefined,
  );
  const from = resource && versionOf(resource, object['apiVersion']);
  const to = resource && versionOf(resource, desired);
  if (resource === undefined || from === undefined || to === undefined) {
    const versions = kinds
      .filter(({ kind }) => kind === object['kind'])
      .flatMap((one) => one.versions.map(({ name }) => `${one.group}/${name}`));
    throw new ConversionImpossible(
      `${called(object)} cannot be converted from ${String(object['apiVersion'])} to ${desired}: ` +
        (versions.length === 0 ? 'the kind is unknown' : `there are ${versions.join(', ')}`),
    );
  }
  const [stored] = resource.versions;
  const way = from === stored || to === stored ? [to] : [stored, to];
  let [converted, at] = [object, from];
  for (const next of from === to ? [] : way) {
    converted = oneStep(converted, { from: at, to: next, resource, budget });
    at = next;
  }
  return converted;
}

interface Step {
  readonly from: ResourceVersion;
  readonly to: ResourceVersion;
  readonly resource: Resource;
  readonly budget: StepBudget;
}

/** From the stored version to another one, or from there to the stored one. */
function oneStep(object: JsonObject, step: Step): JsonObject {
  const { from, to, resource } = step;
  const apiVersion = `${resource.group}/${to.name}`;
  const { spec } = object;
  // Under server-side apply, the API server has parts of objects converted that have none; it takes no answer without.
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const rest = { ...object, metadata, ...statusIn(object, step) };
  if (!isJsonObject(spec)) return { ...rest, apiVersion };
  const annotations = { ...(isJsonObject(metadata['annotations']) && metadata['annotations']) };
  const converted = restored(mapped(spec, step), to, {
    remainder: annotations[keyOf(to)],
    mayLack: to !== resource.versions[0],
    of: object,
    budget: step.budget,
  });
  const back = mapped(converted, { ...step, from: to, to: from });
  const beyond = differencesBetween(back, spec, from.alternatives);
  delete annotations[keyOf(to)];
  delete annotations[keyOf(from)];
  const remainder = fitting(beyond, { key: keyOf(from), others: annotations });
  if (remainder !== undefined) annotations[keyOf(from)] = remainder;
  return {
    ...rest,
    apiVersion,
    metadata: withAnnotations(metadata, annotations),
    spec: converted,
  };
}

/** The status with the names that the other version has for its fields. */
function statusIn({ status }: JsonObject, { from, to, resource }: Step): JsonObject {
  const isUp = to === resource.versions[0];
  const map = isUp ? from.statusMapping?.toStored : to.statusMapping?.fromStored;
  return map === undefined || !isJsonObject(status) ? {} : { status: map(status) };
}

/** What the mapping alone makes of a spec, as the API server will keep it. */
function mapped(spec: JsonObject, { from, to, resource }: Step): JsonObject {
  const isUp = to === resource.versions[0];
  const map = isUp ? from.mapping?.toStored : to.mapping?.fromStored;
  const result = pruned(map === undefined ? spec : map(spec), to.spec);
  return isJsonObject(result) ? result : {};
}

/** The spec with its remainder, unless that would make it something its version does not allow. */
function restored(
  spec: JsonObject,
  version: ResourceVersion,
  by: {
    readonly remainder: unknown;
    readonly mayLack: boolean;
    readonly of: JsonObject;
    readonly budget: StepBudget;
  },
): JsonObject {
  const { remainder, mayLack, of, budget } = by;
  if (typeof remainder !== 'string') return spec;
  if (remainder === tooLong && !mayLack) {
    throw new ConversionImpossible(
      `${called(of)}: what ${version.name} says beyond this version does not fit into an annotation; change it as ${version.name}`,
    );
  }
  const differences = parseDifferences(remainder);
  if (differences === undefined) return spec;
  const whole = withDifferences(spec, differences, budget);
  return whole !== undefined && parserOfSpec(version.spec)(whole).ok ? whole : spec;
}

/**
 * Stands for a remainder that is too long. Of the stored version, the object can then be read in the other one and not be
 * written in it; of another version it is let go, for the stored one holds everything that anything acts on.
 */
const tooLong = 'too long';

/** Bytes of all annotations of an object together (apimachinery, `TotalAnnotationSizeLimitB`). */
const annotationsLimit = 256 * 1024;

/** The text of a remainder; undefined when there is none, and when no annotation fits any more. */
function fitting(
  differences: readonly Difference[],
  { key, others }: { readonly key: string; readonly others: JsonObject },
): string | undefined {
  if (differences.length === 0) return undefined;
  const used = Object.entries(others).reduce((sum, entry) => sum + bytesOf(...entry), 0);
  return [textOfDifferences(differences), tooLong].find(
    (text) => text !== undefined && used + bytesOf(key, text) <= annotationsLimit,
  );
}

function bytesOf(key: string, value: unknown): number {
  return new TextEncoder().encode(key + String(value)).length;
}

function withAnnotations(metadata: JsonObject, annotations: JsonObject): JsonObject {
  const kept = Object.entries(metadata).filter(([key]) => key !== 'annotations');
  const isNone = Object.keys(annotations).length === 0;
  return Object.fromEntries(isNone ? kept : [...kept, ['annotations', annotations]]);
}

function keyOf({ name }: ResourceVersion): string {
  return `${sluiceKeys.conversion}${name}`;
}

function versionOf(resource: Resource, apiVersion: unknown): ResourceVersion | undefined {
  return resource.versions.find(({ name }) => apiVersion === `${resource.group}/${name}`);
}

/** `KeptnTaskDefinition shop/migrate`. */
function called({ kind, metadata }: JsonObject): string {
  const { namespace, name }: { namespace?: unknown; name?: unknown } = isJsonObject(metadata)
    ? metadata
    : {};
  const place = typeof namespace === 'string' && namespace !== '' ? `${namespace}/` : '';
  return `${String(kind)} ${place}${typeof name === 'string' ? name : ''}`;
}

const parsers = new WeakMap<TSchema, Parser<unknown>>();

/** Compiled once for each version. */
function parserOfSpec(schema: TSchema): Parser<unknown> {
  const known = parsers.get(schema);
  if (known !== undefined) return known;
  const parser: Parser<unknown> = parserOf(schema, 'stored');
  parsers.set(schema, parser);
  return parser;
}
