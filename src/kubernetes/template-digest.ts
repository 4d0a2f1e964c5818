import { hash } from 'node:crypto';

import { isRawObject, objectOf } from './raw-json.ts';

/**
 * A digest of a Pod template: equal for equal templates, whatever the order of their keys, and equal for a Deployment's
 * template and that of the ReplicaSet made from it (tried on a real API server). A Rollout's mostly differs from its
 * ReplicaSet's, because the API server fills in defaults only there. 128 bits of SHA-256: templates are written by tenants, so
 * a digest that can be made to collide on purpose would be a way past the gate.
 */
export function templateDigest(template: unknown): string {
  const { metadata, ...rest } = objectOf(template);
  // Older API servers print `creationTimestamp: null` in templates, newer ones do not.
  const { labels, creationTimestamp: _, ...otherMetadata } = objectOf(metadata);
  // Set by the controllers that stamp out ReplicaSets; everything else in a ReplicaSet's template is its owner's.
  const {
    'pod-template-hash': _deployment,
    'rollouts-pod-template-hash': _rollout,
    ...ownLabels
  } = objectOf(labels);
  const text = canonical({ ...rest, metadata: { ...otherMetadata, labels: ownLabels } });
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** One text for each JSON value, whatever the order of its keys. Texts stand with their length, so they need no escaping. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return `"${value.length}:${value}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRawObject(value)) return String(value);
  let text = '{';
  for (const key of Object.keys(value).toSorted()) {
    text += `"${key.length}:${key}${canonical(value[key])}`;
  }
  return `${text}}`;
}
