import {
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Target, Targeting } from '../command/target.ts';
import type { Finding } from '../../domain/explain/finding.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { whyEvaluation, whyTask } from '../../domain/explain/why-check.ts';
import { whyConfig, whyDefinition, whyWorkload } from '../../domain/explain/why-conditions.ts';
import { whyJob } from '../../domain/explain/why-job.ts';
import { whyMetric, whyProvider } from '../../domain/explain/why-metric.ts';
import { whyNamespace } from '../../domain/explain/why-namespace.ts';
import { whyOwner } from '../../domain/explain/why-owner.ts';
import { whyPod } from '../../domain/explain/why-pod.ts';
import { whyApp, whyAppVersion, whyWorkloadVersion } from '../../domain/explain/why-version.ts';
import { withUnread } from './unread-annotations.ts';

/** A kind that can be explained. */
interface Explained {
  readonly kind: Kind;
  /** Undefined when there is no such object. */
  readonly why: (
    lookup: Lookup,
    namespace: string | undefined,
    name: string,
  ) => Finding | undefined;
}

const explains = <T extends KubernetesObject>(
  kind: Kind<T>,
  whyOf: (object: T, lookup: Lookup) => Finding,
): Explained => ({
  kind,
  why(lookup, namespace, name) {
    const found = lookup.get(kind, namespace, name);
    return found && whyOf(found, lookup);
  },
});

const whyOwnerInFull = (owner: KubernetesObject, lookup: Lookup): Finding =>
  withUnread(whyOwner(owner, lookup), owner, lookup);

const explained: readonly Explained[] = [
  explains(PodKind, whyPod),
  explains(KeptnWorkloadVersion, whyWorkloadVersion),
  explains(KeptnAppVersion, whyAppVersion),
  explains(KeptnTask, (task, lookup) => whyTask(task, lookup)),
  explains(KeptnEvaluation, whyEvaluation),
  explains(KeptnApp, whyApp),
  explains(KeptnWorkload, whyWorkload),
  explains(KeptnAppContext, whyDefinition),
  explains(KeptnTaskDefinition, whyDefinition),
  explains(KeptnEvaluationDefinition, whyDefinition),
  explains(KeptnConfig, whyConfig),
  explains(KeptnMetric, whyMetric),
  explains(KeptnMetricsProvider, whyProvider),
  explains(JobKind, whyJob),
  explains(DeploymentKind, whyOwnerInFull),
  explains(StatefulSetKind, whyOwnerInFull),
  explains(DaemonSetKind, whyOwnerInFull),
  explains(RolloutKind, whyOwnerInFull),
  explains(NamespaceKind, whyNamespace),
];

/** What can be explained. */
export const explaining: Targeting = {
  kinds: explained.map(({ kind }) => kind),
  cannot: 'cannot be explained',
  example: 'write for example pod/cart-5d4-x or deployment/cart',
};

/** Why this object waits; undefined where there is none of that name. */
export function reasonFor(
  { kind, name }: Target,
  lookup: Lookup,
  namespace: string,
): Finding | undefined {
  return explained
    .find((one) => one.kind === kind)
    ?.why(lookup, kind.namespaced ? namespace : undefined, name);
}
