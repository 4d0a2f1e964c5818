import { describe, expect, it } from 'vitest';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { configToCopy } from '../../src/install/migration/carried-config.ts';
import { carriedFrom, chartValues } from '../../src/install/migration/carried.ts';
import { disowning } from '../../src/install/migration/disown.ts';
import type { FoundKeptn } from '../../src/install/migration/found-keptn.ts';
import { managersOf } from '../../src/install/migration/managers.ts';

const nothing: FoundKeptn = {
  deployments: [],
  ignored: [],
  named: new Set(),
  webhookConfigurations: [],
  apiServices: [],
  crds: [],
  kinds: [],
  unknownKinds: new Map(),
  releases: [],
  namespaces: [],
  autoscalers: [],
};

function operator(pod: object = {}, metadata: object = {}): KubernetesObject {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'lifecycle-operator', namespace: 'keptn', ...metadata },
    spec: { replicas: 3, template: { spec: pod } },
  };
  return deployment;
}

const environment = (...env: readonly object[]) => ({ containers: [{ name: 'manager', env }] });

function released(config: object): FoundKeptn['releases'] {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
  const ref = {
    kind: { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
    name: 'x',
  };
  const newest = { ref, secret, number: 1, status: 'deployed', body: { config } };
  return [{ release: { namespace: 'keptn', name: 'keptn' }, newest }];
}

describe('what is carried over', () => {
  it('is where a Keptn runs, how many of it, and what its Pods need to run', () => {
    const pod = {
      ...environment(
        { name: 'FUNCTION_RUNNER_IMAGE', value: 'ghcr.io/keptn/deno-runtime:v3.0.1' },
        { name: 'PYTHON_RUNNER_IMAGE', value: 'example.com/our-python:1' },
      ),
      tolerations: [{ key: 'infra', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'pull' }],
    };
    const found = { ...nothing, deployments: [operator(pod)] };
    expect(carriedFrom(found, 'keptn')).toEqual({
      namespace: 'keptn',
      replicas: 3,
      environment: [{ name: 'PYTHON_RUNNER_IMAGE', value: 'example.com/our-python:1' }],
      placement: { tolerations: pod.tolerations, imagePullSecrets: pod.imagePullSecrets },
      allowedNamespaces: [],
      deniedNamespaces: [],
    });
  });

  it('is five replicas at most', () => {
    const many: KubernetesObject & { spec: object } = { ...operator(), spec: { replicas: 500 } };
    expect(carriedFrom({ ...nothing, deployments: [many] }).replicas).toBe(5);
  });

  it.each(['999999999', '21', '-1', '1e3', ''])(
    'is refused where the number of replicas before was made up: "%s"',
    (recorded) => {
      const annotations = { 'sluice.keptn.sh/replicas-before': recorded };
      const forged = { ...nothing, deployments: [operator({}, { annotations })] };
      expect(() => carriedFrom(forged)).toThrow(
        `Deployment keptn/lifecycle-operator: the annotation sluice.keptn.sh/replicas-before is "${recorded}", expected the number of replicas that it had, at most 20`,
      );
    },
  );

  it('is the namespace of the shared definitions, where Sluice is to run in another', () => {
    const found = { ...nothing, deployments: [operator()] };
    expect(carriedFrom(found, 'sluice').environment).toEqual([
      { name: 'SLUICE_DEFINITIONS_NAMESPACE', value: 'keptn' },
    ]);
  });

  it('is that promotion tasks do not run, where contexts name some and Keptn did not run them', () => {
    const context = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnAppContext',
      metadata: { name: 'shop' },
      spec: { promotionTasks: ['tell'] },
    };
    const crd = { apiVersion: 'v1', kind: 'CustomResourceDefinition', metadata: { name: 'x' } };
    const kinds = [{ resource: KeptnAppContext, crd, count: 1, objects: [context] }];
    const off = { name: 'PROMOTION_TASKS_ENABLED', value: 'false' };
    const at = (...env: readonly object[]) =>
      carriedFrom({ ...nothing, kinds, deployments: [operator(environment(...env))] }, 'keptn');
    expect(at().environment).toEqual([off]);
    expect(at({ name: 'PROMOTION_TASKS_ENABLED', value: 'true' }).environment).toEqual([]);
  });

  it('is which Namespaces its webhook on Pods leaves out', () => {
    const name = 'kubernetes.io/metadata.name';
    const matchExpressions = [
      { key: name, operator: 'NotIn', values: ['monitoring', 'keptn'] },
      { key: name, operator: 'NotIn', values: ['keptn', 'kube-system'] },
      { key: 'control-plane', operator: 'NotIn', values: ['lifecycle-operator'] },
    ];
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'lifecycle-mutating-webhook-configuration' },
      webhooks: [{ name: 'mpod.keptn.sh', namespaceSelector: { matchExpressions } }],
    };
    const found = {
      ...nothing,
      deployments: [operator()],
      webhookConfigurations: [configuration],
    };
    expect(carriedFrom(found, 'keptn').deniedNamespaces).toEqual(['monitoring']);
  });
});

