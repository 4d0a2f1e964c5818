import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted, type KeptnState } from '../api/keptn/states.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../api/object.ts';
import { appPhases, type StateField } from '../domain/phase/phases.ts';
import { checkReferences, referencesOf, type StatedReference } from './base/references.ts';
import type { RuleContext } from './base/rule.ts';

/** What would miss a definition. */
export interface Dependents {
  /** Versions that are not over and name it in a phase that is not over either: they would wait for it. */
  readonly versions: readonly KubernetesObject[];
  /** What else names it: definitions, contexts, and versions that only want to be followed by it, which holds nothing up. */
  readonly others: readonly KubernetesObject[];
}

/** Everything that finds this definition under the name it states: not what has one of its own, or falls back to a shared one. */
export function dependentsOf(definition: KubernetesObject, context: RuleContext): Dependents {
  const { lookup, definitionsNamespace } = context;
  const { namespace = '', name } = definition.metadata;
  const isNamed = (reference: StatedReference): boolean =>
    reference.name === name &&
    reference.kind.kind === definition.kind &&
    reference.namespaces.find((place) => isThere(place)) === namespace;
  const kind: Kind =
    [KeptnTaskDefinition, KeptnEvaluationDefinition, CheckDefinition].find(
      (one) => one.kind === definition.kind,
    ) ?? KeptnEvaluationDefinition;
  const isThere = (place: string): boolean => lookup.get(kind, place, name) !== undefined;
  const hasSubstitute = namespace !== definitionsNamespace && isThere(definitionsNamespace);
  if (hasSubstitute) return { versions: [], others: [] };
  const everywhere = namespace === definitionsNamespace ? undefined : namespace;
  const unfinished = [
    ...lookup.list(KeptnAppVersion, everywhere),
    ...lookup.list(KeptnWorkloadVersion, everywhere),
  ].filter(({ status }) => !isCompleted(status?.status));
  const naming = unfinished.flatMap((version) => {
    const references = checkReferences(withoutOver(version), context).filter(isNamed);
    return references.length > 0 ? [{ version, isCheck: references.some(isOfCheck) }] : [];
  });
  const definitions = [
    ...lookup.list(KeptnAppContext, everywhere),
    ...lookup.list(KeptnTaskDefinition, everywhere),
    ...lookup.list(KeptnEvaluationDefinition, everywhere),
  ].filter(
    (other) =>
      !(other.kind === definition.kind && isSame(other, definition)) &&
      referencesOf(other, context).some(isNamed),
  );
  const versions = naming.filter(({ isCheck }) => isCheck).map(({ version }) => version);
  const followed = naming.filter(({ isCheck }) => !isCheck).map(({ version }) => version);
  return { versions, others: [...followed, ...definitions] };
}

function isOfCheck({ path }: StatedReference): boolean {
  return !path.startsWith('spec.on');
}

/** A version without the checks of its phases that are over: their definitions are not needed again. */
function withoutOver({ spec, status, ...version }: KeptnAppVersion | KeptnWorkloadVersion) {
  const states: Partial<Record<StateField, KeptnState>> = status ?? {};
  const over = appPhases.flatMap((phase) =>
    phase.type !== 'deploy' && isCompleted(states[phase.state])
      ? [phase.definitions, ...(phase.standing === undefined ? [] : [phase.standing])]
      : [],
  );
  return { ...version, spec: { ...spec, ...Object.fromEntries(over.map((field) => [field, []])) } };
}

function isSame(one: KubernetesObject, other: KubernetesObject): boolean {
  const { name, namespace } = one.metadata;
  return name === other.metadata.name && namespace === other.metadata.namespace;
}
