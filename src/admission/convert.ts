import { ConversionImpossible, convertObject } from '../api/conversion/conversion.ts';
import {
  type ConversionReviewAnswer,
  parseConversionReview,
} from '../api/conversion/conversion-review.ts';
import { cutTo, deepestLevel, isTooDeep, tooDeep } from '../api/depth.ts';
import { fieldOf, isJsonObject, type JsonObject } from '../api/json.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { servedKinds } from '../api/keptn/registry.ts';
import { describeErrors } from '../api/parse.ts';
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
 * written. An object that is converted alone is refused with the reason. Throws `BadReview` for what is no review.
 */
export function convertReview(body: unknown): Converted {
  const parsed = parseConversionReview(body);
  if (!parsed.ok) throw new BadReview(`no ConversionReview: ${describeErrors(parsed.errors)}`);
  const { apiVersion, kind, request } = parsed.value;
  const { uid, desiredAPIVersion, objects } = request;
  const problems: ConversionProblem[] = [];
  const isAlone = objects.length === 1;
  try {
    const convertedObjects = objects.map((one) => {
      const { object, why } = convertedAlone(one, desiredAPIVersion, isAlone);
      if (why !== undefined) problems.push({ ...calledIn(one), why });
      return object;
    });
    const response = { uid, result: { status: 'Success' as const }, convertedObjects };
    return { answer: { apiVersion, kind, response }, problems };
  } catch (error) {
    const { message } = asImpossible(error);
    problems.push({ ...calledIn(objects[0]), why: message });
    const response = { uid, result: { status: 'Failed' as const, message } };
    return { answer: { apiVersion, kind, response }, problems };
  }
}

interface Outcome {
  readonly object: unknown;
  /** Why it is not the whole object. */
  readonly why?: string;
}

/** Throws `ConversionImpossible` for one that is refused. */
function convertedAlone(one: unknown, desired: string, isAlone: boolean): Outcome {
  if (!isJsonObject(one)) throw new ConversionImpossible('what is to be converted is no object');
  const isWhole = !isTooDeep(one);
  const flat = isWhole ? one : cutTo(one, deepestLevel);
  try {
    refuseMarked(flat);
    const object = convertObject(flat, desired, servedKinds);
    return isWhole ? { object } : marked(object, tooDeep);
  } catch (error) {
    const { message } = asImpossible(error);
    if (isAlone) throw new ConversionImpossible(message);
    return marked({ ...flat, apiVersion: desired }, `cannot be converted: ${message}`);
  }
}

/** A client that writes back an object that was not whole would lose the rest of it. */
function refuseMarked({ kind, metadata }: JsonObject): void {
  const why = fieldOf(fieldOf(metadata, 'annotations'), sluiceKeys.conversionProblem);
  if (typeof why !== 'string') return;
  throw new ConversionImpossible(
    `this ${String(kind)} was not read as a whole (it ${why}), so it cannot be written in this version; change it in its stored version, without the annotation ${sluiceKeys.conversionProblem}`,
  );
}

function marked(object: JsonObject, why: string): Outcome {
  const { metadata } = object;
  const known = isJsonObject(metadata) ? metadata : {};
  const annotations = isJsonObject(known['annotations']) ? known['annotations'] : {};
  const told = { ...annotations, [sluiceKeys.conversionProblem]: why };
  return { object: { ...object, metadata: { ...known, annotations: told } }, why };
}

/** A fault of ours is one of this object, too: the others are answered. */
function asImpossible(error: unknown): ConversionImpossible {
  if (error instanceof ConversionImpossible) return error;
  return new ConversionImpossible(
    `a fault of Sluice: ${error instanceof Error ? error.message : String(error)}`,
  );
}

function calledIn(object: unknown): Omit<ConversionProblem, 'why'> {
  const metadata = fieldOf(object, 'metadata');
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    kind: textOf(fieldOf(object, 'kind')),
    namespace: textOf(fieldOf(metadata, 'namespace')),
    name: textOf(fieldOf(metadata, 'name')),
  };
}