describe('the values for the chart', () => {
  it('are Keptn’s without what has no meaning, each key of which is named', () => {
    const config = {
      global: { certManagerEnabled: true, certManager: { enabled: false } },
      certManager: { replicas: 2 },
      lifecycleOperator: {
        enabled: true,
        replicas: 3,
        resources: { limits: { cpu: '1' } },
        image: { tag: 'v2.0.0', registry: 'example.com' },
        env: { keptnTaskControllerLogLevel: '1', functionRunnerImage: 'example.com/deno:1' },
        misspelt: true,
      },
      metricsOperator: { enabled: false },
    };
    const found = { ...nothing, deployments: [operator()], releases: released(config) };
    const { values, without } = chartValues(found, carriedFrom(found, 'keptn'));
    expect(values).toEqual({
      global: { certManagerEnabled: true },
      lifecycleOperator: {
        replicas: 3,
        resources: { limits: { cpu: '1' } },
        image: { registry: 'example.com' },
        env: { functionRunnerImage: 'example.com/deno:1' },
      },
    });
    expect(without.map(({ path }) => path)).toEqual([
      'global.certManager.enabled',
      'certManager.replicas',
      'lifecycleOperator.image.tag',
      'lifecycleOperator.env.keptnTaskControllerLogLevel',
      'lifecycleOperator.misspelt',
      'metricsOperator.enabled',
    ]);
  });

  it('say what the live objects do, where no Helm release does', () => {
    const found = {
      ...nothing,
      deployments: [operator({ nodeSelector: { infra: 'true' } })],
    };
    expect(chartValues(found, carriedFrom(found, 'sluice')).values).toEqual({
      replicas: 3,
      nodeSelector: { infra: 'true' },
      extraArgs: ['--definitions-namespace', 'keptn'],
    });
  });
});

describe('a KeptnConfig', () => {
  const config = (namespace: string): KubernetesObject => ({
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: { name: 'config', namespace },
  });
  const by = { namespace: 'sluice', deployments: [operator()] };

  it('is copied from beside the operator, from nowhere else, and never over another', () => {
    const [beside, one, other] = [config('keptn'), config('a'), config('b')];
    expect(configToCopy([one, beside, other], by)).toBe(beside);
    expect(configToCopy([one], by)).toBeUndefined();
    expect(configToCopy([one], { ...by, deployments: [] })).toBeUndefined();
    expect(configToCopy([one, other], by)).toBeUndefined();
    expect(configToCopy([config('sluice'), beside], by)).toBeUndefined();
  });
});

describe('what applies Keptn again and again', () => {
  it('is named once each, with how it is stopped', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'keptn:apps/Deployment:keptn/x' };
    const labels = { 'helm.toolkit.fluxcd.io/name': 'keptn' };
    const deployments = [operator({}, { annotations, labels }), operator({}, { annotations })];
    expect(managersOf({ ...nothing, deployments })).toEqual([
      'Argo CD Application keptn applies Deployment keptn/lifecycle-operator again whenever it changes, and would undo the take-over: stop that first (switch its automated sync off, or remove Keptn from it without pruning)',
      'Flux HelmRelease keptn applies Deployment keptn/lifecycle-operator again whenever it changes, and would undo the take-over: stop that first (flux suspend helmrelease)',
    ]);
    expect(managersOf({ ...nothing, deployments: [operator()] })).toEqual([]);
  });
});

describe('an object of Keptn', () => {
  const of = (metadata: object): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'x', resourceVersion: '7', ...metadata },
  });

  it('loses the words by which it is Keptn’s, and is kept by Helm, on the version that was read', () => {
    const crd = of({
      labels: { 'app.kubernetes.io/managed-by': 'Helm', 'keptn.sh/inject-cert': 'true', own: 'x' },
      annotations: { 'meta.helm.sh/release-name': 'keptn', own: 'x' },
    });
    expect(disowning(crd, { isKept: true })).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      { op: 'remove', path: '/metadata/labels/app.kubernetes.io~1managed-by' },
      { op: 'remove', path: '/metadata/labels/keptn.sh~1inject-cert' },
      { op: 'remove', path: '/metadata/annotations/meta.helm.sh~1release-name' },
      { op: 'add', path: '/metadata/annotations/helm.sh~1resource-policy', value: 'keep' },
    ]);
  });

  it('is left as it is where it has lost them already', () => {
    const kept = of({ annotations: { 'helm.sh/resource-policy': 'keep' } });
    expect(disowning(kept, { isKept: true })).toEqual([]);
    expect(disowning(of({}), { isKept: false })).toEqual([]);
  });
});
