import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/api/builtin.ts';
import type { FunctionSpec } from '../../../src/api/keptn/function-spec.ts';
import type { TaskTrigger } from '../../../src/api/keptn/follow-up.ts';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import { codeCopyFor } from '../../../src/domain/job/function-config-map.ts';
import { blueprintOf } from '../../../src/domain/job/function-source.ts';
import { jobFor } from '../../../src/domain/job/job.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const settings = {
  images: {
    deno: runnerImage('deno:1'),
    python: runnerImage('python:1'),
    bash: runnerImage('bash:1'),
  },
  functionRetries: undefined,
  jobDefaults: {},
};

function blueprint(definition: KeptnTaskDefinition) {
  const found = blueprintOf(definition.metadata.name, () => definition);
  if (found.type === 'problem') throw new Error(found.message);
  return found;
}

function job(task: KeptnTask, definition: KeptnTaskDefinition): Job {
  return jobFor({
    name: 'the-job',
    task,
    definition,
    blueprint: blueprint(definition),
    settings,
  });
}

const container = (made: Job) => {
  const { containers } = made.spec.template.spec;
  return Array.isArray(containers) ? containers[0] : undefined;
};

const checked = (spec: FunctionSpec) => aTaskDefinition('check').with({ deno: spec });
const http = checked({ httpRef: { url: 'https://code/check.ts' } });

const workloadContext = {
  workloadName: 'waiter-waiter',
  appName: 'waiter',
  appVersion: '',
  workloadVersion: '0.4',
  taskType: 'pre',
  objectType: 'Workload',
};

