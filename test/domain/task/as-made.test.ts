import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/api/builtin.ts';
import { ownedBy } from '../../../src/api/object.ts';
import { isJobAsMade } from '../../../src/domain/task/as-made.ts';
import { isCheckAsMade } from '../../../src/domain/check/check-as-made.ts';
import { taskFor } from '../../../src/domain/check/child-objects.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import { aTaskDefinition, aWorkloadVersion } from '../../support/builders/builders.ts';

const wanted: Job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'wanted' },
  spec: {
    backoffLimit: 1,
    activeDeadlineSeconds: 330,
    template: {
      metadata: { labels: { a: 'b' } },
      spec: {
        restartPolicy: 'OnFailure',
        serviceAccountName: 'checker',
        containers: [
          {
            name: 'check',
            image: 'busybox',
            env: [
              { name: 'CMD_ARGS', value: '' },
              { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            ],
            ports: [{ containerPort: 80 }],
            resources: { limits: { memory: '1024Mi', cpu: 0.5 } },
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
        ],
        volumes: [
          { name: 'code', configMap: { name: 'keptnfn-check' } },
          { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1024Mi' } },
        ],
      },
    },
  },
};

/** As kube-apiserver 1.36 answers, after Kueue has suspended it and a policy has labelled it. */
const defaulted: Job = {
  ...wanted,
  metadata: { name: 'found', labels: { team: 'shop' } },
  spec: {
    backoffLimit: 1,
    activeDeadlineSeconds: 330,
    completionMode: 'NonIndexed',
    completions: 1,
    manualSelector: false,
    parallelism: 1,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
    suspend: true,
    template: {
      metadata: { labels: { a: 'b', 'batch.kubernetes.io/job-name': 'found' } },
      spec: {
        restartPolicy: 'OnFailure',
        serviceAccountName: 'checker',
        serviceAccount: 'checker',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: 'check',
            image: 'busybox',
            imagePullPolicy: 'Always',
            env: [
              { name: 'CMD_ARGS' },
              { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            ],
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            resources: { limits: { memory: '1Gi', cpu: '500m' } },
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
        ],
        volumes: [
          { name: 'code', configMap: { name: 'keptnfn-check', defaultMode: 420 } },
          { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        ],
      },
    },
  },
};

const withSpec = (change: object): Job => ({
  ...defaulted,
  spec: { ...defaulted.spec, ...change },
});
const withPod = (change: object): Job =>
  withSpec({ template: { spec: { ...defaulted.spec.template.spec, ...change } } });
const [container] = [defaulted.spec.template.spec['containers']].flat();
const withContainer = (change: object): Job =>
  withPod({ containers: [Object.assign({}, container, change)] });

describe('a Job is the one that would be made', () => {
  test('when an API server has filled in what nobody set, and others have labelled and suspended it', () => {
    expect(isJobAsMade(wanted, wanted)).toBe(true);
    expect(isJobAsMade(defaulted, wanted)).toBe(true);
  });

  test.each<[string, Job]>([
    ['it asks for no completion', withSpec({ completions: 0 })],
    [
      'something else says when it succeeds',
      withSpec({ successPolicy: { rules: [{ succeededCount: 0 }] } }),
    ],
    ['another controller manages it', withSpec({ managedBy: 'example.com/mine' })],
    ['it selects Pods of its own choice', withSpec({ manualSelector: true })],
    ['it is repeated otherwise', withSpec({ backoffLimit: 9 })],
    ['it has a second container', withPod({ containers: [container, { name: 'b', image: 'c' }] })],
    ['something runs before it', withPod({ initContainers: [{ name: 'b', image: 'c' }] })],
    ['it runs as somebody else', withPod({ serviceAccountName: 'admin', serviceAccount: 'admin' })],
    ['it shares processes', withPod({ shareProcessNamespace: true })],
    ['it has a further volume', withPod({ volumes: [{ name: 'x', emptyDir: {} }] })],
    [
      'its code comes from elsewhere',
      withPod({
        volumes: [
          {
            name: 'code',
            configMap: { name: 'keptnfn-check', items: [{ key: 'x', path: 'code' }] },
          },
          { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        ],
      }),
    ],
    ['its image is another', withContainer({ image: 'other' })],
    ['its command is another', withContainer({ command: ['true'] })],
    ['its arguments are others', withContainer({ args: ['--help'] })],
    ['its environment is another', withContainer({ env: [{ name: 'LD_PRELOAD', value: '/x' }] })],
    [
      'more of its environment comes from elsewhere',
      withContainer({ envFrom: [{ configMapRef: { name: 'x' } }] }),
    ],
    ['its result is read from elsewhere', withContainer({ terminationMessagePath: '/tmp/x' })],
    [
      'it may take more memory',
      withContainer({ resources: { limits: { memory: '9Gi', cpu: '500m' } } }),
    ],
    ['it has no template any more', withSpec({ template: { spec: {} } })],
  ])('not when %s', (_, found) => {
    expect(isJobAsMade(found, wanted)).toBe(false);
  });
});

describe('a task is the one that would be made', () => {
  const version = aWorkloadVersion();
  const context = {
    namespace: 'shop',
    owner: ownedBy(KeptnWorkloadVersion, version),
    appName: 'shop',
    appVersion: '',
    workloadName: 'shop-cart',
    workloadVersion: '1.0.0',
    objectType: 'Workload',
    metadata: { stage: 'dev' },
    attempt: 1,
  } as const;
  const task = taskFor('pre-check', aTaskDefinition(), { context, checkType: 'pre' });
  const withTask = (spec: object, metadata: object = {}): KeptnTask => ({
    ...task,
    metadata: { ...task.metadata, ...metadata },
    spec: { ...task.spec, ...spec },
  });

  test('whatever its retries, time-out, labels and trace context are, and whether empty texts are written', () => {
    const { appVersion: _, ...told } = task.spec.context ?? {};
    const metadata = { stage: 'dev', traceparent: '00-1-2-01' };
    const found = withTask(
      { retries: 3, timeout: '9m', context: { ...told, metadata } },
      { labels: { team: 'shop' }, uid: 'x' },
    );
    expect(isCheckAsMade(found, task)).toBe(true);
  });

  test('also a task of an earlier release, which does not repeat its context for printer columns', () => {
    const { app: _app, workload: _workload, workloadVersion: _version, ...spec } = task.spec;
    const earlier: KeptnTask = { ...task, spec };
    expect(isCheckAsMade(earlier, task)).toBe(true);
  });

  test.each<[string, KeptnTask]>([
    ['it is of another definition', withTask({ taskDefinition: 'other' })],
    ['it is of another phase', withTask({ checkType: 'post' })],
    ['it is of another attempt', withTask({ attempt: 2 })],
    [
      'it is told something else',
      withTask({ context: { ...task.spec.context, workloadVersion: '2' } }),
    ],
    ['it is given other parameters', withTask({ parameters: { map: { a: 'b' } } })],
    ['it is given another Secret', withTask({ secureParameters: { secret: 's' } })],
    [
      'it follows something',
      withTask({ parent: { kind: 'KeptnTask', name: 'x', trigger: 'onSuccess', depth: 1 } }),
    ],
    [
      'something else owns it',
      withTask({}, { ownerReferences: [{ ...context.owner, uid: 'other' }] }),
    ],
    [
      'its owner is of another API group, beside the same uid and kind',
      withTask({}, { ownerReferences: [{ ...context.owner, apiVersion: 'v1' }] }),
    ],
    [
      'nothing controls it',
      withTask({}, { ownerReferences: [{ ...context.owner, controller: false }] }),
    ],
  ])('not when %s', (_, found) => {
    expect(isCheckAsMade(found, task)).toBe(false);
  });
});
