import {
  DaemonSetKind,
  DeploymentKind,
  JobKind,
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
import type { Finding } from '../../domain/explain/finding.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { whyEvaluation, whyTask } from '../../domain/explain/why-check.ts';
import { whyConfig, whyDefinition, whyWorkload } from '../../domain/explain/why-conditions.ts';
import { whyJob } from '../../domain/explain/why-job.ts';
import { whyMetric, whyProvider } from '../../domain/explain/why-metric.ts';
import { whyOwner } from '../../domain/explain/why-owner.ts';
import { whyPod } from '../../domain/explain/why-pod.ts';
import { whyApp, whyAppVersion, whyWorkloadVersion } from '../../domain/explain/why-version.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { BadInput } from '../../process/terminal.ts';

/** A kind that can be explained, and the names by which people ask for it. */
interface Explained {
  readonly kind: Kind;
  readonly names: readonly string[];
  /** Undefined when there is no such object. */
  readonly why: (lookup: Lookup, namespace: string, name: string) => Finding | undefined;
}

const explains = <T extends KubernetesObject>(
  kind: Kind<T>,
  names: readonly string[],
  whyOf: (object: T, lookup: Lookup) => Finding,
): Explained => ({
  kind,
  names,
  why(lookup, namespace, name) {
    const found = lookup.get(kind, namespace, name);
    return found && whyOf(found, lookup);
  },
});

const explained: readonly Explained[] = [
  explains(PodKind, ['pod', 'pods', 'po'], whyPod),
  explains(
    KeptnWorkloadVersion,
    ['keptnworkloadversion', 'keptnworkloadversions', 'kwv'],
    whyWorkloadVersion,
  ),
  explains(KeptnAppVersion, ['keptnappversion', 'keptnappversions', 'kav'], whyAppVersion),
  explains(KeptnTask, ['keptntask', 'keptntasks', 'kt'], (task, lookup) => whyTask(task, lookup)),
  explains(KeptnEvaluation, ['keptnevaluation', 'keptnevaluations', 'ke'], whyEvaluation),
  explains(KeptnApp, ['keptnapp', 'keptnapps'], whyApp),
  explains(KeptnWorkload, ['keptnworkload', 'keptnworkloads', 'kw'], whyWorkload),
  explains(KeptnAppContext, ['keptnappcontext', 'keptnappcontexts', 'kac'], whyDefinition),
  explains(
    KeptnTaskDefinition,
    ['keptntaskdefinition', 'keptntaskdefinitions', 'ktd'],
    whyDefinition,
  ),
  explains(
    KeptnEvaluationDefinition,
    ['keptnevaluationdefinition', 'keptnevaluationdefinitions', 'ked'],
    whyDefinition,
  ),
  explains(KeptnConfig, ['keptnconfig', 'keptnconfigs'], whyConfig),
  explains(KeptnMetric, ['keptnmetric', 'keptnmetrics'], whyMetric),
  explains(
    KeptnMetricsProvider,
    ['keptnmetricsprovider', 'keptnmetricsproviders', 'kmp'],
    whyProvider,
  ),
  explains(JobKind, ['job', 'jobs'], whyJob),
  explains(DeploymentKind, ['deployment', 'deployments', 'deploy'], whyOwner),
  explains(StatefulSetKind, ['statefulset', 'statefulsets', 'sts'], whyOwner),
  explains(DaemonSetKind, ['daemonset', 'daemonsets', 'ds'], whyOwner),
  explains(RolloutKind, ['rollout', 'rollouts', 'ro'], whyOwner),
];

/** What the user wants explained. */
export interface Target {
  readonly kind: Kind;
  readonly name: string;
  readonly why: Explained['why'];
}

/** The target of `pod/cart-x`; throws `BadInput` that names what can be asked for. */
export function targetOf(text: string): Target {
  const [kindName = '', name = '', ...rest] = text.split('/');
  // `deployment.apps/web` is how kubectl prints a name.
  const word = kindName.toLowerCase().split('.')[0] ?? '';
  if (name === '' || rest.length > 0) {
    throw new BadInput(
      `"${text}" is no KIND/NAME; write for example pod/cart-5d4-x or deployment/cart`,
    );
  }
  const found = explained.find(({ names }) => names.includes(word));
  if (found === undefined) {
    const known = explained.map(({ names }) => names[0] ?? '');
    const nearest = nearestName(word, known);
    const hint = nearest === undefined ? '' : ` Did you mean ${nearest}/${name}?`;
    throw new BadInput(`"${kindName}" cannot be explained; one of ${known.join(', ')} can.${hint}`);
  }
  return { kind: found.kind, name, why: found.why };
}
