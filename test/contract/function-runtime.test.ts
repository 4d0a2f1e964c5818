import { beforeAll, describe, expect, it } from 'vitest';
import { JobKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { runFunction } from '../support/functions/function-run.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** KEP 90 through the real control plane: what a runner leaves behind becomes KeptnTask.status, and stays. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

/** A namespace in which only Pods of the restricted Pod Security level may be. */
const restricted = { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } };

interface Ending {
  readonly outcome: 'succeed' | 'fail';
  /** The status file of a real runner. */
  readonly told: unknown;
  readonly exitCode?: number | null;
  /** How long the Job is kept. */
  readonly ttlSecondsAfterFinished?: number;
}

function definition(
  namespace: string,
  { outcome, told, exitCode, ttlSecondsAfterFinished = 0 }: Ending,
): Manifest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnTaskDefinition',
    metadata: {
      name: 'check',
      namespace,
      annotations: {
        'sluice.test/outcome': outcome,
        'sluice.test/termination-message': JSON.stringify(told),
        'sluice.test/exit-code': String(exitCode ?? 0),
      },
    },
    spec: {
      bash: { inline: { code: 'exit 1' } },
      retries: 1,
      timeout: '1m',
      retryInterval: '1s',
      ttlSecondsAfterFinished,
    },
  };
}

const task = (namespace: string): Manifest => ({
  apiVersion: 'lifecycle.keptn.sh/v1',
  kind: 'KeptnTask',
  metadata: { name: 'check-by-hand', namespace },
  spec: { taskDefinition: 'check', retries: 1, timeout: '1m' },
});

const isOver = ({ status }: KeptnTask): boolean =>
  status?.status === 'Succeeded' || status?.status === 'Failed';

/** Runs the task with an ending, and answers it when it and its Job are over and gone. */
async function ended(namespace: string, ending: Ending): Promise<KeptnTask> {
  const { cluster } = sluice;
  const place = { namespace, name: 'check-by-hand' };
  await cluster.apply(definition(namespace, ending));
  // What Keptn's controllers would copy to the task: KWOK reads it on the Pod.
  const { metadata, ...rest } = task(namespace);
  const annotations = definition(namespace, ending).metadata.annotations ?? {};
  await cluster.apply({ ...rest, metadata: { ...metadata, annotations } });
  const over = await cluster.until(KeptnTask, { ...place, withinMs: 30_000 }, isOver);
  await eventually('the Job is gone', async () => {
    return (await cluster.list(JobKind, { namespace })).length === 0;
  });
  return over;
}

const bash = (script: string) =>
  runFunction({
    host: 'node',
    args: ['--runtime=bash', '--retries=1', '--retry-interval=100ms', '--inline', script],
  });

/** Starts the task with a Pod that takes its time, and answers that Pod. Its Job is kept when it is over. */
async function started(namespace: string, annotations: Record<string, string>): Promise<Pod> {
  const { cluster } = sluice;
  await cluster.apply(
    definition(namespace, { outcome: 'succeed', told: '', ttlSecondsAfterFinished: 300 }),
  );
  const { metadata, ...rest } = task(namespace);
  await cluster.apply({ ...rest, metadata: { ...metadata, annotations } });
  return await eventually('the Pod of the task runs', async () => {
    const pods = await cluster.list(PodKind, { namespace });
    return pods.find(({ status }) => status?.phase === 'Running');
  });
}

