import { beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { isCompleted, isReady } from '../support/cluster/enabled-namespace.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { readWrites } from '../support/observed/audit-log.ts';
import { forbiddenWhileBound } from '../support/observed/forbidden-requests.ts';
import { anAnnotatedPod } from '../support/real/annotated-pod.ts';
import { leaderOf, rolledOut, sluicePods } from '../support/real/install-in-cluster.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { reviewedWhile } from '../support/real/review-load.ts';
import { aRealDeployment } from '../support/real/web.ts';

/** Sluice itself in its image: two replicas behind their Service, with the rights and settings that it is installed with. */

const user = `system:serviceaccount:${operatorNamespace}:sluice`;

describe.runIf(whyNoRealSluice() === undefined)('Sluice in its image', () => {
  let sluice: RealSluice;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
  });

  it('runs twice, ready, as user 65532 with a root file system that cannot be written', async () => {
    const pods = await sluicePods(sluice.cluster);
    expect(pods).toHaveLength(2);
    for (const pod of pods) {
      expect(isReady(pod)).toBe(true);
      const [status] = pod.status?.containerStatuses ?? [];
      // The tests of disturbances, which may run before, have each killed for want of memory; nothing else ends one.
      expect([undefined, 'OOMKilled']).toContain(status?.lastState?.terminated?.reason);
      // No shell is in the image: what it may write is asked of the interpreter.
      const script =
        'try { fs.writeFileSync("/app/x", ""); console.log("written") } catch (e) { console.log(process.getuid(), e.code) }';
      const where = ['-n', operatorNamespace, pod.metadata.name];
      const said = await sluice.kubectl(['exec', ...where, '--', '/usr/bin/node', '-e', script]);
      expect(said.trim()).toBe('65532 EROFS');
    }
  });

  it('annotated Pods are gated by its webhook, which the API server calls through the Service', async () => {
    await using shop = await sluice.namespace();
    const manifest = await anAnnotatedPod(shop);
    const pod = await sluice.cluster.create(PodKind, manifest, { dryRun: true });
    expect(pod.spec?.schedulingGates).toEqual([{ name: schedulingGate }]);
  });

  it('no review fails and no Pod comes ungated while both replicas are replaced', async () => {
    await using shop = await sluice.namespace();
    const manifest = await anAnnotatedPod(shop);
    const { pods, ungated, refused } = await reviewedWhile(sluice.cluster, manifest, async () => {
      await sluice.kubectl(['rollout', 'restart', 'deployment/sluice', '-n', operatorNamespace]);
      await rolledOut(sluice.cluster);
    });
    expect(refused).toEqual([]);
    expect(pods.length).toBeGreaterThan(100);
    expect(ungated).toEqual([]);
  });

  it('a version goes on when the leader is killed in the middle of its check, whose Job is made once', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      {
        apiVersion: 'lifecycle.keptn.sh/v1',
        kind: 'KeptnTaskDefinition',
        metadata: { name: 'migrate' },
        spec: { bash: { inline: { code: 'sleep 5' } }, retries: 0 },
      },
      aRealDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing', 60_000);
    const leader = await eventually('a leader', () => leaderOf(sluice.cluster));
    // The Lease names a process: its Pod, and which of the Pod's.
    const [pod = ''] = leader.split('_');
    const killed = ['--grace-period=0', '--force', '-n', operatorNamespace];
    await sluice.kubectl(['delete', 'pod', pod, ...killed]);
    await shop.untilVersion({ withinMs: 120_000 }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
    await rolledOut(sluice.cluster);
  });

  it('has every right that it asked for, and no request of it was refused for want of one', () => {
    const { controlPlane } = sluice.world;
    const mine = readWrites(controlPlane.auditLog).filter((write) => write.user === user);
    expect(mine.length).toBeGreaterThan(0);
    expect(forbiddenWhileBound(controlPlane.auditLog, { user, binding: 'sluice' })).toEqual([]);
  });
});
