import { servedKinds } from '../../../src/api/keptn/registry.ts';
import type { Resource } from '../../../src/api/resource.ts';
import type { Manifest } from '../cluster/test-cluster.ts';
import { keptnSchema } from './keptn-schemas.ts';

/**
 * The CRDs of a Keptn of three ages: names, versions and fields are Keptn's. Each age stores its newest version and serves those
 * before it. With an address, they convert what Keptn converts; otherwise the API server does, which drops what a version lacks.
 */
export const ages = ['v1alpha1', 'v1alpha3', 'v1'] as const;
export type Age = (typeof ages)[number];

const order = ['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4', 'v1beta1', 'v1'];

/** The kinds that Keptn served in several versions. */
export const agedKinds: readonly Resource[] = servedKinds.filter(
  ({ versions }) => versions.length > 1,
);

/** The versions of a kind in an age, the stored one last; none where there was no such kind. */
export function versionsIn(age: Age, { versions }: Resource): readonly string[] {
  return versions
    .map(({ name }) => name)
    .filter((name) => order.indexOf(name) <= order.indexOf(age))
    .toSorted((one, other) => order.indexOf(one) - order.indexOf(other));
}

/** The kinds whose CRDs led to Keptn's converter. */
const convertedKinds: readonly string[] = ['KeptnApp', 'KeptnAppVersion'];

/** The CRD of a kind in an age; undefined where there was no such kind. */
export function keptnCrd(
  age: Age,
  kind: Resource,
  converter?: { readonly url: string; readonly caBundle: string },
): Manifest | undefined {
  const versions = versionsIn(age, kind);
  if (versions.length === 0) return undefined;
  const { group, plural, singular, listKind, shortNames } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'keptn' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: kind.kind, plural, singular, listKind, shortNames },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === versions.at(-1),
        subresources: { status: {} },
        schema: { openAPIV3Schema: keptnSchema(kind.kind, name) },
      })),
      ...(converter !== undefined &&
        convertedKinds.includes(kind.kind) && {
          conversion: {
            strategy: 'Webhook',
            webhook: { clientConfig: converter, conversionReviewVersions: ['v1'] },
          },
        }),
    },
  };
}

const items = (definition: string, name: string) => [
  { [definition]: 'check', [name]: 'pre-check-1', status: 'Succeeded' },
];

const application = { appVersion: '1.0.0', workloadVersion: '1.0.0' };
/** Older versions required all of it. */
const oldTask = {
  taskDefinition: 'check',
  app: 'shop',
  workload: 'cart',
  ...application,
  context: {
    appName: 'shop',
    workloadName: 'cart',
    taskType: 'pre',
    objectType: 'Workload',
    ...application,
  },
};

/** A spec as a Keptn of that time would have stored it. */
export function specOfAge({ kind }: Resource, version: string): Record<string, unknown> {
  const isOld = version === 'v1alpha1' || version === 'v1alpha2';
  const resourceReference = { uid: 'x', kind: 'ReplicaSet', name: 'cart-1' };
  const specs: Readonly<Record<string, Record<string, unknown>>> = {
    KeptnApp: {
      version: '1.0.0',
      workloads: [{ name: 'cart', version: '1.0.0' }],
      ...(version.startsWith('v1alpha') && { preDeploymentTasks: ['check'] }),
    },
    KeptnAppContext: { preDeploymentTasks: ['check'], metadata: { team: 'shop' } },
    KeptnAppCreationRequest: { appName: 'shop' },
    KeptnAppVersion: { appName: 'shop', version: '1.0.0', preDeploymentTasks: ['check'] },
    KeptnWorkload: { app: 'shop', version: '1.0.0', resourceReference },
    KeptnWorkloadVersion: { app: 'shop', version: '1.0.0', workloadName: 'c', resourceReference },
    KeptnWorkloadInstance: { app: 'shop', version: '1.0.0', workloadName: 'c', resourceReference },
    KeptnTask: isOld ? oldTask : { taskDefinition: 'check', context: { appName: 'shop' } },
    KeptnTaskDefinition:
      version === 'v1'
        ? { deno: { inline: { code: 'console.log(1)' } } }
        : { function: { inline: { code: 'console.log(1)' } } },
    KeptnEvaluation: {
      evaluationDefinition: 'cpu',
      workloadVersion: '',
      ...(version.startsWith('v1alpha') && { failAction: 'stop' }),
    },
    KeptnEvaluationDefinition: isOld
      ? { source: 'prometheus', objectives: [{ name: 'cpu', query: 'up', evaluationTarget: '>0' }] }
      : { objectives: [{ keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>0' }] },
    KeptnMetric: { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 30 },
    KeptnMetricsProvider: { targetServer: 'http://prometheus:9090' },
    KeptnEvaluationProvider: {
      targetServer: 'http://prometheus:9090',
      ...(version === 'v1alpha1' && { secretName: 'key' }),
    },
  };
  return specs[kind] ?? {};
}

/** A status as a Keptn of that time would have stored it; undefined for kinds without a course. */
export function statusOfAge({ kind }: Resource, version: string): object | undefined {
  if (kind !== 'KeptnAppVersion' && kind !== 'KeptnWorkloadInstance') return undefined;
  return {
    status: 'Succeeded',
    currentPhase: 'Completed',
    preDeploymentTaskStatus:
      version === 'v1alpha1'
        ? items('taskDefinitionName', 'taskName')
        : items('definitionName', 'name'),
  };
}
