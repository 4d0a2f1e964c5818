import type { Config } from '../config/config.ts';

/** What a configuration says of Namespaces: where Sluice and shared definitions are, and where Pods may be held. */
export function placesOf(config: Config) {
  const { namespace, definitionsNamespace, configsAnywhere } = config;
  const { allowedNamespaces, deniedNamespaces } = config;
  return {
    operatorNamespace: namespace,
    definitionsNamespace,
    configsAnywhere,
    allowedNamespaces,
    deniedNamespaces,
  };
}
