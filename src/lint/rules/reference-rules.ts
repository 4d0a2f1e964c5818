import { ServiceAccountMetadataKind } from '../../api/builtin.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { isLegalName } from '../../domain/names.ts';
import { referencesOf, referringKinds, type StatedReference } from '../base/references.ts';
import { type Found, type Rule, rule, type RuleContext } from '../base/rule.ts';

const nameIsIllegal = rule({
  id: 'reference-illegal',
  title: 'A name that nothing can have',
  why: 'No object can ever have this name, so an object that refers to it waits for ever.',
  fix: 'Write the name of an object: lower-case letters, digits, - and . only.',
  severity: 'error',
  kinds: referringKinds,
  check: (object, context) => illegalReferences(referencesOf(object, context)),
});

const kindIsWrong = rule({
  id: 'reference-wrong-kind',
  title: 'A name of something of another kind',
  why: 'A task cannot be run from the definition of an evaluation, nor a metric be asked of another metric: it would wait for ever.',
  fix: 'Name an object of the kind that is asked for, or move the name to the list it belongs to. If there is to be one of each kind under this name, create the one that is asked for first.',
  severity: 'error',
  kinds: referringKinds,
  check(object, context) {
    const references = referencesOf(object, context);
    return references.flatMap((reference) => {
      const { path, kind, name } = reference;
      const other = mistaken.get(kind.kind);
      if (other === undefined || !isMissing(reference, context)) return [];
      const found = objectOf(other, reference, context);
      if (found === undefined) return [];
      // When the name also stands where it is right, the author means one of each, and the other is only not there yet.
      const meansBoth =
        references.some((one) => one.kind === other && one.name === name) ||
        referencesOf(found, context).some((one) => one.kind === kind && one.name === name);
      if (meansBoth) return [];
      const message = `${name} is a ${other.kind}; name a ${kind.kind} here, or create the one of this name first`;
      return [{ path, message }];
    });
  },
});

const objectIsMissing = rule({
  id: 'reference-missing',
  title: 'A name of something that does not exist',
  why: 'What refers to it waits until it is there. It may be applied later: this is no error.',
  fix: 'Create the object, or correct the name.',
  severity: 'missing',
  kinds: referringKinds,
  check: (object, context) => missingReferences(referencesOf(object, context), context),
});

/** The rules about names that stand for other objects. */
export const referenceRules: readonly Rule[] = [nameIsIllegal, kindIsWrong, objectIsMissing];

/** One problem for every reference by a name that no object can have. */
export function illegalReferences(references: readonly StatedReference[]): readonly Found[] {
  return references
    .filter(({ name }) => !isLegalName(name))
    .map(({ path, kind, name }) => {
      const shown = JSON.stringify(name.slice(0, 80));
      return { path, message: `${shown} cannot be the name of anything; name a ${kind.kind}` };
    });
}

/** One problem for every reference to an object that is not there and whose name could be one's. */
export function missingReferences(
  references: readonly StatedReference[],
  context: RuleContext,
): readonly Found[] {
  return references
    .filter((reference) => isLegalName(reference.name) && isMissing(reference, context))
    .map((reference) => {
      const { path, kind, name, namespaces } = reference;
      const places = namespaces.join(' or ');
      const message = `${kind.kind} ${name} does not exist in ${places}; create it, or correct the name`;
      const pending = `not seen yet; ${kind.kind} ${name} is waited for (in ${places})`;
      return { path, message, reference, pending };
    });
}

/** What each kind is taken for. */
const mistaken: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  [KeptnTaskDefinition.kind, KeptnEvaluationDefinition],
  [KeptnEvaluationDefinition.kind, KeptnTaskDefinition],
  [KeptnMetric.kind, KeptnMetricsProvider],
  [KeptnMetricsProvider.kind, KeptnMetric],
]);

function isMissing(reference: StatedReference, context: RuleContext): boolean {
  const { kind, name, namespaces } = reference;
  if (namespaces.length === 0 || !context.isComplete(kind)) return false;
  // Every namespace has this one; Kubernetes makes it.
  if (kind === ServiceAccountMetadataKind && name === 'default') return false;
  if (namespaces.some((namespace) => context.isExpected?.(kind, namespace, name) === true)) {
    return false;
  }
  return objectOf(kind, reference, context) === undefined;
}

function objectOf(
  kind: Kind,
  { name, namespaces }: StatedReference,
  { lookup }: RuleContext,
): KubernetesObject | undefined {
  return namespaces
    .map((namespace) => lookup.get(kind, namespace, name))
    .find((found) => found !== undefined);
}
