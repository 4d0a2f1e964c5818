import { expect, test } from 'vitest';
import { DeploymentKind } from '../../../src/api/builtin.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { reasonFor } from '../../../src/cli/explain/explain-target.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';

const optedIn = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: 'shop',
    uid: 'ns',
    annotations: {
      'keptn.sh/lifecycle-toolkit': 'enabled',
      'sluice.keptn.sh/opt-in-recorded': 'ns',
    },
    labels: { 'sluice.keptn.sh/enabled': 'true' },
  },
};

function notesOn(
  annotations: Readonly<Record<string, string>>,
  template: Readonly<Record<string, string>>,
) {
  const applied = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', namespace: 'shop', uid: 'd', annotations },
    spec: {
      replicas: 1,
      template: {
        metadata: { annotations: template },
        spec: { containers: [{ name: 'cart', image: 'cart:1' }] },
      },
    },
  };
  // As a list of the API server is read.
  const deployment = project(DeploymentKind, applied) ?? applied;
  const target = { kind: DeploymentKind, name: 'cart' };
  return reasonFor(target, lookupOver([deployment, optedIn]), 'shop');
}

test('a Deployment of which nothing is held is told of a key that is misspelt', () => {
  const found = notesOn({}, { 'keptn.sh/workloads': 'cart' });
  expect(found?.mark).toBe('warning');
  expect(found?.facts.notes?.join()).toContain('did you mean keptn.sh/workload?');
});

test('and of annotations that stand where nothing reads them', () => {
  const found = notesOn(
    { 'keptn.sh/pre-deployment-tasks': 'smoke' },
    { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1.0.0' },
  );
  expect(found?.facts.notes?.join()).toContain('has no effect');
});

test('and of annotations without a workload', () => {
  const found = notesOn({}, { 'keptn.sh/pre-deployment-tasks': 'smoke' });
  expect(found?.facts.notes?.join()).toContain('no workload is named');
});

test('and of the opt-in of a Namespace that was written on it', () => {
  const found = notesOn({ 'keptn.sh/lifecycle-toolkit': 'enabled' }, {});
  expect(found?.facts.notes).toHaveLength(1);
});

test('and nothing of the kind where all of them are read', () => {
  const found = notesOn({}, { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1.0.0' });
  expect(found?.facts.notes).toBeUndefined();
});
