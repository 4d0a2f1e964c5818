import { describe, expect, test } from 'vitest';

import { ClusterError, isNamespaceTerminating } from '../../../src/api/cluster-error.ts';
import { errorOfAnswer } from '../../../src/kubernetes/transport/status-error.ts';

test('an answer that names NamespaceTerminating among its causes says that the Namespace goes', () => {
  const status = {
    kind: 'Status',
    reason: 'Forbidden',
    message:
      'jobs.batch "x" is forbidden: unable to create new content in namespace shop because it is being terminated',
    details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }, {}] },
  };
  const error = errorOfAnswer(403, JSON.stringify(status));
  expect(error.causes).toEqual(['NamespaceTerminating']);
  expect(isNamespaceTerminating(error)).toBe(true);
});

test('a refusal for any other reason does not, nor does an error that is none of the API server', () => {
  const quota = new ClusterError({ code: 403, reason: 'Forbidden', message: 'being terminated' });
  expect(isNamespaceTerminating(quota)).toBe(false);
  expect(isNamespaceTerminating(new Error('NamespaceTerminating'))).toBe(false);
});

describe('a 404 is an absence', () => {
  const page = '404 page not found\n';
  const status = (reason?: string) => JSON.stringify({ kind: 'Status', code: 404, reason });

  test.each([
    ['a Status with the reason NotFound', status('NotFound'), undefined],
    ['a page of the API server, which does not serve the kind', page, 'audit-1'],
  ])('when it is %s', (_what, body, auditId) => {
    expect(errorOfAnswer(404, body, { auditId })).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  test.each([
    ['a page of a proxy', page],
    ['an empty body', ''],
    ['JSON of something else', '{"error":"no route"}'],
    ['a Status without a reason', status()],
    ['a Status with another reason', status('Gone')],
  ])('and not when it is %s', (_what, body) => {
    expect(errorOfAnswer(404, body)).toMatchObject({ code: 0, reason: 'Unavailable' });
  });
});
