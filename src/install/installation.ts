import { conversionService, converterConfig } from '../admission/conversion-manifests.ts';
import { shortServiceName, type Target, webhookConfigurations } from '../admission/manifests.ts';
import { policyManifests } from '../admission/policies/policies.ts';
import { serviceAccountUser } from '../admission/sluice-user.ts';
import { NamespaceKind } from '../api/builtin.ts';
import { crdOf, type CustomResourceDefinition } from '../api/crd.ts';
import { servedKinds } from '../api/keptn/registry.ts';
import type { Kind, KubernetesObject } from '../api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../api/registration-kinds.ts';
import { releasedVersionsCrd } from '../api/released-versions.ts';
import { certificateSecretName } from '../api/secret.ts';
import { rights } from './rbac.ts';
import {
  metricsService,
  splitWorkload,
  webhookService,
  workload,
  type WorkloadSettings,
} from './workload.ts';
import { defined } from '../api/json.ts';

/** The parts of an installation, in the order in which they are installed. */
export const installationParts = [
  'crds',
  'rights',
  'conversion',
  'deployment',
  'webhooks',
  'policy',
] as const;
export type InstallationPart = (typeof installationParts)[number];

/** What gates Pods: the webhook alone, or a policy of the API server before it. */
export type WebhookMode = 'webhook' | 'admissionPolicy';

/** Settings under which an installation has every object that one can have: for what removes or looks for all of them. */
export const everyObject = {
  requesterChecks: true,
  backstop: true,
  webhookMode: 'admissionPolicy',
} as const;

/** What differs from installation to installation. */
export interface InstallationSettings {
  /** Where Sluice runs. */
  readonly namespace: string;
  /** Where its Lease is; `namespace` if not given. */
  readonly leaseNamespace?: string;
  readonly target: Target;
  /** User names that Sluice works under beside its service account: those of a Sluice outside the cluster. */
  readonly users?: readonly string[];
  /** Whether the policy on those who write definitions, tasks and providers belongs to it; it does if not given. */
  readonly requesterChecks?: boolean;
  /** What runs in the cluster; the image of this version and two replicas if not given. */
  readonly workload?: Pick<WorkloadSettings, 'image' | 'replicas' | 'environment' | 'placement'>;
  /** PEM of the authority that signed the certificate of the webhooks; left out where something else fills it in. */
  readonly caBundle?: string;
  /** The Secret that Sluice keeps its certificates in; its usual name if not given. */
  readonly certificateSecret?: string;
  /**
   * Whether Released versions start while no Sluice answers, and nothing else notices; otherwise no Pod of an enabled Namespace
   * does.
   */
  readonly backstop?: boolean;
  /**
   * `admissionPolicy`: the API server adds the gate by itself (Kubernetes 1.36 and newer), so that what is not Released is held,
   * and not refused, while no Sluice answers; it brings the backstop along.
   */
  readonly webhookMode?: WebhookMode;
  /** The only Namespaces whose Pods can be held; all if empty or not given. */
  readonly allowedNamespaces?: readonly string[] | undefined;
  /** Namespaces whose Pods are never held, although they opt in; as long as none is allowed by name. */
  readonly deniedNamespaces?: readonly string[] | undefined;
}

