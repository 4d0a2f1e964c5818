import { type Namespace, NamespaceKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { fieldOf, isJsonObject } from '../../api/json.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../../api/registration-kinds.ts';
import { isOptedIn } from '../../domain/opt-in-state.ts';
import type { InstallCluster } from '../install-cluster.ts';
import {
  type HelmRevision,
  type ReleaseName,
  releaseOf,
  ReleaseUnreadable,
  revisionsOf,
} from './helm-release.ts';
import {
  ApiServiceKind,
  DeploymentKind,
  isKeptnsApiService,
  isKeptnsConfiguration,
  isOfKeptn,
  operators,
} from './keptn-parts.ts';
import { namespacesNamedBy, toldApart } from './named-namespaces.ts';
import { readRecord } from './record.ts';

/** What of a Keptn is in a cluster, as the API server has it at this moment. */
export interface FoundKeptn {
  /** Its operators, in namespaces that objects without one name. */
  readonly deployments: readonly KubernetesObject[];
  /** Deployments that have the name of an operator elsewhere: anyone with rights in a namespace can make one. */
  readonly ignored: readonly KubernetesObject[];
  /** The namespaces that count as Keptn’s, or as those of the Sluice in its place. */
  readonly named: ReadonlySet<string>;
  /** Why it cannot be said where Keptn runs, with the remedy: nothing may be changed then. */
  readonly unclear?: string;
  /** Configurations of webhooks that lead to it. */
  readonly webhookConfigurations: readonly KubernetesObject[];
  /** APIServices that it answers. */
  readonly apiServices: readonly KubernetesObject[];
  /** All CRDs of its groups, also of kinds that Sluice does not have. */
  readonly crds: readonly KubernetesObject[];
  readonly kinds: readonly FoundKind[];
  /** How many objects there are of kinds that Sluice does not have, by kind. */
  readonly unknownKinds: ReadonlyMap<string, number>;
  readonly releases: readonly FoundRelease[];
  /** Namespaces that have opted in. */
  readonly namespaces: readonly Namespace[];
  /** HorizontalPodAutoscalers that go by KeptnMetrics. */
  readonly autoscalers: readonly KubernetesObject[];
}

/** A kind whose CRD is there. */
export interface FoundKind {
  readonly resource: Resource;
  readonly crd: KubernetesObject;
  /** How many objects there are; of versions, contexts and KeptnConfigs also they themselves. */
  readonly count: number;
  readonly objects: readonly KubernetesObject[];
  /** Why the objects cannot be read, where they cannot: the CRD leads to a converter that does not answer. */
  readonly unreadable?: string;
}

/** A Helm release that Keptn belongs to. */
export interface FoundRelease {
  readonly release: ReleaseName;
  /** The newest revision; undefined where none is in a Secret. */
  readonly newest?: HelmRevision;
  /** Why its Secrets cannot be read. */
  readonly unreadable?: string;
}

type Reading = Pick<InstallCluster, 'get' | 'listPaged'>;

const AutoscalerKind: Kind = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
};

/** What its user has said of a Keptn. */
export interface WhereToLook {
  /** Where it runs, whatever the cluster says. */
  readonly keptnNamespace?: string | undefined;
  /** Where Sluice runs, and so where the record of a migration is, beside the namespaces that Keptn's webhooks lead to. */
  readonly namespace?: string | undefined;
}

/**
 * Reads what of a Keptn is there, and changes nothing. Only namespaces that objects without a namespace lead to count as Keptn's,
 * or those that a migration has recorded as such; `keptnNamespace` stands in their place.
 */
export async function findKeptn(cluster: Reading, look: WhereToLook = {}): Promise<FoundKeptn> {
  const operatorsThere: KubernetesObject[] = [];
  for (const name of operators) {
    operatorsThere.push(...(await all(cluster, DeploymentKind, `metadata.name=${name}`)));
  }
  const configurations = [
    ...(await all(cluster, MutatingWebhookConfigurationKind)),
    ...(await all(cluster, ValidatingWebhookConfigurationKind)),
  ];
  const apiServices = await all(cluster, ApiServiceKind);
  const crds = (await all(cluster, CustomResourceDefinitionKind)).filter(isOfKeptn);
  const named = await namedNamespaces([...configurations, ...apiServices, ...crds], look, cluster);
  const webhookConfigurations = configurations.filter(isKeptnsConfiguration);
  const isKeptnHere = webhookConfigurations.length > 0;
  const { deployments, ...others } = toldApart(operatorsThere, { named, isKeptnHere });
  const kinds: FoundKind[] = [];
  const known = new Map(servedKinds.map((kind) => [`${kind.plural}.${kind.group}`, kind]));
  const unknownKinds = new Map<string, number>();
  for (const crd of crds) {
    const resource = known.get(crd.metadata.name);
    if (resource !== undefined) kinds.push(await foundKind(cluster, resource, crd));
    else unknownKinds.set(...(await countOf(cluster, crd)));
  }
  return {
    deployments,
    ...others,
    named,
    webhookConfigurations,
    apiServices: apiServices.filter(isKeptnsApiService),
    crds,
    kinds,
    unknownKinds,
    releases: await releasesOf([...deployments, ...crds], cluster),
    namespaces: (await all<Namespace>(cluster, NamespaceKind)).filter(({ metadata }) =>
      isOptedIn(metadata),
    ),
    autoscalers: (await all(cluster, AutoscalerKind)).filter(goesByKeptnMetrics),
  };
}

