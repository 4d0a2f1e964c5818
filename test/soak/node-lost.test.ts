import { beforeAll, describe, expect, it } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import type { Kind } from '../../src/api/object.ts';
import { addNodes } from '../control-plane/nodes.ts';
import { busyboxImage } from '../node/base-images.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { isCompleted, isReady } from '../support/cluster/enabled-namespace.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { sluicePods } from '../support/real/install-in-cluster.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { isRunning, running, taskPods } from '../support/real/task-pods.ts';
import { isOver, startChecks, taskStatus } from '../support/real/tasks.ts';
import { aRealDeployment, aTask } from '../support/real/web.ts';

/** A node goes in the middle of a check: for a moment, and for good. */

const NodeKind: Kind = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

describe.runIf(whyNoRealSluice() === undefined)('in the middle of a check', () => {
  let sluice: RealSluice;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
  });

  it('the node restarts: Sluice comes back by itself, a check with retries is run again, one without says that it was lost', async () => {
    await using shop = await sluice.namespace();
    await using own = await sluice.cluster.namespace();
    const sleeping = (seconds: number) => ({ inline: { code: `sleep ${seconds}` } });
    await startChecks(sluice.cluster, own.name, [{ name: 'once', spec: { bash: sleeping(100) } }]);
    await shop.apply(
      aTask('migrate', { bash: sleeping(20), retries: 1 }),
      aRealDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await running(sluice, own.name);
    await running(sluice, shop.name);
    const before = await sluicePods(sluice.cluster);
    await sluice.world.power('restart');
    // The same Pods: a kubelet that comes back says that their containers have ended, and starts them again.
    for (const pod of before) {
      const { name } = pod.metadata;
      const restarts = restartsOf(pod) + 1;
      await sluice.cluster.until(
        PodKind,
        { namespace: operatorNamespace, name, withinMs: 120_000 },
        (now) => restartsOf(now) === restarts && isReady(now),
      );
    }
    expect(await taskStatus(sluice.cluster, { namespace: own.name, name: 'once' })).toMatchObject({
      status: 'Failed',
      exitCode: 255,
      evidence: {
        message:
          'the container ended with exit code 255 (Unknown); its Pod was lost, Kubernetes replaces no more',
      },
    });
    await shop.untilVersion({ withinMs: 120_000 }, isCompleted);
    const [task] = await shop.tasks();
    expect(task?.status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    expect(shop.created('jobs.batch')).toHaveLength(1);
  });

  it('the check’s node is gone for good: a function and a container with retries run on another one, a container without says why', async () => {
    await using own = await sluice.cluster.namespace();
    await using _ = {
      [Symbol.asyncDispose]: async () => {
        await sluice.kubectl(['uncordon', 'node-2', 'node-3']);
        await addNodes(sluice.world.controlPlane, { tainted: true });
      },
    };
    // Of a node that is gone no kubelet says anything: one that is played does as well.
    const job = {
      annotations: { 'sluice.test/outcome': 'run' },
      nodeSelector: { type: 'kwok' },
      tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
    };
    const container = { name: 'check', image: busyboxImage, command: ['sleep', '600'] };
    await sluice.kubectl(['cordon', 'node-2', 'node-3']);
    await startChecks(sluice.cluster, own.name, [
      { name: 'function', spec: { bash: { inline: { code: 'sleep 600' } }, job, timeout: '10m' } },
      { name: 'container', spec: { container, job, retries: 1, timeout: '10m' } },
      { name: 'once', spec: { container, job, timeout: '10m' } },
    ]);
    const podsOf = (task: string) => taskPods(sluice, own.name, task);
    const firsts = await eventually(
      'all of them run',
      async () => {
        const pods = [
          ...(await podsOf('function')),
          ...(await podsOf('container')),
          ...(await podsOf('once')),
        ];
        return pods.length === 3 && pods.every(isRunning) && pods;
      },
      60_000,
    );
    await sluice.kubectl(['uncordon', 'node-2', 'node-3']);
    await sluice.cluster.delete(NodeKind, { name: 'node-1' });
    const once = await taskStatus(sluice.cluster, { namespace: own.name, name: 'once' });
    expect(once).toMatchObject({
      status: 'Failed',
      evidence: {
        message: expect.stringMatching(/^Pod once-\S+ failed: PodGC: node no longer exists/u),
      },
    });
    for (const task of ['function', 'container']) {
      const first = firsts.find(({ metadata }) => metadata.name.startsWith(`${task}-`));
      await eventually(
        `another Pod of ${task} runs`,
        async () => {
          const [pod, ...more] = await podsOf(task);
          return (
            more.length === 0 &&
            pod !== undefined &&
            isRunning(pod) &&
            pod.metadata.uid !== first?.metadata.uid
          );
        },
        60_000,
      );
      const place = { namespace: own.name, name: task };
      const status = await taskStatus(sluice.cluster, place, () => true);
      expect(isOver(status)).toBe(false);
    }
    const jobs = sluice.cluster
      .writes()
      .filter(
        ({ verb, resource, namespace }) =>
          `${verb} ${resource} ${namespace}` === `create jobs.batch ${own.name}`,
      );
    expect(jobs).toHaveLength(3);
  });
});

function restartsOf({ status }: Pod): number {
  return status?.containerStatuses?.[0]?.restartCount ?? 0;
}
