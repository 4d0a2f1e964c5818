import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { servePrometheus } from '../demo/prometheus.ts';
import { EnabledNamespace, isCompleted } from '../support/cluster/enabled-namespace.ts';
import { leftToTest, playTask } from '../support/cluster/played-kubelet.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { applySample, changes, sampleNamespace, samples } from '../support/builders/samples.ts';
import { receivePosts } from '../support/cluster/webhook.ts';

/** The sample notifications: its function really posts what it is told. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

it('tells a chat of an evaluation that succeeded and of one that failed, each once', async () => {
  const { cluster } = sluice;
  await using prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 0 });
  await using chat = await receivePosts();
  await using shop = EnabledNamespace.named(cluster, sampleNamespace());
  const deploy = (version: string) =>
    applySample(cluster, {
      folder: join(samples, 'notifications'),
      namespace: shop.name,
      changes: [
        changes.tasks(leftToTest),
        ...changes.prometheus(prometheus.url),
        changes.version(version),
      ],
    });

  await deploy('1.0.0');
  await shop.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'chat-webhook' },
    stringData: { SECURE_DATA: chat.url },
  });
  const { end: success } = await playTask(shop, 'notify-success');
  expect(success.status).toMatchObject({ status: 'succeeded', attemptsMade: 1 });
  await shop.untilVersion({}, isCompleted);

  prometheus.answer(7);
  await deploy('2.0.0');
  const { end: failure } = await playTask(shop, 'notify-failure');
  expect(failure.status).toMatchObject({ status: 'succeeded' });
  const failed = await shop.untilVersion({ version: '2.0.0' }, ({ status }) => {
    const [item] = status?.postDeploymentEvaluationTaskStatus ?? [];
    return item?.followUps?.[0]?.status === 'Succeeded';
  });
  expect(failed.status).toMatchObject({
    status: 'Failed',
    postDeploymentEvaluationTaskStatus: [
      { followUps: [{ trigger: 'onFailure', definitionName: 'notify-failure' }] },
    ],
  });

  expect(chat.posts).toEqual([
    {
      text: expect.stringMatching(/^✅ shop-cart 1\.0\.0: few-errors Succeeded\. /u),
      metadata: {},
    },
    {
      text: expect.stringMatching(/^🚨 @on-call shop-cart 2\.0\.0: few-errors Failed\. .*7.*<1/u),
      metadata: {},
    },
  ]);
  const told = await shop.untilTask('notify-failure', ({ status }) => status?.result !== undefined);
  expect(told.status?.result).toEqual({ told: expect.stringContaining('few-errors Failed') });
  expect((await shop.tasks()).map(({ spec }) => spec.taskDefinition).toSorted()).toEqual([
    'notify-failure',
    'notify-success',
  ]);
});
