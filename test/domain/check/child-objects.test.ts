import { describe, expect, test } from 'vitest';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { ownedBy } from '../../../src/api/object.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import {
  type CheckContext,
  evaluationFor,
  taskFor,
} from '../../../src/domain/check/child-objects.ts';
import {
  anAppVersion,
  anEvaluationDefinition,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';

const ofWorkload: CheckContext = {
  namespace: 'shop',
  owner: ownedBy(KeptnWorkloadVersion, aWorkloadVersion()),
  appName: 'shop',
  appVersion: '',
  workloadName: 'shop-cart',
  workloadVersion: '1.0.0',
  objectType: 'Workload',
  metadata: { team: 'fruit' },
  attempt: 1,
};
const ofApp: CheckContext = {
  ...ofWorkload,
  owner: ownedBy(KeptnAppVersion, anAppVersion()),
  appVersion: '2.0.0',
  workloadName: '',
  workloadVersion: '',
  objectType: 'App',
  metadata: {},
};

describe('the task of a phase', () => {
  test('is owned by the version, and controlled by it', () => {
    const task = taskFor('pre-smoke-x', aTaskDefinition(), {
      context: ofWorkload,
      checkType: 'pre',
    });
    expect(task.metadata).toMatchObject({ name: 'pre-smoke-x', namespace: 'shop' });
    expect(task.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'lifecycle.keptn.sh/v1',
        kind: 'KeptnWorkloadVersion',
        name: 'shop-cart-1.0.0',
        uid: 'uid-keptnworkloadversion-shop-shop-cart-1.0.0',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });

  test('copies retries and time-out from its definition now, and tells the task where it belongs', () => {
    const definition = aTaskDefinition({ spec: { retries: 3, timeout: '90s' } });
    const task = taskFor('n', definition, { context: ofWorkload, checkType: 'post' });
    expect(task.spec).toEqual({
      taskDefinition: 'smoke',
      checkType: 'post',
      retries: 3,
      // As Go stores it.
      timeout: '1m30s',
      // What Keptn's printer columns read.
      app: 'shop',
      workload: 'shop-cart',
      workloadVersion: '1.0.0',
      attempt: 1,
      context: {
        workloadName: 'shop-cart',
        appName: 'shop',
        appVersion: '',
        workloadVersion: '1.0.0',
        taskType: 'post',
        objectType: 'Workload',
        metadata: { team: 'fruit' },
      },
    });
  });

  test('can be selected by what it is for', () => {
    const { metadata } = taskFor('n', aTaskDefinition(), {
      context: ofWorkload,
      checkType: 'post',
    });
    expect(metadata.labels).toMatchObject({
      'sluice.keptn.sh/app': 'shop',
      'sluice.keptn.sh/workload': 'shop-cart',
      'sluice.keptn.sh/version': '1.0.0',
      'sluice.keptn.sh/phase': 'post',
      'sluice.keptn.sh/definition': 'smoke',
      'sluice.keptn.sh/parent': ofWorkload.owner.name,
    });
    const ofApplication = taskFor('n', aTaskDefinition(), {
      context: ofApp,
      checkType: 'promotion',
    });
    expect(ofApplication.metadata.labels).toMatchObject({ 'sluice.keptn.sh/version': '2.0.0' });
    expect(ofApplication.metadata.labels).not.toHaveProperty('sluice.keptn.sh/workload');
  });

  test("of an app names the app's version and no workload, as in Keptn", () => {
    const task = taskFor('n', aTaskDefinition(), { context: ofApp, checkType: 'promotion' });
    expect(task.spec.context).toEqual({
      workloadName: '',
      appName: 'shop',
      appVersion: '2.0.0',
      workloadVersion: '',
      taskType: 'promotion',
      objectType: 'App',
    });
  });

  test("W59: gets its definition's labels and annotations, without other tools' bookkeeping", () => {
    const definition = aTaskDefinition({
      metadata: {
        labels: { team: 'fruit', 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: {
          note: 'x',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'argocd.argoproj.io/tracking-id': 'shop:x',
          'meta.helm.sh/release-name': 'shop',
        },
      },
    });
    const { labels, annotations } = taskFor('n', definition, {
      context: ofWorkload,
      checkType: 'pre',
    }).metadata;
    expect(labels).toMatchObject({ team: 'fruit' });
    expect(annotations).toEqual({ note: 'x' });
  });
});

describe('the evaluation of a phase', () => {
  const definition = anEvaluationDefinition({ spec: { retries: 4, retryInterval: '7s' } });

  test('of a workload names the workload and its version', () => {
    const { spec } = evaluationFor('n', definition, { context: ofWorkload, checkType: 'pre-eval' });
    expect(spec).toEqual({
      appName: 'shop',
      workload: 'shop-cart',
      workloadVersion: '1.0.0',
      evaluationDefinition: 'cpu-free',
      checkType: 'pre-eval',
      retries: 4,
      retryInterval: '7s',
      attempt: 1,
    });
  });

  test("of an app names the app's version, and an empty workload version that the schema wants", () => {
    const { spec } = evaluationFor('n', definition, { context: ofApp, checkType: 'post-eval' });
    expect(spec).toMatchObject({ appName: 'shop', appVersion: '2.0.0', workloadVersion: '' });
    expect(spec).not.toHaveProperty('workload');
  });
});
