import { ruleContextOf } from '../lint/base/rule-context.ts';
import { isTooDeep, pathOfDepth, tooDeep } from '../api/depth.ts';
import { fieldOf, isEqualJson, isJsonObject } from '../api/json.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import type { KubernetesObject } from '../api/object.ts';
import { type FieldError, type Parser, parserOfReviewed } from '../api/parse.ts';
import type { Resource } from '../api/resource.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import { dependentsOf } from '../lint/dependents.ts';
import type { Places } from '../domain/settings/places.ts';
import { problemsOf } from '../lint/rules.ts';
import { verdictOn } from './judgement.ts';
import { allow, deny, type Verdict, warn } from './verdict.ts';

type Handler = (request: AdmissionRequest, lookup: Lookup) => Verdict;

/**
 * Judges what somebody applies of this kind by the rules. An update that leaves the spec alone, or of an object that is being
 * deleted, always enters without a warning: a client that removes a finalizer or sets a label cannot help what is in the spec.
 */
export function judgeApplied(resource: Resource, places: Places): Handler {
  const parse: Parser<KubernetesObject> = parserOfReviewed(resource);
  return (request, lookup) => {
    if (isOfNoConcern(request)) return allow();
    const subject = subjectOf(resource, request);
    const [unreadable] = unreadableIn(request.object);
    if (unreadable !== undefined) return deny(subject, [unreadable]);
    const parsed = parse(request.object);
    if (!parsed.ok) return deny(subject, parsed.errors);
    const context = ruleContextOf(lookup, places);
    const problems = problemsOf(parsed.value, context);
    return verdictOn(problems, { subject, isStrict: context.settings.strictValidation });
  };
}

/** Warns the user who deletes a definition of what still needs it. Never refuses. */
export function judgeDeletion(resource: Resource, places: Places): Handler {
  const parse: Parser<KubernetesObject> = parserOfReviewed(resource);
  return (request, lookup) => {
    const parsed = parse(request.oldObject);
    if (!parsed.ok || parsed.value.metadata.deletionTimestamp !== undefined) return allow();
    const { versions, others } = dependentsOf(parsed.value, ruleContextOf(lookup, places));
    const { kind, name, namespace } = { kind: resource.kind, ...parsed.value.metadata };
    const warnings = [
      ...(versions.length > 0
        ? [
            `${kind} ${name} is still needed by ${namesOf(versions, namespace)}, which will wait for it to come back`,
          ]
        : []),
      ...(others.length > 0
        ? [`${kind} ${name} is still named by ${namesOf(others, namespace)}`]
        : []),
    ];
    return warnings.length > 0 ? warn(...warnings) : allow();
  };
}

/** Why an object cannot be judged: it is too deep, or was so before somebody wrote it in an older version. */
function unreadableIn(object: unknown): readonly FieldError[] {
  if (isJsonObject(object) && isTooDeep(object)) {
    return [{ path: pathOfDepth(object), message: `${tooDeep}; make it flatter` }];
  }
  const annotations = fieldOf(fieldOf(object, 'metadata'), 'annotations');
  const why = fieldOf(annotations, sluiceKeys.conversionProblem);
  if (typeof why !== 'string') return [];
  const path = `metadata.annotations[${sluiceKeys.conversionProblem}]`;
  return [{ path, message: `the object ${why}; remove what is too much and this annotation` }];
}

function isOfNoConcern({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE') return false;
  const deleted = fieldOf(fieldOf(object, 'metadata'), 'deletionTimestamp');
  return deleted !== undefined || isEqualJson(fieldOf(object, 'spec'), fieldOf(oldObject, 'spec'));
}

function subjectOf({ kind, group }: Resource, { name, object }: AdmissionRequest): string {
  const given = fieldOf(fieldOf(object, 'metadata'), 'name');
  return `${kind}.${group} "${typeof given === 'string' ? given : (name ?? '')}"`;
}

const mostNamed = 3;

/**
 * `KeptnWorkloadVersion shop-cart-1.0.0, KeptnAppVersion shop-1-6b86b273 and 2 more`. What is in other namespaces is counted only:
 * a user who may delete here, or sends a review of their own making, need not be allowed to see what is there.
 */
function namesOf(objects: readonly KubernetesObject[], namespace: string | undefined): string {
  const near = objects.filter(({ metadata }) => metadata.namespace === namespace);
  const names = near.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const shown = names.slice(0, mostNamed);
  const more = names.length - shown.length;
  const far = objects.length - near.length;
  return listOf([
    shown.join(', '),
    ...(more > 0 ? [`${more} more`] : []),
    ...(far > 0 ? [`${far} in other namespaces`] : []),
  ]);
}

function listOf(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' and ');
}
