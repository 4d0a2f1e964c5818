import { fieldOf, isJsonObject } from '../../api/json.ts';
import { lifecycleGroup, metricsGroup, optionsGroup } from '../../api/keptn/groups.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../../api/registration-kinds.ts';

/** The operators of Keptn, by the names of their Deployments in its charts, in the order in which they are started again. */
export const operators = [
  'certificate-operator',
  'metrics-operator',
  'lifecycle-operator',
] as const;

/** The configurations that an installation of Sluice has under the same names. */
export const takenConfigurations: readonly string[] = [
  'lifecycle-mutating-webhook-configuration',
  'lifecycle-validating-webhook-configuration',
];

/** All configurations of Keptn's charts. */
const configurations: readonly string[] = [
  ...takenConfigurations,
  'metrics-validating-webhook-configuration',
];

/** The Service of Keptn's charts that an installation of Sluice has under the same name, beside that of the webhooks. */
export const takenService = 'lifecycle-operator-metrics-service';

const services: readonly string[] = [
  'lifecycle-webhook-service',
  'metrics-webhook-service',
  'metrics-operator-service',
];

const configurationKinds: readonly string[] = [
  MutatingWebhookConfigurationKind.kind,
  ValidatingWebhookConfigurationKind.kind,
];

const groups: readonly string[] = [lifecycleGroup, metricsGroup, optionsGroup];

export const DeploymentKind: Kind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
  view: 'whole',
};
export const ServiceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};
export const ConfigMapKind: Kind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  view: 'whole',
};
export const ApiServiceKind: Kind = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
};

/** Whether a CRD is one of Keptn's, be it of a kind that Sluice has or not. */
export function isOfKeptn(crd: KubernetesObject): boolean {
  const group = fieldOf(fieldOf(crd, 'spec'), 'group');
  return typeof group === 'string' && groups.includes(group);
}

/** Whether a configuration of webhooks leads to an operator of Keptn, and not to Sluice, which has the same names for both. */
export function isKeptnsConfiguration(configuration: KubernetesObject): boolean {
  const isNamedSo = configurations.includes(configuration.metadata.name);
  return (isNamedSo || leadToKeptn(webhooksOf(configuration))) && !isOurs(configuration);
}

/**
 * Whether an object that an installation of Sluice has under the same name is Keptn's: a configuration of webhooks that leads to
 * its operator, a Service that leads to its Pods, or a CRD that it converts.
 */
export function belongsToKeptn(live: KubernetesObject): boolean {
  const spec = fieldOf(live, 'spec');
  if (configurationKinds.includes(live.kind)) return isKeptnsConfiguration(live);
  if (live.kind === CustomResourceDefinitionKind.kind) {
    const webhook = fieldOf(fieldOf(spec, 'conversion'), 'webhook');
    return isServiceOfKeptn(fieldOf(fieldOf(webhook, 'clientConfig'), 'service'));
  }
  const isService =
    live.kind === ServiceKind.kind && [takenService, ...services].includes(live.metadata.name);
  return isService && fieldOf(fieldOf(spec, 'selector'), 'app.kubernetes.io/name') !== 'sluice';
}

/** Whether an APIService is answered by an operator of Keptn. */
export function isKeptnsApiService(apiService: KubernetesObject): boolean {
  return isServiceOfKeptn(fieldOf(fieldOf(apiService, 'spec'), 'service'));
}

/**
 * Whether an object registers a Keptn, or the Sluice in its place, with the API server: a configuration of webhooks, an APIService
 * or a CRD, by group, kind and name.
 */
export function isKeptnsRegistration(object: KubernetesObject): boolean {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion === CustomResourceDefinitionKind.apiVersion) {
    const spec = fieldOf(object, 'spec');
    const plural = fieldOf(fieldOf(spec, 'names'), 'plural');
    const isNamedSo = metadata.name === `${String(plural)}.${String(fieldOf(spec, 'group'))}`;
    return kind === CustomResourceDefinitionKind.kind && isOfKeptn(object) && isNamedSo;
  }
  if (apiVersion === ApiServiceKind.apiVersion) {
    return kind === ApiServiceKind.kind && isKeptnsApiService(object);
  }
  return (
    apiVersion === MutatingWebhookConfigurationKind.apiVersion &&
    configurationKinds.includes(kind) &&
    (configurations.includes(metadata.name) || leadToKeptn(webhooksOf(object)))
  );
}

/** The webhooks of a configuration. */
export function webhooksOf(configuration: KubernetesObject): readonly unknown[] {
  const webhooks = fieldOf(configuration, 'webhooks');
  return Array.isArray(webhooks) ? webhooks : [];
}

function leadToKeptn(webhooks: readonly unknown[]): boolean {
  return webhooks.some((webhook) =>
    isServiceOfKeptn(fieldOf(fieldOf(webhook, 'clientConfig'), 'service')),
  );
}

function isServiceOfKeptn(service: unknown): boolean {
  return isJsonObject(service) && services.includes(String(service['name']));
}

function isOurs(configuration: KubernetesObject): boolean {
  return webhooksOf(configuration).some((webhook) => {
    const name = fieldOf(webhook, 'name');
    return typeof name === 'string' && name.endsWith('.sluice.keptn.sh');
  });
}

/** The replicas that a Deployment asks for, and that it has. */
export function replicasOf(deployment: KubernetesObject): {
  readonly wanted: number;
  readonly present: number;
} {
  const wanted = fieldOf(fieldOf(deployment, 'spec'), 'replicas');
  const present = fieldOf(fieldOf(deployment, 'status'), 'replicas');
  return {
    wanted: typeof wanted === 'number' ? wanted : 1,
    present: typeof present === 'number' ? present : 0,
  };
}

/** `namespace/name`, or the name of an object that is in none. */
export function placeOf({ metadata: { name, namespace } }: KubernetesObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
