import { describe, expect, test } from 'vitest';
import type { FunctionSpec } from '../../../src/api/keptn/function-spec.ts';
import type { KeptnTaskDefinitionSpec } from '../../../src/api/keptn/task-definition.ts';
import type { KeptnTaskSpec } from '../../../src/api/keptn/task.ts';
import { blueprintOf } from '../../../src/domain/job/function-source.ts';
import { jobFor } from '../../../src/domain/job/job.ts';
import {
  foreignImageProblem,
  type JobSettings,
  runnerImage,
} from '../../../src/domain/job/runner-image.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const own = runnerImage('registry.example/mirror/sluice-functions:0.1.0');
const foreign = runnerImage('ghcr.io/keptn/deno-runtime:v3.0.1');

function made(
  given: {
    image?: typeof own;
    functionRetries?: JobSettings['functionRetries'];
    spec?: Partial<KeptnTaskDefinitionSpec>;
    script?: FunctionSpec;
    task?: Partial<KeptnTaskSpec>;
    jobDefaults?: JobSettings['jobDefaults'];
    allowedHosts?: readonly string[];
  } = {},
) {
  const { image = own, functionRetries, script = {}, spec, jobDefaults = {} } = given;
  const python = { httpRef: { url: 'https://code/check.py' }, ...script };
  const definition = aTaskDefinition('check').with({ python, ...spec });
  const blueprint = blueprintOf('check', () => definition);
  if (blueprint.type === 'problem') throw new Error(blueprint.message);
  const job = jobFor({
    name: 'the-job',
    task: aTask({ spec: { retries: 3, timeout: '90s', ...given.task } }),
    definition,
    blueprint,
    settings: {
      images: { deno: image, python: image, bash: image },
      functionRetries,
      jobDefaults,
      allowedHosts: given.allowedHosts,
    },
  });
  const { containers } = job.spec.template.spec;
  return { job, container: Array.isArray(containers) ? containers[0] : undefined };
}

describe("a function in Sluice's own image", () => {
  test('is known by the name of the image, in whatever registry', () => {
    expect(runnerImage('sluice-functions').isOwn).toBe(true);
    expect(runnerImage('r.example:5000/x/sluice-functions-deno@sha256:0').isOwn).toBe(true);
    expect(runnerImage('r.example/sluice-functions-of-mine:1').isOwn).toBe(false);
    expect(foreign.isOwn).toBe(false);
  });

  test('is repeated by its runner: the exit of its Pod is the end, only a lost Pod is replaced', () => {
    const { job, container } = made({ spec: { retryInterval: '7s', attemptTimeout: '20s' } });
    expect(job.spec).toMatchObject({
      backoffLimit: 3,
      activeDeadlineSeconds: 120,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailJob',
            onExitCodes: {
              containerName: 'keptn-function-runner',
              operator: 'NotIn',
              // Could not be started, was killed, lost its node: Kubernetes replaces that Pod.
              values: [0, 128, 137, 255],
            },
          },
        ],
      },
      template: { spec: { restartPolicy: 'Never' } },
    });
    expect(container).toMatchObject({
      args: [
        '--runtime=python',
        '--retries=3',
        '--retry-interval=7s',
        '--timeout=1m30s',
        '--attempt-timeout=20s',
        '--status-file=/keptn/status.json',
      ],
      terminationMessagePath: '/keptn/status.json',
    });
  });

  test('has its Pod replaced at most three times, and never more often than it has retries', () => {
    const limit = (retries: number) => made({ task: { retries } }).job.spec.backoffLimit;
    expect([10, 2, 0].map(limit)).toEqual([3, 2, 0]);
  });

  test('hands over the digest, the permissions and the arguments of the script', () => {
    const script = {
      httpRef: { url: 'https://code/check.ts', sha256: 'a'.repeat(64) },
      permissions: ['allow-net=a.example', 'allow-env'],
      args: ['--verbose', 'two words'],
    };
    const { container } = made({ script });
    expect(container.args.slice(-6)).toEqual([
      `--sha256=${'a'.repeat(64)}`,
      '--permission=allow-net=a.example',
      '--permission=allow-env',
      '--',
      '--verbose',
      'two words',
    ]);
  });

  test('has no permissions where the list of them is empty', () => {
    expect(made({ script: { permissions: [] } }).container.args).toContain('--permission=none');
  });

  test('is repeated by Kubernetes where the KeptnConfig says so, and its runner tries once', () => {
    const { job, container } = made({ functionRetries: 'restartContainer' });
    expect(job.spec).toMatchObject({
      backoffLimit: 3,
      activeDeadlineSeconds: 90,
      template: { spec: { restartPolicy: 'OnFailure' } },
    });
    expect(job.spec).not.toHaveProperty('podFailurePolicy');
    expect(container.args).toEqual([
      '--runtime=python',
      '--retries=0',
      '--timeout=1m30s',
      '--status-file=/keptn/status.json',
    ]);
  });

  test('is never started a second time by Kubernetes where it has no retries', () => {
    const { job } = made({ image: foreign, task: { retries: 0 } });
    expect(job.spec).toMatchObject({
      backoffLimit: 0,
      template: { spec: { restartPolicy: 'Never' } },
    });
  });

  test('runs on Linux nodes, unless the definition says something else', () => {
    expect(made().job.spec.template.spec['nodeSelector']).toEqual({ 'kubernetes.io/os': 'linux' });
    const job = { nodeSelector: { 'kubernetes.io/os': 'windows' } };
    expect(made({ spec: { job } }).job.spec.template.spec['nodeSelector']).toEqual(
      job.nodeSelector,
    );
    expect(made({ image: foreign }).job.spec.template.spec).not.toHaveProperty('nodeSelector');
  });

  test('runs under the restricted Pod Security level, unless the definition says something else', () => {
    expect(made().container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const job = { securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: false } };
    expect(made({ spec: { job } }).container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      capabilities: { drop: ['ALL'] },
    });
  });
});

