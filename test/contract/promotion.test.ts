import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { isCompleted as isOver } from '../../src/api/keptn/states.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { hasOpenFollowUps } from '../../src/domain/follow-up/follow-ups.ts';
import { aDeployment, anAppContext, aTaskDefinition } from '../support/builders/apps.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isReady,
} from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** KEP 98: what a failed promotion means; KEP 93: what follows the end of a whole application or workload. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await sluice.configure();
});

/** The only version of the application, once it and its follow-ups have ended. */
function endOf(shop: EnabledNamespace): Promise<KeptnAppVersion> {
  return eventually('the app version and its follow-ups have ended', async () => {
    const [version] = await shop.appVersions();
    const { status } = version ?? {};
    return isOver(status?.status) && !hasOpenFollowUps(status?.followUps) && version;
  });
}

const said = (version: KeptnAppVersion, type: string): string => {
  const condition = conditionOf(version, type);
  return `${condition?.status} ${condition?.reason}`;
};

const definitions = [
  aTaskDefinition('broken', { outcome: 'fail', message: 'no access to the repository' }),
  ...['fine', 'tell', 'roll-back'].map((name) => aTaskDefinition(name)),
];

describe.concurrent('a promotion task that fails', () => {
  it('fails the version, which is deployed all the same, and the failure is followed up', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      ...definitions,
      anAppContext({
        promotionTasks: ['broken', 'fine'],
        onSuccess: ['tell'],
        onFailure: ['roll-back'],
        metadata: { stage: 'dev' },
      }),
      aDeployment(),
    );
    const version = await endOf(shop);
    expect(version.status).toMatchObject({ status: 'Failed', promotionStatus: 'Failed' });
    expect(said(version, 'Succeeded')).toBe('False PromotionFailed');
    expect(said(version, 'Deployed')).toBe('True Deployed');
    expect(said(version, 'Promoted')).toBe('False PromotionFailed');
    expect(conditionOf(version, 'Promoted')?.message).toContain('no access to the repository');
    expect(version.status?.followUps).toMatchObject([
      { trigger: 'onFailure', definitionName: 'roll-back', status: 'Succeeded' },
    ]);
    const rollBack = await shop.untilTask('roll-back', ({ status }) => isOver(status?.status));
    expect(rollBack.spec).toMatchObject({
      parent: { kind: 'KeptnAppVersion', name: version.metadata.name, depth: 1 },
      context: {
        appName: 'shop',
        metadata: { stage: 'dev' },
        trigger: { kind: 'KeptnAppVersion', status: 'Failed', reason: 'PromotionFailed' },
      },
    });
    await shop.untilPods(1, isReady);
    const promoted = await shop.tasks();
    expect(promoted.map(({ spec }) => spec.taskDefinition).toSorted()).toEqual([
      'broken',
      'fine',
      'roll-back',
    ]);
  });

  it('with promotionFailurePolicy Warn is a warning, and the success is followed up', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      ...definitions,
      anAppContext({
        promotionTasks: ['broken'],
        promotionFailurePolicy: 'Warn',
        onSuccess: ['tell'],
        onFailure: ['roll-back'],
      }),
      aDeployment(),
    );
    const version = await endOf(shop);
    expect(version.status).toMatchObject({
      status: 'Succeeded',
      currentPhase: 'Completed',
      promotionStatus: 'Warning',
      followUps: [{ trigger: 'onSuccess', definitionName: 'tell', status: 'Succeeded' }],
    });
    expect(said(version, 'Succeeded')).toBe('True CompletedWithWarning');
    expect(said(version, 'Promoted')).toBe('False PromotionFailed');
  });

  it('is not reached after a failed post-deployment task', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      ...definitions,
      anAppContext({ postDeploymentTasks: ['broken'], promotionTasks: ['fine'] }),
      aDeployment(),
    );
    const version = await endOf(shop);
    expect(version.status).toMatchObject({ status: 'Failed', promotionStatus: 'Deprecated' });
    expect(said(version, 'Deployed')).toBe('False DeploymentFailed');
    expect(said(version, 'Promoted')).toBe('False DeploymentFailed');
  });

  it('cannot mean anything but Fail or Warn: the API server refuses another word', async () => {
    await using shop = await sluice.namespace();
    const context = anAppContext({ promotionFailurePolicy: 'Ignore' });
    await expect(shop.apply(context)).rejects.toThrow(/promotionFailurePolicy.*"Fail", "Warn"/u);
  });
});