describe('the Pod of a function', () => {
  it('is replaced when it is evicted, which counts for nothing', async () => {
    await using namespace = await sluice.cluster.namespace(restricted);
    const { cluster } = sluice;
    const place = { namespace: namespace.name, name: 'check-by-hand' };
    const pod = await started(namespace.name, { 'sluice.test/delay': '5s' });
    const { name } = pod.metadata;
    await cluster.request(`/api/v1/namespaces/${namespace.name}/pods/${name}/eviction`, {
      method: 'POST',
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
    });
    const { status } = await cluster.until(KeptnTask, { ...place, withinMs: 60_000 }, isOver);
    expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    expect(status?.attempts).toHaveLength(1);
    const [job] = await cluster.list(JobKind, { namespace: namespace.name });
    expect(job?.status).not.toHaveProperty('failed');
  });

  it('is replaced when its container is killed, as often as it has retries, and the last one says why', async () => {
    await using namespace = await sluice.cluster.namespace(restricted);
    const { cluster } = sluice;
    const place = { namespace: namespace.name, name: 'check-by-hand' };
    const told = {
      status: 'failed',
      message: 'attempt 1 of 2: exit code 1: connection refused',
      timestamp: '2026-11-21T08:27:53.123Z',
      reason: 'FunctionFailed',
      exitCode: 1,
      final: false,
    };
    const ending = { outcome: 'fail', told, exitCode: 137 } as const;
    const annotations = definition(namespace.name, ending).metadata.annotations ?? {};
    await cluster.apply(definition(namespace.name, ending));
    const { metadata, ...rest } = task(namespace.name);
    await cluster.apply({ ...rest, metadata: { ...metadata, annotations } });
    const { status } = await cluster.until(KeptnTask, { ...place, withinMs: 60_000 }, isOver);
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'PodLost',
      evidence: {
        message:
          'the container ended with exit code 137 (Error); before that: attempt 1 of 2: exit code 1: connection refused; 2 Pods were lost, Kubernetes replaces no more',
      },
      exitCode: 137,
      restarts: 1,
    });
  });

  it('ends its task when somebody deletes it', async () => {
    await using namespace = await sluice.cluster.namespace(restricted);
    const { cluster } = sluice;
    const place = { namespace: namespace.name, name: 'check-by-hand' };
    const pod = await started(namespace.name, { 'sluice.test/outcome': 'run' });
    await cluster.delete(PodKind, { namespace: namespace.name, name: pod.metadata.name });
    const { status } = await cluster.until(KeptnTask, { ...place, withinMs: 30_000 }, isOver);
    expect(status).toMatchObject({
      status: 'Failed',
      evidence: {
        message: expect.stringContaining('was still running and was stopped (exit code 143)'),
      },
    });
    expect(await cluster.list(PodKind, { namespace: namespace.name })).toEqual([]);
  });
});

describe('a function Job whose Pod ends with the message of its runner', () => {
  it('gives its task reason, message, runs and exit code, also after Job and Sluice are gone', async () => {
    const { status: told, exitCode } = await bash('echo "no route to host" >&2; exit 3');
    await using namespace = await sluice.cluster.namespace(restricted);
    const { status } = await ended(namespace.name, { outcome: 'fail', told, exitCode });
    expect(status).toMatchObject({
      status: 'Failed',
      reason: 'FunctionFailed',
      evidence: { message: told.message },
      exitCode: 3,
      runs: [
        { exitCode: 3, reason: 'FunctionFailed', message: 'no route to host' },
        { exitCode: 3, reason: 'FunctionFailed', message: 'no route to host' },
      ],
    });
    await sluice.kill();
    await sluice.start();
    await using another = await sluice.cluster.namespace(restricted);
    await ended(another.name, { outcome: 'succeed', told: '' });
    const place = { namespace: namespace.name, name: 'check-by-hand' };
    expect((await sluice.cluster.get(KeptnTask, place))?.status).toEqual(status);
    expect(await sluice.cluster.list(JobKind, { namespace: namespace.name })).toEqual([]);
  });

  it('gives its task the JSON that the function returned', async () => {
    const { status: told } = await bash('echo \'{"url":"https://a/1"}\' >"$KEPTN_RESULT"');
    await using namespace = await sluice.cluster.namespace(restricted);
    const { status } = await ended(namespace.name, { outcome: 'succeed', told });
    expect(status).toMatchObject({
      status: 'Succeeded',
      exitCode: 0,
      result: { url: 'https://a/1' },
      runs: [{ exitCode: 0, reason: 'Completed' }],
    });
  });

  it('runs its Pod once, told by arguments how often to repeat, under the restricted level', async () => {
    await using namespace = await sluice.cluster.namespace(restricted);
    const { cluster } = sluice;
    await cluster.apply(definition(namespace.name, { outcome: 'succeed', told: '' }));
    const { metadata, ...rest } = task(namespace.name);
    const annotations = { 'sluice.test/outcome': 'run' };
    await cluster.apply({ ...rest, metadata: { ...metadata, annotations } });
    const pod = await eventually('the Pod of the task', async () => {
      return (await cluster.list(PodKind, { namespace: namespace.name }))[0];
    });
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      containers: [
        {
          args: [
            '--runtime=bash',
            '--retries=1',
            '--retry-interval=1s',
            '--timeout=1m0s',
            '--status-file=/keptn/status.json',
          ],
          terminationMessagePath: '/keptn/status.json',
          securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false },
        },
      ],
    });
  });
});
