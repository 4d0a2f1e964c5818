import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import { schedulingGate } from '../../src/api/keptn/annotations.ts';
import { keptnAnnotationsOf } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isReady,
} from '../support/cluster/enabled-namespace.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';
import { busyboxImage } from '../node/base-images.ts';
import { leaderOf, rolledOut, sluicePods } from '../support/real/install-in-cluster.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
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
      expect(status?.restartCount).toBe(0);
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
    const reviewed: Pod[] = [];
    const refused: unknown[] = [];
    const done = new AbortController();
    const load = async (): Promise<void> => {
      while (!done.signal.aborted) {
        await sluice.cluster
          .create(PodKind, manifest, { dryRun: true })
          .then((pod) => reviewed.push(pod))
          .catch((error: unknown) => refused.push(error));
        // A load, not a wait: 4 clients with about 20 reviews a second each.
        await sleep(50);
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, load));
    await sluice.kubectl(['rollout', 'restart', 'deployment/sluice', '-n', operatorNamespace]);
    await rolledOut(sluice.cluster);
    done.abort();
    await clients;
    expect(refused).toEqual([]);
    expect(reviewed.length).toBeGreaterThan(100);
    const ungated = reviewed.filter(({ spec }) => (spec?.schedulingGates ?? []).length === 0);
    expect(ungated).toHaveLength(0);
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
    const { auditLog } = sluice.world.controlPlane;
    const mine = readFileSync(auditLog ?? '', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"username":"${user}"`));
    expect(mine.length).toBeGreaterThan(0);
    expect(mine.filter((line) => /"responseStatus":\{[^}]*"code":403/u.test(line))).toEqual([]);
  });
});

/** A Pod as the controller of a ReplicaSet makes it. */
async function anAnnotatedPod(shop: EnabledNamespace): Promise<Manifest> {
  const checked = { preDeploymentTasks: ['migrate'] };
  await shop.apply(aRealDeployment({ ...checked, replicas: 0 }));
  const [replicaSet] = await eventually('the ReplicaSet', async () => {
    const all = await shop.replicaSets();
    return all.length === 1 && all;
  });
  const { name, uid } = replicaSet?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace: shop.name,
      annotations: keptnAnnotationsOf(checked),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }],
    },
    spec: { containers: [{ name: 'main', image: busyboxImage }] },
  };
}