async function namedNamespaces(
  registrations: readonly KubernetesObject[],
  { keptnNamespace, namespace }: WhereToLook,
  cluster: Reading,
): Promise<ReadonlySet<string>> {
  if (keptnNamespace !== undefined) return new Set([keptnNamespace]);
  const live = namespacesNamedBy(registrations);
  const named = new Set(live);
  for (const place of new Set([...live, ...(namespace === undefined ? [] : [namespace])])) {
    const record = await readRecord(place, cluster);
    for (const one of namespacesNamedBy(record?.objects ?? [])) named.add(one);
  }
  return named;
}

const looked: readonly Resource[] = [
  KeptnAppVersion,
  KeptnWorkloadVersion,
  KeptnAppContext,
  KeptnConfig,
];

async function foundKind(
  cluster: Reading,
  resource: Resource,
  crd: KubernetesObject,
): Promise<FoundKind> {
  const isLooked = looked.includes(resource);
  const inStored: Kind = { ...kindIn(crd), ...(!isLooked && { view: 'metadata' }) };
  try {
    const objects = await all(cluster, inStored);
    return { resource, crd, count: objects.length, objects: isLooked ? objects : [] };
  } catch (error) {
    const unreadable = error instanceof Error ? error.message : String(error);
    return { resource, crd, count: 0, objects: [], unreadable };
  }
}

async function countOf(cluster: Reading, crd: KubernetesObject): Promise<[string, number]> {
  const kind = kindIn(crd);
  const objects = await all(cluster, { ...kind, view: 'metadata' }).catch(() => []);
  return [kind.kind, objects.length];
}

/** The kind of a CRD in the version that it stores. */
function kindIn(crd: KubernetesObject): Kind {
  const spec = fieldOf(crd, 'spec');
  const names = fieldOf(spec, 'names');
  return {
    apiVersion: `${String(fieldOf(spec, 'group'))}/${storageOf(crd)}`,
    kind: String(fieldOf(names, 'kind')),
    plural: String(fieldOf(names, 'plural')),
    namespaced: fieldOf(spec, 'scope') !== 'Cluster',
  };
}

/** The version that a CRD stores. */
export function storageOf(crd: KubernetesObject): string {
  const versions = fieldOf(fieldOf(crd, 'spec'), 'versions');
  const stored: unknown = Array.isArray(versions)
    ? versions.find((version: unknown) => fieldOf(version, 'storage') === true)
    : undefined;
  return isJsonObject(stored) ? String(stored['name']) : 'v1';
}

async function releasesOf(
  objects: readonly KubernetesObject[],
  cluster: Reading,
): Promise<readonly FoundRelease[]> {
  const names = new Map(
    objects.flatMap((object) => {
      const release = releaseOf(object);
      return release === undefined ? [] : [[`${release.namespace}/${release.name}`, release]];
    }),
  );
  return Promise.all(
    [...names.values()].map(async (release) => {
      try {
        const [newest] = await revisionsOf(release, cluster);
        return { release, ...(newest !== undefined && { newest }) };
      } catch (error) {
        const isKnown = error instanceof ClusterError || error instanceof ReleaseUnreadable;
        if (!isKnown) throw error;
        return { release, unreadable: error.message };
      }
    }),
  );
}

function goesByKeptnMetrics(autoscaler: KubernetesObject): boolean {
  const metrics = fieldOf(fieldOf(autoscaler, 'spec'), 'metrics');
  return (
    Array.isArray(metrics) &&
    metrics.some((metric: unknown) => {
      const described = fieldOf(fieldOf(metric, 'object'), 'describedObject');
      return fieldOf(described, 'kind') === 'KeptnMetric';
    })
  );
}

async function all<T extends KubernetesObject>(
  cluster: Pick<InstallCluster, 'listPaged'>,
  kind: Kind<T>,
  fieldSelector?: string,
): Promise<readonly T[]> {
  const found: T[] = [];
  const scope = fieldSelector === undefined ? {} : { fieldSelector };
  const isOfKind = (object: KubernetesObject): object is T => object.kind === kind.kind;
  for await (const { items } of cluster.listPaged(kind, scope)) {
    found.push(...items.filter(isOfKind));
  }
  return found;
}
