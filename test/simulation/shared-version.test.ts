import { describe, expect, it } from 'vitest';

import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { isReleased } from '../../src/domain/gate/release.ts';
import { isHeld } from './oracles.ts';
import { allRun, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const name = 'shop-cart-1';

/** A Deployment of the one workload in the one version, with a list of checks of its own. */
const carrier = (deployment: string, task: string | undefined, more: object = {}): string =>
  aWorkload(deployment, {
    workload: 'cart',
    annotations: { ...(task !== undefined && { 'keptn.sh/pre-deployment-tasks': task }), ...more },
  });

const good = carrier('good', 'slow');
const bad = carrier('bad', 'broken');

const definitions = [
  aTaskDefinition('broken', 'fail'),
  aTaskDefinition('fine'),
  // Longer than any cache lags: what came while it ran is known when it ends.
  aTaskDefinition('slow', 'succeed', 20),
  aTaskDefinition('endless', 'run'),
];

const versionIn = ({ store }: Simulation) => store.get(KeptnWorkloadVersion, 'shop', name);

/** Moments in the life of the version in which its second owner comes. */
const moments: Readonly<Record<string, (simulation: Simulation) => boolean>> = {
  'at the same time': () => true,
  'while the version waits for its application': (simulation) =>
    versionIn(simulation)?.metadata.uid !== undefined,
  'while a check runs': ({ store }) =>
    store.list(KeptnTask).some(({ status }) => status?.jobUID !== undefined),
};

async function expectHeld(simulation: Simulation): Promise<void> {
  await versionBecomes(simulation, name, 'Failed');
  await simulation.pass(600_000);
  const version = versionIn(simulation);
  expect(isReleased(version?.status)).toBe(false);
  expect(version?.metadata.generation ?? 1).toBe(1);
  for (const deployment of ['good', 'bad']) {
    expect(podsOf(simulation, deployment).map(isHeld)).toEqual([true, true]);
  }
  const ends = simulation.store
    .list(KeptnTask)
    .map(({ spec, status }) => `${spec.taskDefinition} ${status?.status}`);
  expect(ends).toContain('broken Failed');
  expect(ends).not.toContain('slow Failed');
  expectNoHarm(simulation);
}

describe('two Deployments that share app, workload and version, of which one names a check that fails', () => {
  const orders = [
    ['the one that names it first', [bad, good]],
    ['the other one first', [good, bad]],
  ] as const;

  for (const [order, [first, second]] of orders) {
    for (const [moment, hasCome] of Object.entries(moments)) {
      it(`are both held: ${order}, the second ${moment}`, async () => {
        for (const seed of seedsTo(3)) {
          const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
          await simulation.explained(async () => {
            simulation.apply(aShopNamespace, ...definitions, first);
            if (hasCome(simulation)) simulation.apply(second);
            simulation.start();
            await simulation.until('the moment has come', () => hasCome(simulation));
            simulation.apply(second);
            await expectHeld(simulation);
          });
        }
      });
    }
  }
});

describe('a second owner of a version', () => {
  it('adds its tasks after the tasks of the first have passed, while evaluations still run', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, ...definitions, missingMetric);
        const first = { 'keptn.sh/pre-deployment-evaluations': 'enough' };
        simulation.apply(carrier('good', 'slow', first));
        simulation.start();
        await simulation.until(
          'the tasks have passed',
          () => versionIn(simulation)?.status?.preDeploymentStatus === 'Succeeded',
        );
        simulation.apply(bad);
        await expectHeld(simulation);
      });
    }
  });

  it('that comes when the version is Released starts, and SeveralOwners says which of its checks are not run', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, ...definitions, good);
        simulation.start();
        await simulation.until('it is Released', () => isReleased(versionIn(simulation)?.status));
        simulation.apply(bad);
        await versionBecomes(simulation, name, 'Succeeded');
        await simulation.until('both run', () =>
          ['good', 'bad'].every((deployment) => allRun(simulation, deployment, { version: '1' })),
        );
        await simulation.pass(60_000);
        const { message } = conditionOf(versionIn(simulation), 'SeveralOwners') ?? {};
        expect(message).toContain('not run: task broken (Deployment bad)');
        expect(simulation.store.list(KeptnTask)).toHaveLength(1);
        const told = simulation.notes.filter(({ reason }) => reason === 'ChecksNotRun');
        expect(told).toMatchObject([{ about: { metadata: { name: 'bad' } }, type: 'Warning' }]);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(simulation.writes.slice(before)).toEqual([]);
        expectNoHarm(simulation);
      });
    }
  });

  it('that is deleted before its check has failed leaves the check behind, and the version held', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...definitions, good);
      simulation.start();
      await simulation.until('the version is there', () => versionIn(simulation) !== undefined);
      simulation.apply(carrier('bad', 'endless'));
      await simulation.until('its check runs', () =>
        simulation.store.list(KeptnTask).some(({ spec }) => spec.taskDefinition === 'endless'),
      );
      const { store } = simulation;
      const kind = simulation.kindOf({ apiVersion: 'apps/v1', kind: 'Deployment' });
      store.delete({ kind, namespace: 'shop', name: 'bad' });
      await simulation.pass(120_000);
      expect(isReleased(versionIn(simulation)?.status)).toBe(false);
      expect(podsOf(simulation, 'good').map(isHeld)).toEqual([true, true]);
      expect(conditionOf(versionIn(simulation), 'Succeeded')?.message).toContain('endless');
      expectNoHarm(simulation);
    });
  });

  it('adds a post-deployment check as long as that phase is not over, and a follow-up', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...definitions, good);
      simulation.start();
      await simulation.until('it is Released', () => isReleased(versionIn(simulation)?.status));
      const late = { 'keptn.sh/post-deployment-tasks': 'fine' };
      simulation.apply(
        carrier('late', undefined, { ...late, 'sluice.keptn.sh/on-success-tasks': 'slow' }),
      );
      await versionBecomes(simulation, name, 'Succeeded');
      await simulation.pass(60_000);
      const tasks = simulation.store.list(KeptnTask);
      expect(
        tasks.map(({ spec }) => `${spec.checkType} ${spec.taskDefinition}`).toSorted(),
      ).toEqual(['on-success slow', 'post fine', 'pre slow']);
      expect(conditionOf(versionIn(simulation), 'SeveralOwners')?.message).toBe(
        'several owners carry this version, which runs the checks of all of them: Deployment good asks for task slow; Deployment late asks for post-deployment task fine, task slow on success',
      );
      expectNoHarm(simulation);
    });
  });
});

/** An evaluation that goes on for minutes, since nothing gives its metric a value above its target. */
const missingMetric = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  retries: 30
  retryInterval: 20s
  objectives: [{ keptnMetricRef: { name: cpus, namespace: shop }, evaluationTarget: ">1" }]
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "0", fetchIntervalSeconds: 10 }
`;
