import { fieldOf, isJsonObject } from '../../api/json.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { InstallCluster } from '../install-cluster.ts';

/** What of a Keptn is in a cluster, as the API server has it at this moment. */
export interface FoundKeptn {
  readonly deployments: readonly KubernetesObject[];
  readonly webhookConfigurations: readonly KubernetesObject[];
  readonly apiServices: readonly KubernetesObject[];
  readonly kinds: readonly FoundKind[];
}

/** A kind whose CRD is there. */
export interface FoundKind {
  readonly resource: Resource;
  readonly crd: KubernetesObject;
  /** How many objects there are; of versions and KeptnConfigs also they themselves. */
  readonly count: number;
  readonly objects: readonly KubernetesObject[];
  /** Why the objects cannot be read, where they cannot: the CRD leads to a converter that does not answer. */
  readonly unreadable?: string;
}

const clusterKind = (apiVersion: string, kind: string, plural: string): Kind => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});

const DeploymentKind: Kind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const CrdKind = clusterKind(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
const ApiServiceKind = clusterKind('apiregistration.k8s.io/v1', 'APIService', 'apiservices');
const admission = 'admissionregistration.k8s.io/v1';
const webhookKinds = [
  clusterKind(admission, 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
  clusterKind(admission, 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'),
];

/** The operators of Keptn, by the names of their Deployments in its charts. */
const operators: readonly string[] = [
  'lifecycle-operator',
  'metrics-operator',
  'certificate-operator',
];

/** Reads what of a Keptn is there, and changes nothing. */
export async function findKeptn(
  cluster: Pick<InstallCluster, 'get' | 'listPaged'>,
): Promise<FoundKeptn> {
  const deployments = await all(cluster, DeploymentKind);
  const configurations = await Promise.all(webhookKinds.map((kind) => all(cluster, kind)));
  const apiServices = await all(cluster, ApiServiceKind);
  const kinds: FoundKind[] = [];
  for (const resource of servedKinds) {
    const crd = await cluster.get({ kind: CrdKind, name: `${resource.plural}.${resource.group}` });
    if (crd !== undefined) kinds.push(await foundKind(cluster, resource, crd));
  }
  return {
    deployments: deployments.filter(({ metadata }) => operators.includes(metadata.name)),
    webhookConfigurations: configurations.flat(),
    apiServices,
    kinds,
  };
}

const looked: readonly Resource[] = [KeptnAppVersion, KeptnWorkloadVersion, KeptnConfig];

async function foundKind(
  cluster: Pick<InstallCluster, 'listPaged'>,
  resource: Resource,
  crd: KubernetesObject,
): Promise<FoundKind> {
  const { group, kind, plural, namespaced } = resource;
  const isLooked = looked.includes(resource);
  const inStored: Kind = {
    apiVersion: `${group}/${storageOf(crd)}`,
    kind,
    plural,
    namespaced,
    ...(!isLooked && { view: 'metadata' }),
  };
  try {
    const objects = await all(cluster, inStored);
    return { resource, crd, count: objects.length, objects: isLooked ? objects : [] };
  } catch (error) {
    const unreadable = error instanceof Error ? error.message : String(error);
    return { resource, crd, count: 0, objects: [], unreadable };
  }
}

function storageOf(crd: KubernetesObject): string {
  const versions = fieldOf(fieldOf(crd, 'spec'), 'versions');
  const stored: unknown = Array.isArray(versions)
    ? versions.find((version: unknown) => fieldOf(version, 'storage') === true)
    : undefined;
  return isJsonObject(stored) ? String(stored['name']) : 'v1';
}

async function all(
  cluster: Pick<InstallCluster, 'listPaged'>,
  kind: Kind,
): Promise<readonly KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  for await (const { items } of cluster.listPaged(kind)) found.push(...items);
  return found;
}
