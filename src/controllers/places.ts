/** The two namespaces that count beside an object's own. */
export interface Places {
  /** Where Sluice runs: the KeptnConfig there rules. */
  readonly operatorNamespace: string;
  /** Where a definition is looked for after the namespace of whoever names it. */
  readonly definitionsNamespace: string;
}
