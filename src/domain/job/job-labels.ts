/**
 * Labels by which a mesh, an identity provider or a queue learns how to treat a Pod or a Job. Services, autoscalers and
 * disruption budgets do not select by them.
 */
const instructions =
  /^(?:(?:sidecar\.)?istio\.io|linkerd\.io|azure\.workload\.identity|kueue\.x-k8s\.io)\//;

/**
 * What of a task's labels its Job and Pods get. Any other label may stand in the selector of a Service, an autoscaler, a
 * disruption budget or a network policy (kustomize adds its `commonLabels` to definitions and to selectors alike), and these
 * would take the Pod of a check for one of the application's.
 */
export function inheritedLabels(
  labels: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => instructions.test(key)));
}
