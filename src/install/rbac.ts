import { admissionAccountName, serviceAccountName } from '../admission/sluice-user.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import type { Kind } from '../api/object.ts';
import { ReleasedVersionsKind } from '../api/released-versions.ts';
import { certificateSecretName } from '../api/secret.ts';
import {
  convertedDefinitions,
  webhookConfigurationNames,
} from '../controllers/certificates/trust-places.ts';
import { watchedKinds } from '../process/watched-kinds.ts';
import {
  clusterRole,
  groupOf,
  type Manifest,
  role,
  type Rule,
  serviceAccount,
} from './role-objects.ts';
import { userRoles } from './user-roles.ts';
import { configFrom } from '../config/config.ts';
import type { Controller } from '../controllers/engine/controller.ts';
import { allControllers } from '../process/controllers.ts';

/** Runs everything. */
const sluice = serviceAccountName;
/** Runs admission alone (`--only admission`): it can read and nothing else. */
const sluiceAdmission = admissionAccountName;

/** What it makes: versions and what is checked for them, and what discovery finds out. */
const made = [
  KeptnApp,
  KeptnAppCreationRequest,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
  KeptnMetric,
];

/**
 * What follows something else: a generated application its workloads, a workload its owner. A version that runs when its
 * Namespace opts in again is marked.
 */
const keptInStep = [KeptnApp, KeptnWorkload, KeptnWorkloadVersion];

/** Requests that are fulfilled, metrics of queries that have ended, and history beyond KeptnConfig `retention`. */
const deleted = [
  KeptnApp,
  KeptnAppCreationRequest,
  KeptnAppVersion,
  KeptnMetric,
  KeptnWorkloadVersion,
];

/** An owner reference that blocks deletion asks for the right to update the owner's finalizers. */
const owners = [
  KeptnApp,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnTaskDefinition,
  KeptnEvaluation,
];

/** What Sluice may do in the whole cluster, and why. What it reads is what it watches. */
function clusterRules(backstop: boolean): readonly Rule[] {
  return [
    ...readRules(
      watchedKinds(undefined, controllersWith(backstop)).watched.map(({ kind }) => kind),
    ),
    ...(backstop ? rulesFor([ReleasedVersionsKind], ['create', 'patch', 'delete']) : []),
    ...rulesFor(made, ['create']),
    ...rulesFor(keptInStep, ['patch']),
    ...rulesFor(deleted, ['delete']),
    ...rulesFor(ownKinds, ['patch'], '/status'),
    ...rulesFor(owners, ['update'], '/finalizers'),
    // The gate is lifted by a patch; Pods that an overtaken version holds are deleted.
    { apiGroups: [''], resources: ['pods'], verbs: ['patch', 'delete'] },
    // The opt-in label, and that the opt-in is on record.
    { apiGroups: [''], resources: ['namespaces'], verbs: ['patch'] },
    // Inline code of definitions, and its copies where Jobs run; a copy that holds something else goes.
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'patch', 'delete'] },
    // The key of a metrics provider, by its name; never listed.
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
    // Events of the core group: those of events.k8s.io may not carry the times by which kubectl sorts them.
    // Those of a Job without Pods are read: only they say why the API server refuses its Pods.
    { apiGroups: [''], resources: ['events'], verbs: ['list', 'create', 'patch'] },
    // One that nothing else ends is deleted after its time to live.
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'patch', 'delete'] },
    ...trustRules,
  ];
}

/** Which kinds they watch does not depend on any other setting. */
function controllersWith(backstop: boolean): readonly Controller[] {
  return allControllers({ ...configFrom({ flags: new Map(), env: {} }), backstop });
}

/** The caBundles of its own webhooks and conversions, which it writes when its certificates are renewed. */
const trustRules: readonly Rule[] = [
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations'],
    resourceNames: [webhookConfigurationNames.mutating],
    verbs: ['get', 'list', 'watch', 'patch'],
  },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: [webhookConfigurationNames.validating],
    verbs: ['get', 'list', 'watch', 'patch'],
  },
  {
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    resourceNames: convertedDefinitions,
    verbs: ['patch'],
  },
];

/** The one Secret with its certificates. What is created cannot be bound to a name: a policy does that (own-writes). */
function certificateRules(secret: string, mayWrite: boolean): readonly Rule[] {
  const rule = { apiGroups: [''], resources: ['secrets'] };
  const verbs = ['get', 'list', 'watch', ...(mayWrite ? ['patch'] : [])];
  return [
    { ...rule, resourceNames: [secret], verbs },
    ...(mayWrite ? [{ ...rule, verbs: ['create'] }] : []),
  ];
}

/** Getting, listing and watching these kinds, and the definitions of those that may come later (Rollouts). */
function readRules(kinds: readonly Kind[]): readonly Rule[] {
  const plurals = new Map<string, Set<string>>([
    ['apiextensions.k8s.io', new Set(['customresourcedefinitions'])],
  ]);
  for (const kind of kinds) {
    const group = groupOf(kind);
    plurals.set(group, (plurals.get(group) ?? new Set()).add(kind.plural));
  }
  return [...plurals].map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: ['get', 'list', 'watch'],
  }));
}

/** The verbs on these kinds, or on a subresource of them. */
function rulesFor(
  kinds: readonly Kind[],
  verbs: readonly string[],
  subresource = '',
): readonly Rule[] {
  return [...new Set(kinds.map(groupOf))].map((group) => ({
    apiGroups: [group],
    resources: kinds
      .filter((kind) => groupOf(kind) === group)
      .map(({ plural }) => plural + subresource),
    verbs,
  }));
}

/** It is read and patched by name, never listed or watched. */
const leaseRules: readonly Rule[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'patch'],
  },
];

/** Where Sluice runs, and where its Lease is. */
export interface RightsPlaces {
  readonly namespace: string;
  readonly leaseNamespace: string;
  /** The Secret with its certificates; the default of the setting if not given. */
  readonly certificateSecret?: string;
  /** Whether it keeps lists of released versions. */
  readonly backstop?: boolean;
}

/**
 * The service accounts of Sluice and their rights: for the one that runs everything, or the controllers alone, what `clusterRules`
 * says, the Lease, and the Secret with the certificates; for the one that runs admission alone, reading. And the roles for
 * people who use it.
 */
export function rights({
  namespace,
  leaseNamespace,
  certificateSecret = certificateSecretName,
  backstop = false,
}: RightsPlaces): Manifest[] {
  const admissionKinds = watchedKinds('admission', controllersWith(backstop)).watched.map(
    ({ kind }) => kind,
  );
  return [
    serviceAccount(sluice, namespace),
    ...clusterRole(sluice, { namespace, rules: clusterRules(backstop) }),
    ...role(sluice, { namespace: leaseNamespace, accountNamespace: namespace, rules: leaseRules }),
    ...role(sluice, {
      namespace,
      accountNamespace: namespace,
      name: `${sluice}-certificates`,
      rules: certificateRules(certificateSecret, true),
    }),
    serviceAccount(sluiceAdmission, namespace),
    ...clusterRole(sluiceAdmission, { namespace, rules: readRules(admissionKinds) }),
    ...role(sluiceAdmission, {
      namespace,
      accountNamespace: namespace,
      name: `${sluiceAdmission}-certificates`,
      rules: certificateRules(certificateSecret, false),
    }),
    ...userRoles(),
  ];
}