describe.concurrent('the end of a workload version', () => {
  const keys = {
    'sluice.keptn.sh/on-success-tasks': 'tell',
    'sluice.keptn.sh/on-failure-tasks': 'roll-back, later',
  };

  it('is followed up by the tasks that annotations of the Pod template name', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(...definitions, aDeployment({ annotations: keys }));
    await shop.untilVersion({}, isCompleted);
    const version = await shop.untilVersion({}, ({ status }) =>
      isOver(status?.followUps?.[0]?.status),
    );
    expect(version.spec).toMatchObject({ onSuccess: ['tell'], onFailure: ['roll-back', 'later'] });
    const tell = await shop.untilTask('tell', ({ status }) => status?.status === 'Succeeded');
    expect(tell.spec).toMatchObject({
      checkType: 'on-success',
      parent: { kind: 'KeptnWorkloadVersion', name: 'shop-cart-1.0.0', trigger: 'onSuccess' },
      context: { workloadName: 'shop-cart', workloadVersion: '1.0.0', objectType: 'Workload' },
    });
    expect(tell.metadata.ownerReferences).toMatchObject([{ uid: version.metadata.uid }]);
  });

  it('is followed up by those of the Deployment, if that is what names the workload', async () => {
    await using shop = await sluice.namespace();
    const { metadata, ...deployment } = aDeployment({ annotations: {} });
    const annotations = {
      'keptn.sh/app': 'shop',
      'keptn.sh/workload': 'cart',
      'keptn.sh/version': '1.0.0',
      'keptn.sh/pre-deployment-tasks': 'broken',
      ...keys,
    };
    await shop.apply(...definitions, {
      ...deployment,
      metadata: { ...metadata, annotations },
      spec: withoutTemplateAnnotations(deployment['spec']),
    });
    const version = await shop.untilVersion({}, ({ status }) =>
      isOver(status?.followUps?.[0]?.status),
    );
    expect(version.status).toMatchObject({
      status: 'Failed',
      followUps: [
        { definitionName: 'roll-back', status: 'Succeeded' },
        { definitionName: 'later', status: 'Pending', reason: 'DefinitionNotFound' },
      ],
    });
    await shop.apply(aTaskDefinition('later'));
    await shop.untilTask('later', ({ status }) => status?.status === 'Succeeded');
  });
});

/** The workload is named by the Deployment alone. */
function withoutTemplateAnnotations(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (key === 'annotations' ? undefined : value)),
  );
}

describe('a stage that hands over', () => {
  it('gives metadata and span links of its context to the app version', async () => {
    await using shop = await sluice.namespace();
    const handedOver = {
      metadata: { stage: 'prod', commit: '0a1b2c3' },
      spanLinks: ['00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'],
    };
    await shop.apply(
      ...definitions,
      anAppContext({ ...handedOver, promotionTasks: ['fine'] }),
      aDeployment(),
    );
    const version = await endOf(shop);
    expect(version.spec).toMatchObject(handedOver);
    const promotion = await shop.untilTask('fine', () => true);
    expect(promotion.spec.context?.metadata).toMatchObject(handedOver.metadata);
    expect(said(version, 'Promoted')).toBe('True PromotionSucceeded');
  });
});

describe('where KeptnConfig decides', () => {
  it('promotionFailurePolicy: Warn holds for applications that do not say it themselves', async () => {
    await sluice.configure({ promotionFailurePolicy: 'Warn' });
    await using shop = await sluice.namespace();
    await shop.apply(...definitions, anAppContext({ promotionTasks: ['broken'] }), aDeployment());
    expect((await endOf(shop)).status).toMatchObject({
      status: 'Succeeded',
      promotionStatus: 'Warning',
    });
  });

  it('blockDeployment: false and promoteAfterWarning: false: a Warning keeps it from being promoted', async () => {
    await sluice.configure({ blockDeployment: false });
    await using shop = await sluice.namespace();
    await shop.apply(
      ...definitions,
      anAppContext({ promotionTasks: ['fine'], promoteAfterWarning: false }),
      aDeployment({ postDeploymentTasks: ['broken'] }),
    );
    const version = await endOf(shop);
    expect(version.status).toMatchObject({
      status: 'Succeeded',
      currentPhase: 'Completed',
      promotionStatus: 'Deprecated',
      workloadStatus: [{ status: 'Succeeded', reason: 'CompletedWithWarning' }],
    });
    expect(said(version, 'Deployed')).toBe('True DeployedWithWarning');
    expect(said(version, 'Promoted')).toBe('False PromotionSkipped');
    // Events are written beside the status, and may come after it.
    await eventually('the Event PromotionTasksSkipped', async () => {
      const events = await shop.events('KeptnAppVersion');
      return events.some(({ reason }) => reason === 'PromotionTasksSkipped');
    });
    expect((await shop.tasks()).map(({ spec }) => spec.taskDefinition)).toEqual(['broken']);
  });
});
