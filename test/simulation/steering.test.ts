import { describe, expect, it } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import type { SteeringVerb } from '../../src/api/keptn/steering.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { isTrue } from '../../src/domain/conditions.ts';
import { rfc3339 } from '../../src/domain/time.ts';
import { aRequest, asked } from '../support/builders/steering.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isHeld, repeated } from './oracles.ts';
import { allRun, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const name = 'cart-cart-1';
const annotations = { 'keptn.sh/pre-deployment-tasks': 'fine,check' };
const cart = (replicas = 2) => aWorkload('cart', { app: 'cart', annotations, replicas });
const notRepeated = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: keptnconfig }
spec: { repeatFailedChecks: false }
`;

/** Asks as a person does; the simulated API server asks no webhook about updates, so that the stamp is there already. */
function steer(
  { store, clock }: Simulation,
  verb: SteeringVerb,
  request: { id: string; value: string; for?: string },
): void {
  const version = store.get(KeptnWorkloadVersion, 'shop', name);
  if (version === undefined) throw new Error('there is no version');
  const { resourceVersion: _, ...metadata } = version.metadata;
  const time = rfc3339(clock.now());
  store.update(
    KeptnWorkloadVersion,
    asked({ ...version, metadata }, verb, aRequest({ ...request, time })),
  );
}

/** Kills the process up to three times, each before or after some call, be it a read or a write. */
function deaths() {
  let left = 3;
  return (_: unknown, random: SeededRandom) => {
    if (left === 0 || !random.chance(0.08)) return undefined;
    left -= 1;
    return random.chance(0.5) ? ('crash-before' as const) : ('crash-after' as const);
  };
}

const statusOf = ({ store }: Simulation) => store.get(KeptnWorkloadVersion, 'shop', name)?.status;

/** A version of which one check has passed and one has failed, and whose definition was mended since. */
async function failedVersion(simulation: Simulation): Promise<void> {
  simulation.apply(notRepeated, aShopNamespace, aTaskDefinition('fine'));
  simulation.apply(aTaskDefinition('check', 'fail'), cart());
  simulation.start();
  await versionBecomes(simulation, name, 'Failed');
  simulation.apply(aTaskDefinition('check'));
  await simulation.pass(30_000);
}

describe('a retry of one failed pre-deployment task', () => {
  it('keeps the Job of the one that passed, releases the Pods and completes, whatever the process dies of', async () => {
    let died = 0;
    const seeds = seedsTo(6);
    for (const seed of seeds) {
      const simulation = sluice({ seed, weather: storm, latencyMs: 10, fault: deaths() });
      await simulation.explained(async () => {
        await failedVersion(simulation);
        steer(simulation, 'retry', { id: 'retry-1', value: 'check' });
        await versionBecomes(simulation, name, 'Succeeded');
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
        const { store } = simulation;
        const jobs = store.history
          .filter(({ type, kind }) => type === 'added' && kind.kind === JobKind.kind)
          .map(({ object: { metadata } }) => metadata.name);
        expect(jobs).toHaveLength(3);
        expect(jobs.filter((one) => one.includes('fine'))).toHaveLength(1);
        expect(statusOf(simulation)).toMatchObject({
          attempt: 2,
          attempts: [{ attempt: 1, status: 'Failed' }],
          steering: [{ id: 'retry-1', outcome: 'Done', user: 'alice' }],
        });
        await simulation.until('its application has completed', () =>
          store.list(KeptnAppVersion).every(({ status }) => status?.status === 'Succeeded'),
        );
        expectNoHarm(simulation);
      });
      died += simulation.processes.length - 1;
    }
    expect(died).toBeGreaterThan(seeds.length);
  });
});

describe('an abort', () => {
  it('deletes the Job that runs, once the outcome of its task is recorded, and holds the Pods', async () => {
    for (const seed of seedsTo(6)) {
      const simulation = sluice({ seed, weather: storm, latencyMs: 10, fault: deaths() });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aTaskDefinition('fine'), aTaskDefinition('check', 'run'));
        simulation.apply(cart());
        simulation.start();
        await simulation.until('a Job runs', () =>
          store
            .list(KeptnTask)
            .some(
              ({ spec, status }) =>
                spec.taskDefinition === 'check' && status?.jobName !== undefined,
            ),
        );
        steer(simulation, 'abort', { id: 'abort-1', value: 'wrong image' });
        await versionBecomes(simulation, name, 'Failed');
        await simulation.until('its Job is gone', () =>
          store.list(JobKind).every(({ metadata }) => !metadata.name.includes('check')),
        );
        const task = store.list(KeptnTask).find(({ spec }) => spec.taskDefinition === 'check');
        expect(task?.status).toMatchObject({ status: 'Deprecated', reason: 'Aborted' });
        await simulation.pass(60_000);
        expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
        expectNoHarm(simulation);
      });
    }
  });
});

const application = (version: string, check: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnApp
metadata: { namespace: shop, name: cart }
spec: { version: "${version}", workloads: [{ name: cart, version: "1" }], preDeploymentTasks: [${check}] }
`;

