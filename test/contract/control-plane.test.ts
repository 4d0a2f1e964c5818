import { beforeAll, describe, expect, it } from 'vitest';
import { JobKind, PodKind, type Job, type Pod } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { isHealthy } from '../control-plane/components.ts';
import { sharedCluster } from '../support/cluster/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

interface LiveDeployment extends KubernetesObject {
  status?: { availableReplicas?: number };
}

const LiveDeploymentKind: Kind<LiveDeployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

describe('the control plane', () => {
  it('has five healthy components', async () => {
    const { components } = cluster.controlPlane.state();
    const health = components.map(async (component) => [
      component.name,
      await isHealthy(component),
    ]);
    expect(Object.fromEntries(await Promise.all(health))).toEqual({
      etcd: true,
      'kube-apiserver': true,
      'kube-controller-manager': true,
      'kube-scheduler': true,
      kwok: true,
    });
  });

  it('is what kubectl talks to', async () => {
    const nodes = await cluster.kubectl(['get', 'nodes', '-o', 'name']);
    expect(nodes.trim().split('\n')).toEqual(['node/node-1', 'node/node-2', 'node/node-3']);
  });

  it('counts a write once in its audit log, and a dry run never', async () => {
    const since = Date.now();
    await using namespace = await cluster.namespace();
    const { name } = namespace;
    const metadata = { name: 'counted', namespace: name };
    await cluster.create(PodKind, aPod(metadata), { dryRun: true });
    await cluster.create(PodKind, aPod(metadata));
    await cluster.patch(PodKind, metadata, { metadata: { labels: { changed: 'yes' } } });
    const counts = cluster.countWrites({ since, userAgent: 'sluice-test' });
    expect(Object.fromEntries(counts)).toEqual({
      'create namespaces': 1,
      'create pods': 1,
      'patch pods': 1,
    });
  });
});

