import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { templateDigest } from '../../../src/kubernetes/projection/template-digest.ts';

const template = {
  metadata: { labels: { app: 'web' }, annotations: { 'keptn.sh/version': '1' } },
  spec: { containers: [{ name: 'a', image: 'nginx:1', env: [{ name: 'X', value: '1' }] }] },
};

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, shuffled(field)]),
  );
}

describe('the digest of a Pod template', () => {
  it('is the same for a Deployment and the ReplicaSet made from it', () => {
    for (const hash of ['pod-template-hash', 'rollouts-pod-template-hash']) {
      const metadata = {
        ...template.metadata,
        labels: { app: 'web', [hash]: '5f' },
        creationTimestamp: null,
      };
      expect(templateDigest({ ...template, metadata })).toBe(templateDigest(template));
    }
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 4 }), (spec) => {
        expect(templateDigest(shuffled({ spec }))).toBe(templateDigest({ spec }));
      }),
    );
  });

  it('differs for every other difference', () => {
    const others = [
      { ...template, metadata: { ...template.metadata, labels: { app: 'web2' } } },
      { ...template, metadata: { ...template.metadata, annotations: {} } },
      { ...template, spec: { ...template.spec, hostNetwork: true } },
      { ...template, spec: { containers: [...template.spec.containers, { name: 'b' }] } },
      { ...template, spec: { containers: [{ ...template.spec.containers[0], image: 'nginx:2' }] } },
      undefined,
    ];
    const digests = [template, ...others].map(templateDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('tells text from structure that looks like it', () => {
    expect(templateDigest({ spec: { a: '{"b":1,}' } })).not.toBe(
      templateDigest({ spec: { a: { b: 1 } } }),
    );
    expect(templateDigest({ spec: { a: ['1,2'] } })).not.toBe(
      templateDigest({ spec: { a: ['1', '2'] } }),
    );
    expect(templateDigest({ spec: { a: null } })).not.toBe(templateDigest({ spec: { a: 'null' } }));
    expect(templateDigest({ spec: { a: ['x', 'y'] } })).not.toBe(
      templateDigest({ spec: { a: ['x,"1:y'] } }),
    );
    expect(templateDigest({ spec: { a: {} } })).not.toBe(templateDigest({ spec: { a: [] } }));
    expect(templateDigest({ spec: { a: 1 } })).not.toBe(templateDigest({ spec: { a: '1' } }));
  });
});
