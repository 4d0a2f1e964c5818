import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../api/object.ts';

/** A rule of a Role or ClusterRole. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const read = ['get', 'list', 'watch'] as const;
const labels = { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' };
const name = 'sluice';
const rbac = 'rbac.authorization.k8s.io';

/** What Sluice may do in the whole cluster, and why. */
function clusterRules(): readonly Rule[] {
  const groups = [...new Set(ownKinds.map(({ group }) => group))];
  return [
    // Its own kinds: it makes versions, tasks and evaluations, and writes every status. Owner references that block deletion
    // ask for the right to update the owner's finalizers.
    ...groups.flatMap((group): Rule[] => {
      const plurals = ownKinds.filter((kind) => kind.group === group).map(({ plural }) => plural);
      return [
        {
          apiGroups: [group],
          resources: plurals,
          verbs: [...read, 'create', 'patch'],
        },
        {
          apiGroups: [group],
          resources: plurals.map((one) => `${one}/status`),
          verbs: ['patch'],
        },
        {
          apiGroups: [group],
          resources: plurals.map((one) => `${one}/finalizers`),
          verbs: ['update'],
        },
      ];
    }),
    // A request for an application goes when it is fulfilled.
    {
      apiGroups: [KeptnAppCreationRequest.group],
      resources: [KeptnAppCreationRequest.plural],
      verbs: ['delete'],
    },
    // History beyond KeptnConfig `retention`: versions that are over, and generated applications without a workload. What
    // they own goes by garbage collection.
    {
      apiGroups: [KeptnApp.group],
      resources: [KeptnApp, KeptnAppVersion, KeptnWorkloadVersion].map(({ plural }) => plural),
      verbs: ['delete'],
    },
    // Evaluations that ask a query of their own do it by a metric, which goes when they have ended.
    { apiGroups: [KeptnMetric.group], resources: [KeptnMetric.plural], verbs: ['delete'] },
    // The gate is lifted by a patch; Pods that an overtaken version holds are deleted.
    { apiGroups: [''], resources: ['pods'], verbs: [...read, 'patch', 'delete'] },
    // The opt-in label.
    { apiGroups: [''], resources: ['namespaces'], verbs: [...read, 'patch'] },
    // Inline code of definitions, and its copies where Jobs run.
    {
      apiGroups: [''],
      resources: ['configmaps'],
      verbs: [...read, 'create', 'patch'],
    },
    // Whether the service account that a definition names is there.
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: [...read] },
    // The key of a metrics provider, by its name; never listed.
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
    // Events of the core group: those of events.k8s.io may not carry the times by which kubectl sorts them.
    // Those of a Job without Pods are read: only they say why the API server refuses its Pods.
    { apiGroups: [''], resources: ['events'], verbs: ['list', 'create', 'patch'] },
    // One that nobody else ends is deleted after its time to live.
    { apiGroups: ['batch'], resources: ['jobs'], verbs: [...read, 'create', 'patch', 'delete'] },
    {
      apiGroups: ['apps'],
      resources: [
        'deployments',
        'replicasets',
        'statefulsets',
        'daemonsets',
        'controllerrevisions',
      ],
      verbs: [...read],
    },
    { apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: [...read] },
    // Kinds that may come later (Rollouts) are waited for by their definition.
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      verbs: [...read],
    },
  ];
}

const leaseRules: readonly Rule[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: [...read, 'create', 'update', 'patch'],
  },
];

/** The service account of Sluice and its rights: in the cluster what `clusterRules` says, in its own namespace the Lease. */
export function rights(namespace: string): (KubernetesObject & Record<string, unknown>)[] {
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const v1 = `${rbac}/v1`;
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    { apiVersion: v1, kind: 'ClusterRole', metadata: { name, labels }, rules: clusterRules() },
    {
      apiVersion: v1,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects,
    },
    { apiVersion: v1, kind: 'Role', metadata: { name, namespace, labels }, rules: leaseRules },
    {
      apiVersion: v1,
      kind: 'RoleBinding',
      metadata: { name, namespace, labels },
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects,
    },
  ];
}
