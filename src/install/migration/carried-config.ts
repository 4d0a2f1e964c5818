import type { KubernetesObject } from '../../api/object.ts';

/**
 * The KeptnConfig that Sluice's namespace gets a copy of: none if one is there. Keptn went by whichever it saw last; only the
 * one beside its operator is meant, because anyone with rights in a namespace can have made one elsewhere.
 */
export function configToCopy(
  configs: readonly KubernetesObject[],
  by: { readonly namespace: string; readonly deployments: readonly KubernetesObject[] },
): KubernetesObject | undefined {
  const isIn = (namespace: string | undefined) => (config: KubernetesObject) =>
    config.metadata.namespace === namespace;
  if (configs.some(isIn(by.namespace))) return undefined;
  const home = by.deployments.find(({ metadata }) => metadata.name === 'lifecycle-operator');
  return home && configs.find(isIn(home.metadata.namespace));
}
