/** The namespaces of an evaluation, or of its definition, and of Sluice. */
export interface MetricPlaces {
  readonly own: string;
  readonly operatorNamespace: string;
}

/**
 * Where a KeptnMetric may be that an objective names, in the order in which it is looked for: the own namespace and the
 * operator's, which all may read. None where the objective states another namespace: a metric's value may be as secret as what
 * else is there, and the author of a definition need not be allowed to read it.
 */
export function metricNamespaces(
  stated: string | undefined,
  { own, operatorNamespace }: MetricPlaces,
): readonly string[] {
  const open = [...new Set([own, operatorNamespace])];
  return (stated ?? '') === '' ? open : open.filter((namespace) => namespace === stated);
}
