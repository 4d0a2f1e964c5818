import { expect, it } from 'vitest';
import { ClusterError } from '../../src/api/cluster-error.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { tryGate } from '../../src/install/gate-trial.ts';
import type { InstallCluster } from '../../src/install/install-cluster.ts';
import type { Clock } from '../../src/runtime/clock.ts';

/** A clock on which every wait is over at once. */
function hastyClock(): Clock {
  let ms = 0;
  return {
    now: () => ms,
    elapsed: () => ms,
    after(wait, then) {
      ms += wait;
      queueMicrotask(then);
      return { cancel: () => undefined };
    },
  };
}

const label = { 'sluice.keptn.sh/enabled': 'true' };
const gated = { schedulingGates: [{ name: 'keptn-prechecks-gate' }] };

/** A cluster that labels the Namespace, or does not, and answers the dry run so. */
function clusterOf(labels: Record<string, string>, answer: () => object) {
  const deleted: string[] = [];
  const namespace: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'sluice-gate-trial', uid: 'u', labels },
  };
  const refuse = () => Promise.reject(new Error('not asked for'));
  const cluster: InstallCluster = {
    create: async () => namespace,
    get: async () => namespace,
    apply: async (_, object, { dryRun }) => {
      if (dryRun !== true) throw new Error('something would be stored');
      return Object.assign({ ...object }, { spec: answer() });
    },
    delete: async ({ name }) => void deleted.push(name),
    patch: refuse,
    writeStatus: refuse,
    async *listPaged() {
      yield { items: [] };
    },
  };
  return { cluster, deleted };
}

const by = (cluster: InstallCluster) => ({ cluster, clock: hastyClock(), tell: () => undefined });

it('says that a Pod would be held, and deletes the Namespace it has made', async () => {
  const { cluster, deleted } = clusterOf(label, () => gated);
  await tryGate(by(cluster));
  expect(deleted).toEqual(['sluice-gate-trial']);
});

it('fails with the reason where the label is not set, the gate is not added, or the Pod is refused, and cleans up each time', async () => {
  const refused = () => {
    throw new ClusterError({
      code: 500,
      reason: 'InternalError',
      message: 'failed calling webhook',
    });
  };
  const cases = [
    [clusterOf({}, () => gated), 'has no label sluice.keptn.sh/enabled'],
    [clusterOf(label, () => ({})), 'would start without the gate'],
    [clusterOf(label, refused), 'the Pod would be refused: failed calling webhook'],
  ] as const;
  for (const [{ cluster, deleted }, words] of cases) {
    await expect(tryGate(by(cluster))).rejects.toThrow(words);
    expect(deleted).toEqual(['sluice-gate-trial']);
  }
});