/** An object of the installation and the kind that addresses it. */
export interface Installed {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

/** The objects of a part, ready to be applied. */
export function objectsOfPart(part: InstallationPart, settings: InstallationSettings): Installed[] {
  return manifestsOfPart(part, settings).map((object) => ({ kind: kindOf(object), object }));
}

function manifestsOfPart(
  part: InstallationPart,
  settings: InstallationSettings,
): readonly KubernetesObject[] {
  const { namespace, target, caBundle } = settings;
  const { allowedNamespaces, deniedNamespaces } = settings;
  const scope = { operatorNamespace: namespace, allowedNamespaces, deniedNamespaces };
  const users = [serviceAccountUser(namespace), ...(settings.users ?? [])];
  const { requesterChecks = true, leaseNamespace = namespace } = settings;
  const { certificateSecret = certificateSecretName } = settings;
  const gatesByPolicy = settings.webhookMode === 'admissionPolicy';
  const backstop = settings.backstop === true || gatesByPolicy;
  switch (part) {
    case 'crds':
      return [
        ...servedKinds.map((kind) => crdOf(kind, converterConfig(settings))),
        ...(backstop ? [releasedVersionsCrd()] : []),
      ];
    case 'rights':
      return [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        ...rights({ namespace, leaseNamespace, certificateSecret, backstop }),
      ];
    case 'conversion':
      // Outside the cluster there is no Pod that a Service could lead to.
      return 'url' in target ? [] : [conversionService(namespace)];
    case 'deployment':
      return 'url' in target
        ? []
        : [
            webhookService(namespace, target.service.name),
            metricsService(namespace),
            ...workload({
              namespace,
              backstop,
              allowedNamespaces,
              deniedNamespaces,
              ...settings.workload,
            }),
          ];
    case 'webhooks':
      return webhookConfigurations({
        ...scope,
        target,
        backstop,
        ...defined({ caBundle }),
      });
    case 'policy':
      return policyManifests({
        ...scope,
        users,
        requesterChecks,
        certificateSecret,
        backstop,
        gatesByPolicy,
      });
  }
}

/** Everything that may run Sluice in the cluster, whether it is one Deployment or (with the chart's value `split`) two. */
export function everyDeployment(settings: InstallationSettings): Installed[] {
  // After a take-over from Keptn, the webhooks may be reached by another Service than the usual one.
  const further = [
    webhookService(settings.namespace, shortServiceName),
    ...splitWorkload(settings.namespace),
  ];
  return [
    ...objectsOfPart('deployment', settings),
    ...further.map((object) => ({ kind: kindOf(object), object })),
  ];
}

/** What an earlier installation with other settings may have left and these settings do without. */
export function unwantedOfPart(
  part: InstallationPart,
  settings: InstallationSettings,
): Installed[] {
  const wanted = new Set(objectsOfPart(part, settings).map(({ object }) => object.metadata.name));
  // The CRD of the lists stays: a policy that names it must not outlive it.
  const all = part === 'crds' ? [] : objectsOfPart(part, { ...settings, ...everyObject });
  return all.filter(({ object }) => !wanted.has(object.metadata.name)).toReversed();
}

/** The CRDs of an installation, each with how it is applied. */
export function crdsOf(
  settings: InstallationSettings,
): readonly { readonly crd: CustomResourceDefinition; readonly installed: Installed }[] {
  return servedKinds.map((kind) => {
    const crd = crdOf(kind, converterConfig(settings));
    return { crd, installed: { kind: CustomResourceDefinitionKind, object: crd } };
  });
}

/** The CRDs for a cluster without a Sluice that converts. */
export function unconvertedCrds(): Installed[] {
  return servedKinds.map((kind) => ({ kind: CustomResourceDefinitionKind, object: crdOf(kind) }));
}

const admission = 'admissionregistration.k8s.io/v1';
const rbac = 'rbac.authorization.k8s.io/v1';
const clusterKind = (apiVersion: string, kind: string, plural: string): Kind => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});

const kinds: readonly Kind[] = [
  NamespaceKind,
  CustomResourceDefinitionKind,
  { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
  { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
  },
  { apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true },
  clusterKind(rbac, 'ClusterRole', 'clusterroles'),
  clusterKind(rbac, 'ClusterRoleBinding', 'clusterrolebindings'),
  { apiVersion: rbac, kind: 'Role', plural: 'roles', namespaced: true },
  { apiVersion: rbac, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true },
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
  clusterKind(admission, 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  clusterKind(admission, 'ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
  clusterKind(admission, 'MutatingAdmissionPolicy', 'mutatingadmissionpolicies'),
  clusterKind(admission, 'MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings'),
];

function kindOf({ apiVersion, kind }: KubernetesObject): Kind {
  const found = kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (found === undefined) throw new Error(`${apiVersion} ${kind} is in no installation`);
  return found;
}
