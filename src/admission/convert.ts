import { ConversionImpossible, convertWithin, stepsOfOne } from '../api/conversion/conversion.ts';
import {
  type ConversionReviewAnswer,
  parseConversionReview,
} from '../api/conversion/conversion-review.ts';
import { cutTo, deepestLevel, isTooDeep, tooDeep } from '../api/depth.ts';
import { fieldOf, isJsonObject, type JsonObject } from '../api/json.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { servedKinds } from '../api/keptn/registry.ts';
import { describeErrors } from '../api/parse.ts';
import { StepBudget } from '../api/step-budget.ts';
import { shortened } from '../domain/shortened.ts';
import { BadReview } from './respond.ts';

/** The answer to a ConversionReview, and what the log should know of single objects. */
export interface Converted {
  readonly answer: ConversionReviewAnswer;
  readonly problems: readonly ConversionProblem[];
}

/** Why one object was not converted as a whole. */
export interface ConversionProblem {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/**
 * The answer to a ConversionReview, from nothing but the review. The API server refuses a whole list for one object that does not
 * come back, so every object comes back: one that is too deep is cut, and one of several that cannot be converted keeps its
 * spec as it is. Both say so in an annotation, by which they are known again: nothing works with them, and they cannot be
 * written. An object that is converted alone is refused with the reason. What the API server never sends is refused as a whole.
 * Throws `BadReview` for what is no review.
 */
export function convertReview(body: unknown): Converted {
  const parsed = parseConversionReview(body);
  if (!parsed.ok) throw new BadReview(`no ConversionReview: ${describeErrors(parsed.errors)}`);
  const { apiVersion, kind, request } = parsed.value;
  const { uid, desiredAPIVersion, objects } = request;
  const problems: ConversionProblem[] = [];
  const isAlone = objects.length === 1;
  let stepsLeft = stepsOfReview;
  try {
    refuseStrange(objects, desiredAPIVersion);
    const convertedObjects = objects.map((one) => {
      const steps = Math.max(leastStepsOfOne, Math.min(stepsOfOne, stepsLeft));
      const budget = new StepBudget(steps);
      const { object, why } = convertedAlone(one, { desired: desiredAPIVersion, isAlone, budget });
      stepsLeft -= budget.used;
      if (why !== undefined) problems.push({ ...calledIn(one), why });
      return object;
    });
    const response = { uid, result: { status: 'Success' as const }, convertedObjects };
    return { answer: { apiVersion, kind, response }, problems };
  } catch (error) {
    const { message } = asImpossible(error);
    problems.push({ ...calledIn(isAlone ? objects[0] : undefined), why: message });
    const response = { uid, result: { status: 'Failed' as const, message } };
    return { answer: { apiVersion, kind, response }, problems };
  }
}

/** The answer that none of the objects was converted, in place of another answer; the reason is shown to the user. */
export function refusedReview(
  { apiVersion, kind, response: { uid } }: ConversionReviewAnswer,
  message: string,
): ConversionReviewAnswer {
  return { apiVersion, kind, response: { uid, result: { status: 'Failed', message } } };
}

interface Outcome {
  readonly object: unknown;
  /** Why it is not the whole object. */
  readonly why?: string;
}

/** A review of as many bytes as the server takes holds fewer stored objects: each has some 300 bytes of metadata at least. */
const mostObjects = 25_000;

/** So many objects of no known kind and version are answered one by one. The API server sends none. */
const mostStrange = 10;

const served = new Set(
  servedKinds.flatMap(({ group, kind, versions }) =>
    versions.map(({ name }) => `${group}/${name} ${kind}`),
  ),
);

/** Anybody may send a review. Each object that cannot be converted costs more than one that can, and a line of the log. */
function refuseStrange(objects: readonly unknown[], desired: string): void {
  if (objects.length > mostObjects) {
    throw new ConversionImpossible(
      `request.objects has ${objects.length} objects, and at most ${mostObjects} are converted at once; ask for fewer (kubectl get --chunk-size)`,
    );
  }
  let strange = 0;
  for (const object of objects) {
    if (isServed(object, desired)) continue;
    strange += 1;
    if (strange > mostStrange) {
      throw new ConversionImpossible(
        `more than ${mostStrange} objects have no kind that Sluice converts from their apiVersion to ${desired}, so none was converted`,
      );
    }
  }
}

function isServed(object: unknown, desired: string): boolean {
  const { kind, apiVersion } = isJsonObject(object) ? object : {};
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return false;
  return served.has(`${apiVersion} ${kind}`) && served.has(`${desired} ${kind}`);
}

/** So many steps the remainders of all objects of a review may take; each has the least, however costly the others are. */
const stepsOfReview = 2_000_000;
const leastStepsOfOne = 1_000;

interface Conversion {
  readonly desired: string;
  readonly isAlone: boolean;
  readonly budget: StepBudget;
}

/** Throws `ConversionImpossible` for one that is refused. */
function convertedAlone(one: unknown, { desired, isAlone, budget }: Conversion): Outcome {
  if (!isJsonObject(one)) throw new ConversionImpossible('what is to be converted is no object');
  const isWhole = !isTooDeep(one);
  const flat = isWhole ? one : cutTo(one, deepestLevel);
  try {
    refuseMarked(flat);
    const object = convertWithin(budget, flat, { desired, kinds: servedKinds });
    if (!isWhole) return marked(object, tooDeep);
    return budget.isSpent ? { object, why: tooCostly } : { object };
  } catch (error) {
    const { message } = asImpossible(error);
    if (isAlone) throw new ConversionImpossible(message);
    return marked({ ...flat, apiVersion: desired }, `cannot be converted: ${message}`);
  }
}

const tooCostly = `was converted without what its annotation ${sluiceKeys.conversion}… says: that takes too many comparisons`;

/** A client that writes back an object that was not whole would lose the rest of it. */
function refuseMarked({ kind, metadata }: JsonObject): void {
  const why = fieldOf(fieldOf(metadata, 'annotations'), sluiceKeys.conversionProblem);
  if (typeof why !== 'string') return;
  throw new ConversionImpossible(
    `this ${String(kind)} was not read as a whole (it ${shortened(why, 200)}), so it cannot be written in this version; change it in its stored version, without the annotation ${sluiceKeys.conversionProblem}`,
  );
}

function marked(object: JsonObject, why: string): Outcome {
  const { metadata } = object;
  const known = isJsonObject(metadata) ? metadata : {};
  const annotations = isJsonObject(known['annotations']) ? known['annotations'] : {};
  const told = { ...annotations, [sluiceKeys.conversionProblem]: why };
  return { object: { ...object, metadata: { ...known, annotations: told } }, why };
}

/** Characters: names may be as long as a review, and stand in the reason of each object. */
const longestReason = 640;
const longestName = 253;

/** A fault of ours is one of this object, too: the others are answered. */
function asImpossible(error: unknown): ConversionImpossible {
  const text = error instanceof Error ? error.message : String(error);
  const why = error instanceof ConversionImpossible ? text : `a fault of Sluice: ${text}`;
  return new ConversionImpossible(shortened(why, longestReason));
}

function calledIn(object: unknown): Omit<ConversionProblem, 'why'> {
  const metadata = fieldOf(object, 'metadata');
  const textOf = (value: unknown): string =>
    typeof value === 'string' ? shortened(value, longestName) : '';
  return {
    kind: textOf(fieldOf(object, 'kind')),
    namespace: textOf(fieldOf(metadata, 'namespace')),
    name: textOf(fieldOf(metadata, 'name')),
  };
}
