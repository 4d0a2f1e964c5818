import { JobKind } from '../../api/builtin.ts';
import { lifecycleGroup, metricsGroup } from '../../api/keptn/groups.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind } from '../../api/object.ts';
import { celList, celText, either, isOwnedByLifecycleKind, notByUser } from './cel.ts';
import type { PolicyDefinition, PolicySettings, ResourceRule } from './policy.ts';

/** The lifecycle kinds that Sluice makes for other lifecycle kinds. */
const madeKinds: readonly Kind[] = [
  KeptnAppVersion,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

const made = madeKinds.map(({ plural }) => plural);
const written = ['CREATE', 'UPDATE'] as const;

/**
 * What releases Pods. Admission finds a version by the app, workload and version it names, so one that nothing owns would count
 * as well: no one but Sluice makes or changes one.
 */
const versions: readonly Kind[] = [KeptnAppVersion, KeptnWorkloadVersion];

const isVersion = `request.resource.resource in ${celList(versions.map(({ plural }) => plural))}`;

const rules: readonly ResourceRule[] = [
  {
    apiGroups: [lifecycleGroup],
    apiVersions: ['v1'],
    resources: [...made, ...made.map((plural) => `${plural}/status`)],
    operations: written,
  },
  {
    apiGroups: [metricsGroup],
    apiVersions: ['v1'],
    resources: [KeptnMetric.plural, `${KeptnMetric.plural}/status`],
    operations: written,
  },
  // Not their status: that is the job controller's. Nor the Pods they make, whose owner is the Job.
  { apiGroups: ['batch'], apiVersions: ['v1'], resources: [JobKind.plural], operations: written },
  { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: written },
];

/**
 * The garbage collector takes owners off (`--cascade=orphan`), the Namespace controller finalizers. Under these names the
 * controller manager works, as one user or with a service account per controller.
 */
const clusterUsers = [
  'system:kube-controller-manager',
  'system:serviceaccount:kube-system:generic-garbage-collector',
  'system:serviceaccount:kube-system:namespace-controller',
];

const sameOwners =
  'object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([])';

/** Kubernetes lets little of a Job be changed, and nothing of what its container runs: Kueue and people suspend it, for example. */
const sameContent =
  "(request.resource.resource == 'jobs' || dyn(object).?spec == dyn(oldObject).?spec) && " +
  'dyn(object).?data == dyn(oldObject).?data && dyn(object).?binaryData == dyn(oldObject).?binaryData';

const what = "request.kind.kind + ' ' + object.metadata.?name.orValue('')";

const rule =
  'is made and changed by Sluice alone; its labels and annotations may be changed, and it may be deleted';

/**
 * What Sluice has made for a version, a task or an evaluation says how a check ended, and a version says whether its Pods may
 * start. One made or changed by somebody else could say that all has passed. Labels and annotations are free (steering is done by annotations), and so is deleting.
 */
export function lifecycleChildrenPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'lifecycle-children.sluice.keptn.sh',
    rules,
    matchConditions: [
      {
        name: 'version-or-owned-by-a-lifecycle-kind',
        expression: either(
          isVersion,
          isOwnedByLifecycleKind('object'),
          `request.operation == 'UPDATE' && ${isOwnedByLifecycleKind('oldObject')}`,
        ),
      },
      notByUser([...users, ...clusterUsers]),
    ],
    validations: [
      {
        expression: `request.operation == 'UPDATE' && request.?subResource.orValue('') == '' && ${sameOwners} && ${sameContent}`,
        message: `a version, and what a lifecycle object owns, ${rule}`,
        messageExpression: `${what} + (${isVersion} ? ' ' : ' belongs to a lifecycle object and ') + ${celText(rule)}`,
        reason: 'Forbidden',
      },
    ],
  };
}
