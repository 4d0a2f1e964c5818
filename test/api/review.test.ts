import { describe, expect, it } from 'vitest';
import { parseReview } from '../../src/api/review.ts';

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '4f0c1d0e-7d3b-4c43-9b5a-0d5b1c1d9f55',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    name: 'cart',
    namespace: 'shop',
    operation: 'CREATE',
    userInfo: { username: 'admin', groups: ['system:masters'], extra: { scopes: ['a'] } },
    object: { kind: 'Pod', anything: [1, null] },
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions' },
  },
};

const refusalOf = (envelope: unknown): string => {
  const parsed = parseReview(envelope);
  return parsed.ok ? 'accepted' : parsed.errors.map((e) => `${e.path} ${e.message}`).join();
};

describe('the envelope of a review', () => {
  it('is accepted as the API server sends it, whatever the object is', () => {
    const parsed = parseReview(review);
    expect(parsed.ok && parsed.value).toBe(review);
  });

  it('is accepted with the longest names that there are', () => {
    const name = 'n'.repeat(253);
    const request = { ...review.request, name, namespace: 'n'.repeat(63) };
    expect(refusalOf({ ...review, request })).toBe('accepted');
  });

  it.each([
    ['nothing', undefined, ' must be object'],
    ['a list', [review], ' must be object'],
    ['no request', { ...review, request: undefined }, 'request is required'],
    [
      'the version before v1',
      { ...review, apiVersion: 'admission.k8s.io/v1beta1' },
      'apiVersion must be one of: admission.k8s.io/v1',
    ],
    [
      'a uid that is no string',
      { ...review, request: { ...review.request, uid: 7 } },
      'request.uid must be string',
    ],
    [
      'an operation that does not exist',
      { ...review, request: { ...review.request, operation: 'PATCH' } },
      'request.operation must be one of: CREATE, UPDATE, DELETE, CONNECT',
    ],
    [
      'a name longer than names are',
      { ...review, request: { ...review.request, name: 'n'.repeat(254) } },
      'request.name must NOT have more than 253 characters',
    ],
    [
      'a namespace longer than namespaces are',
      { ...review, request: { ...review.request, namespace: 'n'.repeat(64) } },
      'request.namespace must NOT have more than 63 characters',
    ],
    [
      'a kind longer than kinds are',
      {
        ...review,
        request: { ...review.request, kind: { ...review.request.kind, kind: 'K'.repeat(64) } },
      },
      'request.kind.kind must NOT have more than 63 characters',
    ],
    [
      'a group longer than groups are',
      {
        ...review,
        request: { ...review.request, kind: { ...review.request.kind, group: 'g'.repeat(254) } },
      },
      'request.kind.group must NOT have more than 253 characters',
    ],
  ])('is refused when it is %s', (_what, envelope, refusal) => {
    expect(refusalOf(envelope)).toBe(refusal);
  });
});
