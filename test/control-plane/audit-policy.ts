/**
 * The audit policy of a control plane: every request that may change something, once, when it has been answered. The
 * times of both stages, user agent, verb, resource, subresource and answer are in the entry; no bodies.
 */
export const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  - level: None
    verbs: [get, list, watch]
  - level: Metadata
`;
