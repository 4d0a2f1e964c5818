import type { ConfigScope } from './keptn-config.ts';

/** The two namespaces that count beside an object's own, and whose KeptnConfig may rule. */
export interface Places extends ConfigScope {
  /** Where Sluice runs: the KeptnConfig there rules, and metrics are looked for there after the own namespace. */
  readonly operatorNamespace: string;
  /** Where a definition is looked for after the namespace of the object that names it. */
  readonly definitionsNamespace: string;
}
