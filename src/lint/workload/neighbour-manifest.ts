import { NamespaceKind } from '../../api/builtin.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { type Parsed, parserOf } from '../../api/parse.ts';
import { object, openObject, optional, stringMap, text } from '../../api/schema.ts';

/** An object of Kubernetes that stands beside workloads and checks, typed as far as rules read it. */
export interface NeighbourManifest extends KubernetesObject {
  readonly spec?: object;
}

const neighbour = (apiVersion: string, kind: string, plural: string): Kind<NeighbourManifest> => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

export const ServiceKind = neighbour('v1', 'Service', 'services');
export const QuotaKind = neighbour('v1', 'ResourceQuota', 'resourcequotas');
export const DisruptionBudgetKind = neighbour(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const AutoscalerKind = neighbour(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
export const ScaledObjectKind = neighbour('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects');
/** A Namespace as people write it. */
export const NamespaceManifestKind: Kind<NeighbourManifest> = { ...NamespaceKind };

/** The kinds beside workloads that rules are about: no webhook of Sluice is asked about them, so `sluice lint` alone says it. */
export const neighbourKinds: readonly Kind<NeighbourManifest>[] = [
  ServiceKind,
  QuotaKind,
  DisruptionBudgetKind,
  AutoscalerKind,
  ScaledObjectKind,
  NamespaceManifestKind,
];

const parse = parserOf(
  object('', {
    apiVersion: text(''),
    kind: text(''),
    metadata: object('', {
      name: text(''),
      namespace: optional(text('')),
      labels: optional(stringMap('')),
      annotations: optional(stringMap('')),
    }),
    spec: optional(openObject('', {})),
  }),
);

/** Such an object out of JSON, judged as far as rules read it. */
export function parseNeighbour(raw: unknown): Parsed<NeighbourManifest> {
  return parse(raw);
}