describe('an abort of a version that waits for its application', () => {
  it.each([
    ['before its first phase', undefined],
    ['while its checks run', 'WorkloadPreDeployTasks'],
    ['once they have passed and those of a newer application version are open', 'WorkloadDeploy'],
  ])('%s starts no Pod of it, also when the application is through', async (_, phase) => {
    for (const seed of seedsTo(4)) {
      const simulation = sluice({ seed, weather: storm, latencyMs: 10, fault: deaths() });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('fine'));
        simulation.apply(aTaskDefinition('check', 'succeed', 60), aTaskDefinition('open', 'run'));
        simulation.apply(application('1', phase === undefined ? 'open' : 'fine'), cart());
        simulation.start();
        if (phase === 'WorkloadDeploy') {
          await simulation.until(
            'its checks run',
            () => statusOf(simulation)?.currentPhase === 'WorkloadPreDeployTasks',
          );
          simulation.apply(application('2', 'open'));
        }
        await simulation.until('it is there', () => {
          const status = statusOf(simulation);
          return status?.conditions !== undefined && status.currentPhase === phase;
        });
        steer(simulation, 'abort', { id: 'abort-1', value: 'wrong image' });
        await versionBecomes(simulation, name, 'Failed');
        simulation.apply(application('3', 'fine'));
        await simulation.pass(120_000);
        expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
        expect(isTrue({ status: statusOf(simulation) ?? {} }, 'Released')).toBe(false);
        expectNoHarm(simulation);
      });
    }
  });
});

describe('a release by hand', () => {
  it('starts the Pods within a second, survives restarts, and holds further Pods when its time is over', async () => {
    for (const seed of seedsTo(4)) {
      const simulation = sluice({ seed });
      await simulation.explained(async () => {
        await failedVersion(simulation);
        steer(simulation, 'release', { id: 'release-1', value: 'hotfix INC-1', for: '10m' });
        await simulation.until(
          'its Pods are not held',
          () => podsOf(simulation, 'cart').every((pod) => !isHeld(pod)),
          1_000,
        );
        simulation.processes.at(-1)?.kill();
        simulation.start();
        await simulation.pass(60_000);
        expect(statusOf(simulation)?.releasedByHand).toMatchObject({
          user: 'alice',
          reason: 'hotfix INC-1',
        });
        simulation.apply(cart(3));
        await simulation.until('a third Pod runs', () =>
          allRun(simulation, 'cart', { version: '1', replicas: 3 }),
        );
        // Nobody is there when its time is over.
        if (seed % 2 === 0) simulation.processes.at(-1)?.kill();
        await simulation.pass(600_000);
        simulation.apply(cart(4));
        if (seed % 2 === 0) simulation.start();
        await simulation.pass(60_000);
        const held = podsOf(simulation, 'cart').filter(isHeld);
        expect(podsOf(simulation, 'cart')).toHaveLength(4);
        expect(held).toHaveLength(1);
        steer(simulation, 'retry', { id: 'retry-1', value: 'failed' });
        await simulation.until('the fourth runs, too', () =>
          allRun(simulation, 'cart', { version: '1', replicas: 4 }),
        );
        expect(repeated(simulation)).toEqual([]);
        await simulation.pass(600_000);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(simulation.writes.slice(before)).toEqual([]);
      });
    }
  });
});
