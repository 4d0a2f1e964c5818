import { beforeAll, describe, expect, it } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { nodeName } from '../node/layout.ts';
import { isCompleted, isReady } from '../support/cluster/enabled-namespace.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { anAnnotatedPod } from '../support/real/annotated-pod.ts';
import { rolledOut, sluicePods } from '../support/real/install-in-cluster.ts';
import { fillMemory } from '../support/real/out-of-memory.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { reviewedWhile } from '../support/real/review-load.ts';
import { running } from '../support/real/task-pods.ts';
import { startChecks, taskStatus } from '../support/real/tasks.ts';
import { aBashFunction, aRealDeployment, serveFile } from '../support/real/web.ts';

/** What happens to nodes and processes in the middle of a check: none of it loses a check, runs it twice, or starts what is held. */

describe.runIf(whyNoRealSluice() === undefined)('in the middle of a check', () => {
  let sluice: RealSluice;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
  });

  it('kubectl drain: one replica of Sluice goes on answering, and the check is run by another Pod when there is a node again', async () => {
    await using shop = await sluice.namespace();
    const asked = await anAnnotatedPod(shop);
    await using own = await sluice.cluster.namespace();
    const place = { namespace: own.name, name: 'moves' };
    // It goes on until a file is served, which it is when there is a node again.
    const untilServed = `until curl --silent --fail http://files.${own.name}.svc/go; do sleep 1; done`;
    await startChecks(sluice.cluster, own.name, [
      { name: 'moves', spec: { bash: { inline: { code: untilServed } } } },
    ]);
    await running(sluice, own.name);
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await sluice.kubectl(['uncordon', nodeName])),
    };
    const { refused, ungated } = await reviewedWhile(sluice.cluster, asked, async () => {
      const drain = ['drain', nodeName, '--ignore-daemonsets', '--delete-emptydir-data'];
      // One node: the place for the first replica is gone, and the disruption budget keeps the second.
      await expect(sluice.kubectl([...drain, '--force', '--timeout=15s'])).rejects.toThrow(
        "Cannot evict pod as it would violate the pod's disruption budget",
      );
      expect((await sluicePods(sluice.cluster)).filter(isReady)).toHaveLength(1);
      const status = await taskStatus(
        sluice.cluster,
        place,
        ({ reason }) => reason === 'Unschedulable',
      );
      expect(status.message).toContain('1 node(s) were unschedulable');
      await sluice.kubectl(['uncordon', nodeName]);
      await rolledOut(sluice.cluster);
    });
    expect(refused).toEqual([]);
    expect(ungated).toEqual([]);
    await serveFile(sluice.cluster, own.name, { name: 'go', content: 'go' });
    const status = await taskStatus(sluice.cluster, place);
    expect(status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
    expect(status.attempts).toHaveLength(1);
  });

  it('a replica of Sluice is OOMKilled: it starts again, the version completes, and the check’s Job is made once', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aBashFunction('migrate', 'sleep 5'),
      aRealDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing', 60_000);
    for (const { metadata } of await sluicePods(sluice.cluster)) {
      const where = ['-n', operatorNamespace, metadata.name];
      // It ends with the container, or after twenty seconds.
      await sluice.kubectl(['exec', ...where, '--', ...fillMemory]).catch(() => '');
      const killed = await sluice.cluster.until(
        PodKind,
        { namespace: operatorNamespace, name: metadata.name, withinMs: 60_000 },
        (pod) => lastEnd(pod) !== undefined && isReady(pod),
      );
      expect(lastEnd(killed)).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
    }
    await shop.untilVersion({ withinMs: 60_000 }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
  });
});

/** How the container of a Pod ended before it was started again. */
function lastEnd({ status }: Pod) {
  return status?.containerStatuses?.[0]?.lastState?.terminated;
}
