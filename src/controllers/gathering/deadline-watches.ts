import { NamespaceKind } from '../../api/builtin.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { conditionTypes, isTrue } from '../../domain/conditions.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { IndexDefinition } from '../../ports/index-definition.ts';
import { type Key, watch, type Watch } from '../engine/controller.ts';

const anywhere = '';

function placesOf(check: KeptnTask | KeptnEvaluation): string[] {
  const { namespace = '' } = check.metadata;
  return isTrue(check, conditionTypes.waiting) ? [anywhere, namespace] : [];
}

/** The tasks that wait for what may never come, by namespace; all of them under the empty name. */
export const waitingTasks: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'waiting',
  values: placesOf,
};

/** As `waitingTasks`, of evaluations. */
export const waitingEvaluations: IndexDefinition<KeptnEvaluation> = {
  kind: KeptnEvaluation,
  name: 'waiting',
  values: placesOf,
};

/** Wakes tasks or evaluations that wait when what says their deadlines is changed. */
export function deadlineWatches(
  check: typeof waitingTasks | typeof waitingEvaluations,
  definitionsNamespace: string,
): readonly Watch[] {
  const waitingIn = (namespace: string | undefined, lookup: Lookup): readonly Key[] =>
    lookup.byIndex<KubernetesObject>(check, namespace ?? anywhere).map(({ metadata }) => metadata);
  const ofDefinition = (kind: Kind): Watch =>
    watch(kind, ({ metadata: { namespace } }, lookup) =>
      waitingIn(namespace === definitionsNamespace ? anywhere : namespace, lookup),
    );
  return [
    watch(NamespaceKind, ({ metadata }, lookup) => waitingIn(metadata.name, lookup)),
    watch(KeptnConfig, (_config, lookup) => waitingIn(anywhere, lookup)),
    watch(KeptnAppContext, ({ metadata }, lookup) => waitingIn(metadata.namespace, lookup)),
    ofDefinition(check.kind === KeptnTask ? KeptnTaskDefinition : KeptnEvaluationDefinition),
  ];
}
