import { hash } from 'node:crypto';

import { objectOf } from '../wire/raw-json.ts';

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

/** What is still to be written: a text as it stands, or a JSON value. */
type Open = { readonly text: string } | { readonly value: unknown };

/**
 * One text for each JSON value, whatever the order of its keys. Texts stand with their length, so they need no escaping. Without
 * recursion: the template of a Rollout may be as deep as its author likes.
 */
function canonical(whole: unknown): string {
  const open: Open[] = [{ value: whole }];
  let text = '';
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('text' in next) text += next.text;
    else if (typeof next.value !== 'object' || next.value === null) text += scalar(next.value);
    else open.push(...partsOf(next.value).toReversed());
  }
  return text;
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? `"${value.length}:${value}` : String(value);
}

function partsOf(value: object): Open[] {
  if (Array.isArray(value)) {
    const items = value.flatMap((item: unknown, index) => [
      { text: index === 0 ? '' : ',' },
      { value: item },
    ]);
    return [{ text: '[' }, ...items, { text: ']' }];
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const keys = [...fields.keys()].toSorted();
  const entries = keys.flatMap((key) => [
    { text: `"${key.length}:${key}` },
    { value: fields.get(key) },
  ]);
  return [{ text: '{' }, ...entries, { text: '}' }];
}
