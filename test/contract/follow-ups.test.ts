import { beforeAll, describe, expect, it } from 'vitest';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { isCompleted as isEnd } from '../../src/api/keptn/states.ts';
import type { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { hasOpenFollowUps } from '../../src/domain/follow-up/follow-ups.ts';
import { servePrometheus } from '../demo/prometheus.ts';
import {
  aDeployment,
  aMetric,
  anEvaluationDefinition,
  aPrometheusProvider,
  aTaskDefinition,
} from '../support/builders/apps.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { keptnContextOf } from '../support/builders/keptn-context.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** KEP 93 on a real API server: tasks that follow the end of a task or an evaluation. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const hasEnded = ({ status }: KeptnTask): boolean => isEnd(status?.status);
const allFollowed = ({ status }: KeptnTask): boolean =>
  status?.followUps !== undefined && !hasOpenFollowUps(status.followUps);

/** An evaluation that measures once, and misses its target. */
function aFailingEvaluation(name: string, followUps: Readonly<Record<string, unknown>>): Manifest {
  const definition = anEvaluationDefinition(name, { few: '>1' });
  return { ...definition, spec: { ...Object(definition['spec']), retries: 1, ...followUps } };
}

describe.concurrent('what follows an end', () => {
  it('runs once it is final, is told of it, and has follow-ups of its own', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('check', { spec: { 'on-success': 'notify', 'on-failure': ['undo'] } }),
      aTaskDefinition('notify', { spec: { onSuccess: ['report'] } }),
      aTaskDefinition('report'),
      aDeployment({ preDeploymentTasks: ['check'] }),
    );
    await shop.untilVersion({}, isCompleted);
    const check = await shop.untilTask('check', allFollowed);
    const notify = await shop.untilTask('notify', allFollowed);
    const report = await shop.untilTask('report', hasEnded);

    const { name } = check.metadata;
    expect(check.status?.followUps).toMatchObject([
      { trigger: 'onSuccess', definitionName: 'notify', name: notify.metadata.name },
    ]);
    expect(notify).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'KeptnTask', name, controller: true }] },
      spec: {
        checkType: 'on-success',
        parent: { kind: 'KeptnTask', name, uid: check.metadata.uid, depth: 1 },
      },
    });
    expect(report.spec.parent).toMatchObject({ name: notify.metadata.name, depth: 2 });
    expect(await keptnContextOf(shop, notify)).toEqual({
      ...check.spec.context,
      taskType: 'on-success',
      trigger: {
        kind: 'KeptnTask',
        name,
        definition: 'check',
        status: 'Succeeded',
        reason: 'Succeeded',
        message: expect.any(String),
        attempts: 1,
      },
    });
    expect(await keptnContextOf(shop, report)).toMatchObject({
      appName: 'shop',
      workloadName: 'shop-cart',
      trigger: { name: notify.metadata.name, definition: 'notify', status: 'Succeeded' },
    });
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(3);
    // GitOps tools see no drift: the definition stays as it was written.
    const place = { namespace: shop.name, name: 'check' };
    const stored = await sluice.cluster.get(KeptnTaskDefinition, place);
    expect(stored?.spec).toMatchObject({ 'on-success': 'notify', 'on-failure': ['undo'] });
    expect(stored?.spec).not.toHaveProperty('onSuccess');
  });

  it('runs once for a failed evaluation, and changes nothing by failing itself', async () => {
    await using prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 0 });
    await using shop = await sluice.namespace();
    await shop.apply(
      aPrometheusProvider(prometheus.url),
      aMetric('few'),
      aTaskDefinition('undo', { outcome: 'fail', message: 'nothing to undo' }),
      aFailingEvaluation('enough', { 'on-failure': 'undo', onSuccess: ['celebrate'] }),
      aDeployment({ postDeploymentEvaluations: ['enough'] }),
    );
    const undo = await shop.untilTask('undo', hasEnded);
    expect(undo.spec.checkType).toBe('on-failure');
    expect(await keptnContextOf(shop, undo)).toMatchObject({
      appName: 'shop',
      workloadName: 'shop-cart',
      workloadVersion: '1.0.0',
      taskType: 'on-failure',
      objectType: 'Workload',
      trigger: {
        kind: 'KeptnEvaluation',
        definition: 'enough',
        status: 'Failed',
        reason: 'ObjectivesNotMet',
        attempts: 1,
      },
    });
    const evaluation = await eventually(
      'the evaluation shows how its follow-up ended',
      async () => {
        const [found] = await sluice.cluster.list(KeptnEvaluation, { namespace: shop.name });
        return found?.status?.followUps?.[0]?.status === 'Failed' && found;
      },
    );
    expect(evaluation.status).toMatchObject({
      overallStatus: 'Failed',
      followUps: [{ trigger: 'onFailure', definitionName: 'undo', name: undo.metadata.name }],
    });
    expect(evaluation.status?.followUps?.[0]?.message).toContain('nothing to undo');
    const version = await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    expect(version.status?.postDeploymentEvaluationStatus).toBe('Failed');
    await eventually('an Event about the evaluation says so', async () =>
      (await shop.events('KeptnEvaluation')).some(
        ({ reason, type, note }) =>
          reason === 'FollowUpFailed' && type === 'Warning' && note?.includes('nothing to undo'),
      ),
    );
  });

  it('that is missing holds up nobody, says so, and runs when it comes', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('check', { spec: { onSuccess: ['ghost'] } }),
      aDeployment({ preDeploymentTasks: ['check'] }),
    );
    await shop.untilVersion({}, isCompleted);
    const waiting = await shop.untilTask(
      'check',
      ({ status }) => status?.followUps?.[0]?.reason === 'DefinitionNotFound',
    );
    expect(waiting.status).toMatchObject({
      status: 'Succeeded',
      followUps: [{ definitionName: 'ghost', status: 'Pending' }],
    });
    await eventually('an Event about the task says so', async () =>
      (await shop.events('KeptnTask')).some(({ reason }) => reason === 'FollowUpNotStarted'),
    );
    await shop.apply(aTaskDefinition('ghost'));
    const { status } = await shop.untilTask('check', allFollowed);
    expect(status?.followUps).toMatchObject([{ status: 'Succeeded' }]);
  });
});
