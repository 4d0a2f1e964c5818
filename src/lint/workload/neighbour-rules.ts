import { fieldOf, isJsonObject } from '../../api/json.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { rule, type Rule, type RuleContext } from '../base/rule.ts';
import {
  AutoscalerKind,
  DisruptionBudgetKind,
  type NeighbourManifest,
  QuotaKind,
  ScaledObjectKind,
  ServiceKind,
} from './neighbour-manifest.ts';
import { isChecked, preTasksOf } from './update-order-rule.ts';
import { workloadKinds, type WorkloadManifest } from './workload-manifest.ts';

const gateJobIsSelected = rule({
  id: 'gate-job-selected',
  title: 'A Service or budget that selects the Pods of checks',
  why: 'A Service sends its requests to the Pods of such tasks too, and a PodDisruptionBudget counts them: they come and go, and serve nothing.',
  fix: 'Select by a label that only the workload has, or take that label out of job.labels of the definition.',
  severity: 'risky',
  kinds: [ServiceKind, DisruptionBudgetKind],
  check(object, { lookup, definitionsNamespace }) {
    const { namespace } = object.metadata;
    const selector = selectorOf(object);
    if (selector === undefined) return [];
    const places = [...new Set([namespace, definitionsNamespace])];
    const selected = places
      .flatMap((place) => lookup.list(KeptnTaskDefinition, place))
      .find(({ spec }) => isSelecting(selector.labels, spec.job?.labels));
    if (selected === undefined) return [];
    const message = `selects the Pods of the tasks of KeptnTaskDefinition ${selected.metadata.name} too, by their job.labels; select by a label that only the workload has`;
    return [{ path: selector.path, message }];
  },
});

const autoscalerOnHeld = rule({
  id: 'autoscaler-on-held',
  title: 'An autoscaler on a workload whose Pods are held',
  why: 'Pods that are held report no metrics and count as not ready: while checks run, the autoscaler counts with the old Pods alone, and Pods that it adds to a version that has failed stay held.',
  fix: 'Give the autoscaler a minReplicas that carries the load while checks run, and let checks be short; nothing has to be changed otherwise.',
  severity: 'advice',
  kinds: [AutoscalerKind, ScaledObjectKind],
  check(object, context) {
    const target = fieldOf(object.spec, 'scaleTargetRef');
    const kind = fieldOf(target, 'kind') ?? 'Deployment';
    const workload = workloadsIn(object.metadata.namespace, context).find(
      (one) => one.kind === kind && one.metadata.name === fieldOf(target, 'name'),
    );
    if (workload === undefined || !isChecked(workload, context)) return [];
    const message = `scales ${workload.kind} ${workload.metadata.name}, whose new Pods are held until their checks have passed: they report no metrics until then`;
    return [{ path: 'spec.scaleTargetRef', message }];
  },
});

const quotaIsTooSmall = rule({
  id: 'quota-too-small',
  title: 'A quota that cannot hold Pods and checks together',
  why: 'Held Pods count against the quota like running ones. If nothing is left for the Pods of the checks, the checks never run and the held Pods never start.',
  fix: 'Raise the quota, or set a limit on gate Jobs (maxGateJobs of KeptnConfig) that fits.',
  severity: 'doubtful',
  kinds: [QuotaKind],
  check(object, context) {
    const hard = fieldOf(object.spec, 'hard');
    const field = ['pods', 'count/pods'].find((one) => fieldOf(hard, one) !== undefined);
    const most = field === undefined ? Number.NaN : Number(fieldOf(hard, field));
    if (!Number.isInteger(most) || fieldOf(object.spec, 'scopes') !== undefined) return [];
    const workloads = workloadsIn(object.metadata.namespace, context);
    const pods = workloads.reduce(
      (sum, { spec, kind }) => sum + (kind === 'DaemonSet' ? 1 : (spec.replicas ?? 1)),
      0,
    );
    const tasks = Math.max(0, ...workloads.map((one) => preTasksOf(one, context)));
    if (tasks === 0 || most >= pods + tasks) return [];
    const message = `leaves no room for checks: the workloads of this namespace have ${pods} Pods, and ${tasks} of their checks run at a time; held Pods count, too`;
    return [{ path: `spec.hard[${field}]`, message }];
  },
});

/** The rules about what stands beside a workload. */
export const neighbourRules: readonly Rule<NeighbourManifest>[] = [
  gateJobIsSelected,
  autoscalerOnHeld,
  quotaIsTooSmall,
];

function workloadsIn(
  namespace: string | undefined,
  { lookup }: RuleContext,
): readonly WorkloadManifest[] {
  return workloadKinds.flatMap((kind) => lookup.list(kind, namespace));
}

/** The labels that are selected by; undefined where nothing is. */
function selectorOf({ kind, spec }: KubernetesObject & Pick<NeighbourManifest, 'spec'>) {
  const isBudget = kind === DisruptionBudgetKind.kind;
  const selector = fieldOf(spec, 'selector');
  const labels = isBudget ? (fieldOf(selector, 'matchLabels') ?? {}) : selector;
  if (!isJsonObject(selector) || !isJsonObject(labels)) return undefined;
  // A Service without labels in its selector selects nothing; a budget, everything.
  if (!isBudget && Object.keys(labels).length === 0) return undefined;
  if (isBudget && fieldOf(selector, 'matchExpressions') !== undefined) return undefined;
  return { labels, path: 'spec.selector' };
}

function isSelecting(
  selector: object,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels?.[key] === value);
}
