import { JobKind } from '../../api/builtin.ts';
import { lifecycleGroup, metricsGroup } from '../../api/keptn/groups.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind } from '../../api/object.ts';
import {
  celList,
  celText,
  either,
  hasSameOwners,
  isOwnedByLifecycleKind,
  notByUser,
} from './cel.ts';
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

/** A workload says which of its versions is current, and so which failed one still counts: no one but Sluice changes one, either. */
const sluicesOwn: readonly Kind[] = [...versions, KeptnWorkload];

const isSluicesOwn = `request.resource.resource in ${celList(sluicesOwn.map(({ plural }) => plural))}`;

const statusOf = (kinds: readonly Kind[]) => kinds.map(({ plural }) => `${plural}/status`);

const isStatus = "request.?subResource.orValue('') == 'status'";

const rules: readonly ResourceRule[] = [
  {
    apiGroups: [lifecycleGroup],
    apiVersions: ['v1'],
    // People write applications themselves, but not which version of one is current.
    resources: [...made, ...statusOf([...madeKinds, KeptnApp, KeptnWorkload])],
    operations: written,
  },
  {
    apiGroups: [lifecycleGroup],
    apiVersions: ['v1'],
    resources: [KeptnWorkload.plural],
    operations: ['UPDATE'],
  },
  {
    apiGroups: [metricsGroup],
    apiVersions: ['v1'],
    resources: [KeptnMetric.plural, ...statusOf([KeptnMetric])],
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

/** Kubernetes lets little of a Job be changed, and nothing of what its container runs: Kueue and people suspend it, for example. */
const sameContent =
  "(request.resource.resource == 'jobs' || dyn(object).?spec == dyn(oldObject).?spec) && " +
  'dyn(object).?data == dyn(oldObject).?data && dyn(object).?binaryData == dyn(oldObject).?binaryData';

const what = "request.kind.kind + ' ' + object.metadata.?name.orValue('')";

const isOwned = either(
  isOwnedByLifecycleKind('object'),
  `request.operation == 'UPDATE' && ${isOwnedByLifecycleKind('oldObject')}`,
);

const rule =
  'is made and changed by Sluice alone; its labels and annotations may be changed, and it may be deleted';

const statusRule =
  'is written by Sluice alone: it says what was found, and decides what starts; the spec is free';

/**
 * What Sluice has made for a version, a task or an evaluation says how a check ended, and a version says whether its Pods may
 * start. One made or changed by somebody else could say that all has passed, and so could a forged status. Labels and annotations
 * are free (steering is done by annotations), and so is deleting, but for aborted versions (`aborted-versions.ts`).
 */
export function lifecycleChildrenPolicy({ users }: PolicySettings): PolicyDefinition {
  return {
    name: 'lifecycle-children.sluice.keptn.sh',
    rules,
    matchConditions: [
      {
        name: 'made-by-sluice-or-a-status',
        expression: either(isSluicesOwn, isStatus, isOwned),
      },
      notByUser([...users, ...clusterUsers]),
    ],
    validations: [
      {
        expression: `request.operation == 'UPDATE' && request.?subResource.orValue('') == '' && ${hasSameOwners} && ${sameContent}`,
        message: `a workload, a version, and what a lifecycle object owns, ${rule}; every status ${statusRule}`,
        messageExpression: `${isSluicesOwn} ? ${what} + ${celText(` ${rule}`)} : (${isOwned}) ? ${what} + ${celText(` belongs to a lifecycle object and ${rule}`)} : 'the status of ' + ${what} + ${celText(` ${statusRule}`)}`,
        reason: 'Forbidden',
      },
    ],
  };
}
