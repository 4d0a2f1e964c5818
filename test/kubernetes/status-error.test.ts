import { expect, test } from 'vitest';

import { ClusterError, isNamespaceTerminating } from '../../src/api/cluster-error.ts';
import { errorOfAnswer } from '../../src/kubernetes/status-error.ts';

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