describe('the runner', () => {
  test('hands on the variables of further Secrets, and all of them where their names are not known', () => {
    const script = { secureParameters: { secrets: [{ name: 'a', env: 'TOKEN' }] } };
    expect(made({ script }).container.args).toContain('--env=TOKEN');
    const job = { envFrom: [{ secretRef: { name: 'more' } }] };
    expect(made({ script, spec: { job } }).container.args).toContain('--env=*');
  });

  test('does not wait between two attempts where the definition says so', () => {
    const { container } = made({ spec: { retryInterval: '0s', attemptTimeout: '0s' } });
    expect(container.args).toContain('--retry-interval=0s');
    expect(container.args.join(' ')).not.toContain('attempt-timeout');
  });

  test.each([
    ['0', '--timeout=1s'],
    ['0nonsense', '--timeout=5m0s'],
    ['1.5h', '--timeout=1h30m0s'],
  ])('is told a time-out it can read: %s is %s', (timeout, argument) => {
    const { container } = made({ task: { timeout }, spec: { retryInterval: '-1s' } });
    expect(container.args).toContain(argument);
    expect(container.args.join(' ')).not.toContain('retry-interval');
  });
});

describe('a function in an image of somebody else', () => {
  test("gets a Job with Keptn's values and nothing else", () => {
    const { job, container } = made({ image: foreign, spec: { retryInterval: '7s' } });
    expect(Object.keys(job.spec)).toEqual(['backoffLimit', 'activeDeadlineSeconds', 'template']);
    expect(job.spec).toMatchObject({ backoffLimit: 3, activeDeadlineSeconds: 90 });
    expect(Object.keys(container).toSorted()).toEqual([
      'env',
      'image',
      'imagePullPolicy',
      'name',
      'terminationMessagePolicy',
    ]);
  });

  test('is repeated in its container where the KeptnConfig says that it can', () => {
    const { job, container } = made({ image: foreign, functionRetries: 'insideContainer' });
    expect(job.spec.template.spec).toMatchObject({ restartPolicy: 'Never' });
    expect(container.args[1]).toBe('--retries=3');
    expect(container).not.toHaveProperty('securityContext');
  });
});

describe('hosts that downloads may use', () => {
  const hosts = ['code', '*.example.com'];
  const argsOf = (given: Parameters<typeof made>[0]) => JSON.stringify(made(given).container);

  test('are handed to the runner, which holds redirects to them', () => {
    expect(argsOf({ allowedHosts: hosts })).toContain(
      '"--only-host=code","--only-host=*.example.com"',
    );
    expect(argsOf({})).not.toContain('--only-host');
  });

  test('concern no code that is brought along', () => {
    const { httpRef: _, ...inline } = { httpRef: undefined, inline: { code: 'x' } };
    expect(argsOf({ allowedHosts: hosts, script: inline })).not.toContain('--only-host');
  });
});

describe('a definition that relies on what only Sluice’s runner does', () => {
  const relying = {
    httpRef: { url: 'https://code/check.ts', sha256: 'a'.repeat(64) },
    permissions: [],
    args: ['--verbose'],
  };
  const problem = (
    image: typeof own,
    script: FunctionSpec,
    functionRetries?: JobSettings['functionRetries'],
  ) => {
    const found = blueprintOf('check', () => aTaskDefinition('check').with({ deno: script }));
    if (found.type === 'problem') throw new Error(found.message);
    const images = { deno: image, python: own, bash: own };
    return foreignImageProblem(found, { images, functionRetries, jobDefaults: {} });
  };

  test('does not run in another image, which would run any code with all permissions', () => {
    expect(problem(foreign, relying)).toEqual({
      type: 'problem',
      reason: 'RunnerImageForeign',
      message:
        "httpRef.sha256, permissions, args would have no effect: image ghcr.io/keptn/deno-runtime:v3.0.1 is not known to have Sluice's runner; use a sluice-functions image, set functionRetries: insideContainer in the KeptnConfig if this one has it, or remove the setting",
    });
    for (const script of [
      { httpRef: relying.httpRef },
      { httpRef: { url: 'https://code/check.ts' }, permissions: ['deny-net'] },
      { inline: { code: 'x' }, args: ['1'] },
    ]) {
      expect(problem(foreign, script, 'restartContainer')).toBeDefined();
    }
  });

  test('runs in its own image, in one that is said to have the runner, and if it relies on nothing', () => {
    expect(problem(own, relying, 'restartContainer')).toBeUndefined();
    expect(problem(foreign, relying, 'insideContainer')).toBeUndefined();
    expect(problem(foreign, { inline: { code: 'x' }, cmdParameters: '-q' })).toBeUndefined();
  });
});

