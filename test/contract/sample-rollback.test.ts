import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DeploymentKind, type Pod } from '../../src/api/builtin.ts';
import { keptnAnnotations } from '../../src/api/keptn/annotations.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import type { KeptnTask } from '../../src/api/keptn/task.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { EnabledNamespace, isCompleted, isReady } from '../support/cluster/enabled-namespace.ts';
import { endPod, leftToTest, playTask, podOf, runPod } from '../support/cluster/played-kubelet.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  applySample,
  type Change,
  changes,
  sampleNamespace,
  samples,
} from '../support/builders/samples.ts';

/** The sample rollback: its function really asks the API server, with a token of its own ServiceAccount. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const deployer =
  (shop: EnabledNamespace, prometheus: Prometheus, further: readonly Change[] = []) =>
  (version: string): Promise<void> =>
    applySample(shop.cluster, {
      folder: join(samples, 'rollback', version === '1.0.0' ? 'v1' : 'v2'),
      namespace: shop.name,
      changes: [
        changes.tasks(leftToTest),
        ...changes.prometheus(prometheus.url),
        changes.version(version),
        ...further,
      ],
    });

const hasFailed = ({ status }: { status?: { status?: string } }): boolean =>
  status?.status === 'Failed';

/** Whether a task follows the end of this version. */
const follows =
  (version: string) =>
  ({ spec }: KeptnTask): boolean =>
    spec.context?.workloadVersion === version;

const isReadyIn =
  (version: string, image: string) =>
  (pod: Pod): boolean =>
    isReady(pod) &&
    pod.metadata.annotations?.[keptnAnnotations.version] === version &&
    pod.spec?.containers?.[0]?.image === image;

describe.concurrent('the task that rolls back', () => {
  it('goes back to the newest version that has passed, whose Pods start at once, and not twice', async () => {
    await using prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 0 });
    await using shop = EnabledNamespace.named(sluice.cluster, sampleNamespace());
    const deploy = deployer(shop, prometheus);
    const failing = { version: '2.0.0' };
    await deploy('1.0.0');
    await shop.untilVersion({}, isCompleted);

    prometheus.answer(7);
    await deploy('2.0.0');
    await shop.untilVersion(failing, hasFailed);
    // Before anything is undone somebody applies the next version, which is no better.
    const late = await podOf(shop, await shop.untilTask('roll-back-cart', follows('2.0.0')));
    await deploy('3.0.0');
    await shop.untilVersion({ version: '3.0.0' }, hasFailed);

    const { end } = await playTask(shop, 'roll-back-cart', follows('3.0.0'));
    expect(end.status).toMatchObject({
      status: 'succeeded',
      attemptsMade: 1,
      result: { undone: '3.0.0', version: '1.0.0', revision: 1 },
    });
    await shop.untilPods(2, isReadyIn('1.0.0', 'registry.k8s.io/pause:3.9'), 20_000);
    // Nothing was checked again: one evaluation for each version.
    const place = { namespace: shop.name };
    expect(await sluice.cluster.list(KeptnEvaluation, place)).toHaveLength(3);

    const lateEnd = await runPod(sluice.cluster, late);
    await endPod(sluice.cluster, late, lateEnd);
    expect(lateEnd.status).toMatchObject({ status: 'succeeded', result: { undone: null } });
    await shop.untilVersion(
      failing,
      ({ status }) => status?.followUps?.[0]?.status === 'Succeeded',
    );
    const versions = await shop.workloadVersions();
    expect(
      Object.fromEntries(versions.map(({ spec, status }) => [spec.version, status?.status])),
    ).toEqual({ '1.0.0': 'Succeeded', '2.0.0': 'Failed', '3.0.0': 'Failed' });
    const deployment = { namespace: shop.name, name: 'cart' };
    expect(
      (await sluice.cluster.get(DeploymentKind, deployment))?.metadata.annotations,
    ).toMatchObject({ 'deployment.kubernetes.io/revision': '4' });
  });

  it('refuses where no version has passed, and may do nothing else', async () => {
    await using prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 7 });
    await using shop = EnabledNamespace.named(sluice.cluster, sampleNamespace());
    const once: Change = { kind: 'KeptnTaskDefinition', path: '/spec/retries', value: 0 };
    await deployer(shop, prometheus, [once])('1.0.0');
    const failed = await shop.untilVersion({}, hasFailed);
    const { end } = await playTask(shop, 'roll-back-cart');
    expect(end.status).toMatchObject({ status: 'failed', reason: 'FunctionFailed' });
    const words =
      'Deployment cart has no earlier revision that has passed its checks; 1.0.0 stays as it is';
    expect(end.status.message).toContain(words);
    const task = await shop.untilTask('roll-back-cart', hasFailed);
    expect(task.status?.evidence?.message).toContain(words);
    // It never changes how its parent ended.
    const after = await shop.untilVersion({}, ({ status }) => {
      return status?.followUps?.[0]?.status === 'Failed';
    });
    expect(after.status?.conditions).toEqual(failed.status?.conditions);

    const account = `system:serviceaccount:${shop.name}:roll-back-cart`;
    const robot = sluice.cluster.as(account, 'system:serviceaccounts');
    const core = `/api/v1/namespaces/${shop.name}`;
    const apps = `/apis/apps/v1/namespaces/${shop.name}`;
    const merge = { contentType: 'application/merge-patch+json', body: {} };
    const requests = [
      ['GET', `${apps}/deployments/cart`, 'allowed'],
      ['PATCH', `${apps}/deployments/cart`, 'allowed'],
      ['GET', `${apps}/replicasets`, 'allowed'],
      ['GET', `${apps}/deployments`, 'forbidden'],
      ['PATCH', `${apps}/deployments/web`, 'forbidden'],
      ['PATCH', `${apps}/deployments/cart/scale`, 'forbidden'],
      ['DELETE', `${apps}/deployments/cart`, 'forbidden'],
      ['GET', `${apps}/replicasets/cart`, 'forbidden'],
      ['GET', `${core}/secrets`, 'forbidden'],
      ['GET', `${core}/pods`, 'forbidden'],
      ['GET', `/apis/lifecycle.keptn.sh/v1/namespaces/${shop.name}/keptntasks`, 'forbidden'],
    ] as const;
    const told = requests.map(async ([method, path]) => {
      const options = { method, ...(method === 'PATCH' && merge) };
      const { refusal = '' } = await robot.told(path, options);
      return [method, path, refusal.includes('forbidden') ? 'forbidden' : 'allowed'];
    });
    expect(await Promise.all(told)).toEqual(requests);
  });
});
