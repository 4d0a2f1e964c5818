import type { Places } from '../../domain/settings/places.ts';
import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind } from '../../api/object.ts';
import type { AnnotatedIdentity } from '../../domain/identity/identity.ts';
import { illegalReferences, missingReferences } from '../rules/reference-rules.ts';
import type { StatedReference } from '../base/references.ts';
import { rule } from '../base/rule.ts';
import {
  entriesOf,
  identityOfManifest,
  workloadKinds,
  type WorkloadManifest,
} from './workload-manifest.ts';

/** The lists of an identity that name definitions, and where each is written. */
const lists = [
  ['preTasks', keptnAnnotations.preDeploymentTasks, KeptnTaskDefinition],
  ['postTasks', keptnAnnotations.postDeploymentTasks, KeptnTaskDefinition],
  ['preEvaluations', keptnAnnotations.preDeploymentEvaluations, KeptnEvaluationDefinition],
  ['postEvaluations', keptnAnnotations.postDeploymentEvaluations, KeptnEvaluationDefinition],
  ['preChecks', sluiceKeys.preDeploymentChecks, CheckDefinition],
  ['postChecks', sluiceKeys.postDeploymentChecks, CheckDefinition],
  ['onSuccess', sluiceKeys.onSuccessTasks, KeptnTaskDefinition],
  ['onFailure', sluiceKeys.onFailureTasks, KeptnTaskDefinition],
] as const satisfies readonly (readonly [keyof AnnotatedIdentity, string, Kind])[];

/** The definitions that a workload names in the annotations that are read. */
function workloadReferences(
  workload: WorkloadManifest,
  identity: AnnotatedIdentity,
  { definitionsNamespace }: Places,
): readonly StatedReference[] {
  const { namespace = '' } = workload.metadata;
  const namespaces = [...new Set([namespace, definitionsNamespace])];
  return lists.flatMap(([list, key, kind]) => {
    const path = entriesOf(workload).find((entry) => entry.key === key)?.path ?? 'metadata';
    return identity[list].map((name) => ({ path, kind, name, namespaces }));
  });
}

export const definitionIsIllegal = rule<WorkloadManifest>({
  id: 'workload-definition-illegal',
  title: 'A check whose name nothing can have',
  why: 'No definition can ever have this name, so the Pods are held for ever. Most often another sign than a comma stands between two names, or a list is written as YAML or JSON.',
  fix: 'Write names of definitions, separated by commas: lower-case letters, digits, - and . only.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check(workload, context) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated') return [];
    return illegalReferences(workloadReferences(workload, identity, context)).map((found) => ({
      ...found,
      message: `${found.message}, and separate several by commas`,
    }));
  },
});

export const definitionIsMissing = rule<WorkloadManifest>({
  id: 'workload-definition-missing',
  title: 'A check that does not exist',
  why: 'The Pods are held, or the phase after the deployment waits, until the definition is there. It may be applied later: this is no error.',
  fix: 'Create the definition, or correct the name.',
  severity: 'missing',
  kinds: workloadKinds,
  check(workload, context) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated') return [];
    return missingReferences(workloadReferences(workload, identity, context), context);
  },
});