describe('what a definition asks of its Job', () => {
  const all = {
    labels: { team: 'shop', 'sluice.keptn.sh/task': 'forged' },
    annotations: { 'example.com/inject': 'false' },
    imagePullPolicy: 'Always',
    envFrom: [{ secretRef: { name: 'more' } }],
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    resources: { limits: { memory: '64Mi' } },
    nodeSelector: { pool: 'tasks' },
    podSecurityContext: { seccompProfile: { type: 'RuntimeDefault' }, fsGroup: 65532 },
    tolerations: [{ key: 'tasks', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    volumes: [{ name: 'cache', emptyDir: {} }],
  };

  test('is in it, and cannot hide it from Sluice', () => {
    const { job, container } = made({ spec: { job: all } });
    expect(job.spec.template).toMatchObject({
      metadata: {
        labels: { team: 'shop', 'sluice.keptn.sh/task': 'pre-check' },
        annotations: { 'example.com/inject': 'false' },
      },
      spec: {
        nodeSelector: { 'kubernetes.io/os': 'linux', ...all.nodeSelector },
        securityContext: all.podSecurityContext,
        tolerations: all.tolerations,
        affinity: all.affinity,
        volumes: all.volumes,
      },
    });
    expect(container).toMatchObject({
      imagePullPolicy: 'Always',
      envFrom: all.envFrom,
      volumeMounts: all.volumeMounts,
      resources: all.resources,
    });
  });

  test('comes from the KeptnConfig field by field where the definition is silent', () => {
    const jobDefaults = {
      ...all,
      labels: { team: 'platform', cost: '1' },
      annotations: { 'example.com/inject': 'false', 'example.com/own': 'no' },
      imagePullPolicy: 'Never',
    };
    const { job, container } = made({
      jobDefaults,
      spec: {
        job: {
          labels: { team: 'shop' },
          annotations: { 'example.com/own': 'yes' },
          nodeSelector: { pool: 'own' },
        },
      },
    });
    expect(job.spec.template.metadata?.annotations).toMatchObject({
      'example.com/inject': 'false',
      'example.com/own': 'yes',
    });
    expect(job.spec.template.metadata?.labels).toMatchObject({ team: 'shop', cost: '1' });
    expect(job.spec.template.spec).toMatchObject({ nodeSelector: { pool: 'own' } });
    expect(container).toMatchObject({ imagePullPolicy: 'Never' });
  });

  test('fills only what a container of the user leaves open, and its volumes are not replaced', () => {
    const container = {
      name: 'c',
      image: 'i:1',
      securityContext: { runAsUser: 7 },
      volumeMounts: [
        { name: 'cache', mountPath: '/a' },
        { name: 'other', mountPath: '/b' },
      ],
    };
    const definition = aTaskDefinition('check').with({ container, job: { volumes: all.volumes } });
    const job = jobFor({
      name: 'the-job',
      task: aTask(),
      definition,
      blueprint: { type: 'container', container },
      settings: {
        images: { deno: own, python: own, bash: own },
        functionRetries: undefined,
        jobDefaults: {
          securityContext: { runAsNonRoot: true },
          podSecurityContext: { runAsNonRoot: true },
          resources: all.resources,
        },
      },
    });
    expect(job.spec.template.spec).toMatchObject({
      securityContext: { runAsNonRoot: true },
      containers: [{ securityContext: { runAsUser: 7 }, resources: all.resources }],
      volumes: [
        { name: 'other', emptyDir: { medium: 'Memory' } },
        { name: 'cache', emptyDir: {} },
      ],
    });
  });

  test('fills an environment variable from each further Secret, the ones of the task first', () => {
    const script = { secureParameters: { secret: 'main', secrets: [{ name: 'a', env: 'A' }] } };
    const secureParameters = { secrets: [{ name: 'b', key: 'k', env: 'A' }] };
    const { container } = made({ script, task: { secureParameters } });
    expect(container.env.slice(-3)).toEqual([
      {
        name: 'SECURE_DATA',
        valueFrom: { secretKeyRef: { name: 'main', key: 'SECURE_DATA' } },
      },
      { name: 'A', valueFrom: { secretKeyRef: { name: 'b', key: 'k' } } },
      { name: 'SCRIPT', value: 'https://code/check.py' },
    ]);
  });
});
