import { expect, test } from 'vitest';
import { isBookkeeping, withoutBookkeeping } from '../../src/domain/copied-metadata.ts';

test.each([
  'kubectl.kubernetes.io/last-applied-configuration',
  'meta.helm.sh/release-name',
  'helm.sh/chart',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/instance',
  'argocd.argoproj.io/tracking-id',
  'kustomize.toolkit.fluxcd.io/checksum',
  'internal.config.kubernetes.io/path',
  'sluice.keptn.sh/retry',
])('%s is bookkeeping', (key) => {
  expect(isBookkeeping(key)).toBe(true);
});

test.each(['team', 'keptn.sh/app', 'app.kubernetes.io/name', 'kubernetes.io/x', 'nothelm.sh/x'])(
  '%s is not',
  (key) => {
    expect(isBookkeeping(key)).toBe(false);
  },
);

test('what is copied has lost its bookkeeping, and records that became empty', () => {
  expect(
    withoutBookkeeping({
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'helm.sh/hook': 'test', contact: 'me' },
    }),
  ).toEqual({ annotations: { contact: 'me' } });
});