describe('the fake kubelet', () => {
  it('makes the Pods of a Deployment ready, with init containers and sidecars', async () => {
    await using namespace = await cluster.namespace();
    const place = { name: 'web', namespace: namespace.name };
    await cluster.apply(aDeployment(place));
    await cluster.until(LiveDeploymentKind, place, ({ status }) => status?.availableReplicas === 2);
  });

  it('leaves a Pod unready that asks for it', async () => {
    await using namespace = await cluster.namespace();
    const place = { name: 'slow', namespace: namespace.name };
    const labels = { 'sluice.test/outcome': 'not-ready' };
    await cluster.create(PodKind, aPod({ ...place, labels }));
    const pod = await cluster.until(PodKind, place, ({ status }) => status?.phase === 'Running');
    expect(conditionOf(pod, 'Ready')).toBe('False');
  });

  it('completes the Job of a Pod that asks for nothing, with exit code 0', async () => {
    const { job, pod } = await endOfJob({});
    expect(terminated(job)).toBe('Complete');
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
  });

  it('completes a Job only after the delay its Pod asks for', async () => {
    const { pod } = await endOfJob({ annotations: { 'sluice.test/delay': '2s' } });
    const { startedAt = '', finishedAt = '' } =
      pod.status?.containerStatuses?.[0]?.state?.terminated ?? {};
    expect(Date.parse(finishedAt) - Date.parse(startedAt)).toBeGreaterThanOrEqual(2_000);
  });

  it('fails a Job with the exit code and the termination message its Pod asks for', async () => {
    const { job, pod } = await endOfJob({
      labels: { 'sluice.test/outcome': 'fail', 'sluice.test/exit-code': '7' },
      annotations: { 'sluice.test/termination-message': '{"why":\n"broken"}' },
    });
    expect(terminated(job)).toBe('Failed');
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 7,
      reason: 'Error',
      message: '{"why":\n"broken"}',
    });
  });

  it('restarts a container again and again until its Job gives up', async () => {
    const seen = new Set<number>();
    await using namespace = await cluster.namespace();
    const place = { name: 'loop', namespace: namespace.name };
    const labels = { 'sluice.test/outcome': 'restart', 'sluice.test/delay': '500ms' };
    await cluster.create(JobKind, aJob(place, { labels }, 3));
    await eventually('the Job gives up', async () => {
      const [pod] = await cluster.list(PodKind, { namespace: place.namespace });
      const status = pod?.status?.containerStatuses?.[0];
      if (status?.lastState?.terminated?.exitCode === 1) seen.add(status.restartCount ?? 0);
      return terminated(await cluster.get(JobKind, place)) === 'Failed';
    });
    expect([...seen]).toEqual([1, 2, 3].slice(0, seen.size));
    expect(seen.size).toBeGreaterThan(1);
  });

  it('lets a restarted container succeed in the end when its Pod says after how many restarts', async () => {
    const { job, pod } = await endOfJob({
      labels: { 'sluice.test/outcome': 'restart', 'sluice.test/restarts': '2' },
      annotations: { 'sluice.test/delay': '100ms' },
    });
    expect(terminated(job)).toBe('Complete');
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 2,
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  it('lets a Pod wait for its image for ever', async () => {
    await using namespace = await cluster.namespace();
    const place = { name: 'no-image', namespace: namespace.name };
    await cluster.create(JobKind, aJob(place, { labels: { 'sluice.test/outcome': 'image-pull' } }));
    const pod = await eventually('a Pod that waits', async () =>
      (await cluster.list(PodKind, { namespace: place.namespace })).find(
        ({ status }) => status?.containerStatuses !== undefined,
      ),
    );
    expect(pod.status?.phase).toBe('Pending');
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ImagePullBackOff');
  });

  it('ends a running Pod before it removes it, so that a Job past its deadline fails', async () => {
    await using namespace = await cluster.namespace();
    const place = { name: 'endless', namespace: namespace.name };
    const job = aJob(place, { labels: { 'sluice.test/outcome': 'run' } });
    await cluster.create(JobKind, { ...job, spec: { ...job.spec, activeDeadlineSeconds: 1 } });
    await cluster.until(JobKind, place, (latest) => terminated(latest) === 'Failed');
    await eventually('its Pod is gone', async () => {
      const pods = await cluster.list(PodKind, { namespace: place.namespace });
      return pods.length === 0;
    });
  });
});

interface PodMetadata {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

async function endOfJob(metadata: PodMetadata): Promise<{ job: Job; pod: Pod }> {
  await using namespace = await cluster.namespace();
  const place = { name: 'job', namespace: namespace.name };
  await cluster.create(JobKind, aJob(place, metadata));
  const job = await cluster.until(JobKind, place, (latest) => terminated(latest) !== undefined);
  const [pod] = await cluster.list(PodKind, { namespace: place.namespace });
  if (pod === undefined) throw new Error('the Job has no Pod');
  return { job, pod };
}

function terminated(job: Job | undefined): string | undefined {
  return job?.status?.conditions?.find(
    ({ type, status }) => ['Complete', 'Failed'].includes(type) && status === 'True',
  )?.type;
}

function conditionOf(pod: Pod, type: string): string | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)?.status;
}

const containers = [{ name: 'main', image: 'example.org/main:1' }];

function aPod(metadata: Manifest['metadata']): Manifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } };
}

function aJob(
  metadata: Manifest['metadata'],
  podMetadata: PodMetadata,
  backoffLimit = 5,
): Manifest & { spec: Record<string, unknown> } {
  // As Keptn makes them: a container that fails is restarted in its Pod.
  const template = { metadata: podMetadata, spec: { containers, restartPolicy: 'OnFailure' } };
  const limit = podMetadata.labels?.['sluice.test/outcome'] === 'fail' ? 0 : backoffLimit;
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template, backoffLimit: limit } };
}

function aDeployment(metadata: Manifest['metadata']): Manifest {
  const labels = { app: 'web' };
  const initContainers = [
    { name: 'prepare', image: 'example.org/prepare:1' },
    { name: 'sidecar', image: 'example.org/sidecar:1', restartPolicy: 'Always' },
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers, initContainers } },
    },
  };
}