describe("a function's Job", () => {
  test('is exactly this', () => {
    const definition = aTaskDefinition('check').with({
      python: {
        inline: { code: 'print(1)' },
        parameters: { map: { b: '<2>', a: '1' } },
        secureParameters: { secret: 'keys' },
        cmdParameters: '-v',
      },
      serviceAccount: { name: 'robot' },
      automountServiceAccountToken: { type: false },
      imagePullSecrets: [{ name: 'pull' }],
      ttlSecondsAfterFinished: 7,
    });
    const task = aTask({
      metadata: {
        labels: { team: 'shop', 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { contact: 'me', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      spec: {
        retries: 3,
        timeout: '90.7s',
        context: { ...workloadContext, metadata: { stage: 'dev', 'commit-id': '1234' } },
      },
    });
    expect(job(task, definition)).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'the-job',
        namespace: 'shop',
        labels: {
          'sluice.keptn.sh/task': 'pre-check',
          'sluice.keptn.sh/app': 'waiter',
          'sluice.keptn.sh/workload': 'waiter-waiter',
          'sluice.keptn.sh/version': '0.4',
          'sluice.keptn.sh/phase': 'pre',
          'sluice.keptn.sh/definition': 'check',
          'sluice.keptn.sh/parent': 'pre-check',
        },
        annotations: {
          contact: 'me',
          'keptn.sh/app': 'waiter',
          'keptn.sh/task-name': 'pre-check',
          'keptn.sh/workload': 'waiter-waiter',
          'keptn.sh/version': '0.4',
        },
        ownerReferences: [
          {
            apiVersion: 'lifecycle.keptn.sh/v1',
            kind: 'KeptnTask',
            name: 'pre-check',
            uid: 'uid-of-pre-check',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: 90,
        template: {
          metadata: {
            labels: { 'sluice.keptn.sh/task': 'pre-check' },
            annotations: { contact: 'me' },
          },
          spec: {
            restartPolicy: 'OnFailure',
            serviceAccountName: 'robot',
            automountServiceAccountToken: false,
            imagePullSecrets: [{ name: 'pull' }],
            containers: [
              {
                name: 'keptn-function-runner',
                image: 'python:1',
                imagePullPolicy: 'IfNotPresent',
                env: [
                  { name: 'DATA', value: String.raw`{"a":"1","b":"\u003c2\u003e"}` },
                  {
                    name: 'KEPTN_CONTEXT',
                    value:
                      '{"workloadName":"waiter-waiter","appName":"waiter","appVersion":"","workloadVersion":"0.4","taskType":"pre","objectType":"Workload","metadata":{"commit-id":"1234","stage":"dev"}}',
                  },
                  { name: 'CMD_ARGS', value: '-v' },
                  {
                    name: 'SECURE_DATA',
                    valueFrom: { secretKeyRef: { name: 'keys', key: 'SECURE_DATA' } },
                  },
                  { name: 'SCRIPT', value: '/var/data/function.py' },
                ],
                volumeMounts: [
                  {
                    name: 'function-mount',
                    readOnly: true,
                    mountPath: '/var/data/function.py',
                    subPath: 'code',
                  },
                ],
                terminationMessagePolicy: 'FallbackToLogsOnError',
              },
            ],
            volumes: [{ name: 'function-mount', configMap: { name: 'keptnfn-check' } }],
          },
        },
      },
    });
  });

  test('mounts the token of a service account only where the definition names one, or asks for it', () => {
    const token = (spec: Partial<KeptnTaskDefinition['spec']>) =>
      job(aTask(), { ...http, spec: { ...http.spec, ...spec } }).spec.template.spec[
        'automountServiceAccountToken'
      ];
    expect(token({})).toBe(false);
    expect(token({ automountServiceAccountToken: { type: true } })).toBe(true);
    expect(token({ serviceAccount: { name: 'robot' } })).toBeUndefined();
    const { deno: _, ...own } = http.spec;
    const containers = { ...http, spec: { ...own, container: { name: 'c', image: 'c:1' } } };
    expect(job(aTask(), containers).spec.template.spec).not.toHaveProperty(
      'automountServiceAccountToken',
    );
  });

  test('has only what it needs when there is little to say', () => {
    const made = job(aTask(), http);
    expect(container(made)).toEqual({
      name: 'keptn-function-runner',
      image: 'deno:1',
      imagePullPolicy: 'IfNotPresent',
      env: [
        {
          name: 'KEPTN_CONTEXT',
          value:
            '{"workloadName":"","appName":"","appVersion":"","workloadVersion":"","taskType":"","objectType":""}',
        },
        { name: 'CMD_ARGS', value: '' },
        { name: 'SCRIPT', value: 'https://code/check.ts' },
      ],
      terminationMessagePolicy: 'FallbackToLogsOnError',
    });
    expect(Object.keys(made.spec.template.spec)).toEqual([
      'restartPolicy',
      'automountServiceAccountToken',
      'containers',
    ]);
  });

  test('tells a follow-up how its parent ended, behind all that Keptn tells', () => {
    const env = (trigger: TaskTrigger): unknown =>
      container(
        job(aTask({ spec: { context: { appName: 'shop', metadata: { a: '1' }, trigger } } }), http),
      )?.env;
    const told = (value: string) => expect.arrayContaining([{ name: 'KEPTN_CONTEXT', value }]);
    const before =
      '{"workloadName":"","appName":"shop","appVersion":"","workloadVersion":"","taskType":"","objectType":"","metadata":{"a":"1"},"trigger":';
    expect(env({ kind: 'KeptnAppVersion', name: 'shop-1', status: 'Succeeded' })).toEqual(
      told(`${before}{"kind":"KeptnAppVersion","name":"shop-1","status":"Succeeded"}}`),
    );
    const whole: TaskTrigger = {
      result: { z: 1, a: [null] },
      attempts: 4,
      message: 'a < b',
      reason: 'BackoffLimitExceeded',
      status: 'Failed',
      definition: 'check',
      name: 'pre-check-x',
      kind: 'KeptnTask',
    };
    expect(env(whole)).toEqual(
      told(
        String.raw`${before}{"kind":"KeptnTask","name":"pre-check-x","definition":"check","status":"Failed","reason":"BackoffLimitExceeded","message":"a \u003c b","attempts":4,"result":{"a":[null],"z":1}}}`,
      ),
    );
  });

  test('has no text in it that Kubernetes would expand to something else', () => {
    const trigger: TaskTrigger = {
      kind: 'KeptnTask',
      name: 'first',
      status: 'Failed',
      message: 'bad $(DATA), $$5, $HOME',
    };
    const task = aTask({ spec: { context: { ...workloadContext, trigger } } });
    const parameters = { map: { price: '$$(X)' } };
    const { env } = container(job(task, checked({ ...http.spec.deno, parameters })));
    const [data, context] = env.map(({ value }: { value: string }) => value);
    expect(data).toBe(String.raw`{"price":"\u0024\u0024(X)"}`);
    expect(context).toContain(String.raw`bad \u0024(DATA), \u0024$5, $HOME`);
    expect(JSON.parse(context).trigger.message).toBe(trigger.message);
  });

  test("carries the app's version where there is no workload", () => {
    const task = aTask({
      spec: { context: { appName: 'shop', appVersion: '2.0', objectType: 'App' } },
    });
    expect(job(task, http).metadata.annotations).toEqual({
      'keptn.sh/app': 'shop',
      'keptn.sh/task-name': 'pre-check',
      'keptn.sh/version': '2.0',
    });
  });

  test('takes parameters and secret of the task, but not against the definition', () => {
    const definition = checked({
      ...http.spec.deno,
      parameters: { map: { a: 'definition' } },
      secureParameters: { secret: 'definition' },
    });
    const task = aTask({
      spec: { parameters: { map: { a: 'task', b: 'task' } }, secureParameters: { secret: 'task' } },
    });
    expect(container(job(task, definition))).toMatchObject({
      env: [
        { name: 'DATA', value: '{"a":"definition","b":"task"}' },
        {},
        {},
        { valueFrom: { secretKeyRef: { name: 'task' } } },
        {},
      ],
    });
  });

  test('has no TTL: it must not vanish before its outcome is in the status', () => {
    const definition = aTaskDefinition('check').with({ ...http.spec, ttlSecondsAfterFinished: 1 });
    expect(job(aTask(), definition).spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test.each([
    ['0', 1],
    ['500ms', 1],
    ['1.9s', 1],
    ['1h', 3600],
    ['0nonsense', 300],
  ])('with time-out %s has a deadline of %d s', (timeout, seconds) => {
    expect(job(aTask({ spec: { timeout } }), http).spec.activeDeadlineSeconds).toBe(seconds);
  });

  test('gets no label of its definition by which a Service would find its Pods, unless it asks for it', () => {
    const labels = {
      app: 'cart',
      'app.kubernetes.io/name': 'cart',
      'shop.example/part': 'checkout',
      'sidecar.istio.io/inject': 'false',
      'kueue.x-k8s.io/queue-name': 'checks',
    };
    const task = aTask({ metadata: { labels } });
    const asking = aTaskDefinition('check').with({
      container: { name: 'main' },
      job: { labels: { app: 'check' } },
    });
    const kept = {
      'sidecar.istio.io/inject': 'false',
      'kueue.x-k8s.io/queue-name': 'checks',
      'sluice.keptn.sh/task': 'pre-check',
    };
    const silent = aTaskDefinition('check').with({ container: { name: 'main' } });
    const without = job(task, silent);
    expect(without.metadata.labels).toMatchObject(kept);
    expect(without.metadata.labels).not.toHaveProperty('app');
    expect(without.spec.template.metadata?.labels).toEqual(kept);
    const asked = job(task, asking);
    expect(asked.metadata.labels).toMatchObject({ ...kept, app: 'check' });
    expect(asked.spec.template.metadata?.labels).toEqual({ ...kept, app: 'check' });
  });

  test('is labelled with the uid of a task whose name is too long for a label', () => {
    const made = job(aTask({ metadata: { name: 't'.repeat(64) } }), http);
    expect(made.spec.template.metadata?.labels).toEqual({
      'sluice.keptn.sh/task': 'uid-of-pre-check',
    });
  });
});

describe('the ConfigMap with the code', () => {
  const shared = aTaskDefinition('check', { namespace: 'sluice-system' });

  test('of a shared definition is a copy in the namespace of the task, owned by the task (W19)', () => {
    const definition = shared.with({ deno: { inline: { code: 'x' } } });
    const copy = codeCopyFor(blueprint(definition), aTask());
    expect(copy).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^keptnfn-check-[a-z2-7]{10}$/),
        namespace: 'shop',
        labels: { 'sluice.keptn.sh/function': 'true' },
        ownerReferences: [{ kind: 'KeptnTask', uid: 'uid-of-pre-check', controller: true }],
      },
      data: { code: 'x' },
    });
    expect(job(aTask(), definition).spec.template.spec).toMatchObject({
      volumes: [{ configMap: { name: copy?.metadata.name } }],
    });
  });

  test.each([
    ['of the same namespace', checked({ inline: { code: 'x' } })],
    ['that the user keeps', shared.with({ deno: { configMapRef: { name: 'cm' } } })],
    ['that is none but an address', http],
  ])('%s is not copied', (_, definition) => {
    expect(codeCopyFor(blueprint(definition), aTask())).toBeUndefined();
  });
});

describe("a container's Job", () => {
  const own = (spec: KeptnTaskDefinition['spec']['container']) =>
    job(
      aTask({ spec: { context: workloadContext } }),
      aTaskDefinition('check').with(spec ? { container: spec } : {}),
    );
  const context = {
    name: 'KEPTN_CONTEXT',
    value:
      '{"workloadName":"waiter-waiter","appName":"waiter","appVersion":"","workloadVersion":"0.4","taskType":"pre","objectType":"Workload"}',
  };

  test('runs it as written, with the context at the end of its env and its log as last message', () => {
    const given = { name: 'c', image: 'i', command: ['sh'], env: [{ name: 'A', value: '1' }] };
    expect(container(own(given))).toEqual({
      ...given,
      env: [{ name: 'A', value: '1' }, context],
      terminationMessagePolicy: 'FallbackToLogsOnError',
    });
  });

  test('overwrites a context in its place, also one that came from elsewhere', () => {
    const env = [
      { name: 'KEPTN_CONTEXT', valueFrom: { fieldRef: {} } },
      { name: 'A', value: '1' },
    ];
    expect(container(own({ name: 'c', env }))).toMatchObject({ env: [context, { name: 'A' }] });
    expect(container(own({ name: 'c', env }))).not.toHaveProperty('env[0].valueFrom');
  });

  test('keeps the termination message policy that was asked for', () => {
    expect(container(own({ name: 'c', terminationMessagePolicy: 'File' }))).toMatchObject({
      terminationMessagePolicy: 'File',
    });
  });

  test('has a volume in memory for every mount, as large as the memory limit or 1Gi (W18)', () => {
    const volumeMounts = [
      { name: 'one', mountPath: '/1' },
      { name: 'two', mountPath: '/2' },
      { name: 'one', mountPath: '/3' },
    ];
    const limited = own({ name: 'c', volumeMounts, resources: { limits: { memory: '64Mi' } } });
    expect(limited.spec.template.spec).toMatchObject({
      volumes: [
        { name: 'one', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
        { name: 'two', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      ],
    });
    expect(own({ name: 'c', volumeMounts }).spec.template.spec).toMatchObject({
      volumes: [{ emptyDir: { sizeLimit: '1Gi' } }, { emptyDir: { sizeLimit: '1Gi' } }],
    });
  });

  test('mounts a volume for each mount, whatever the container looks like', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (volumeMounts, resources) => {
        expect(() => own({ name: 'c', volumeMounts, resources })).not.toThrow();
      }),
    );
  });
});
