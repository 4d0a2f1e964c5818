import { describe, expect, it } from 'vitest';

import { JobKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { controllerOf } from '../../src/api/object.ts';
import { hasOpenFollowUps } from '../../src/domain/follow-up/follow-ups.ts';
import { isOf, type StoredChange } from '../../src/cli/played/memory-store.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import {
  aDefinition,
  aTask,
  created,
  evaluationOf,
  followUpsOf,
  taskOf,
} from './follow-up-scenario.ts';
import { expectNoHarm } from './scenario.ts';
import { aShopNamespace } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const anEvaluation = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluation
metadata: { namespace: shop, name: parent }
spec: { appName: shop, workloadVersion: "", evaluationDefinition: enough, retries: 3, retryInterval: 5s }
`;

const evaluated = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  objectives: [{ keptnMetricRef: { name: cpus }, evaluationTarget: ">4" }]
  onSuccess: [celebrate]
  on-failure: undo
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "1", fetchIntervalSeconds: 10 }
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: p }
spec: { type: prometheus, targetServer: "http://prometheus" }
`;

/** The first change of the store that shows this. */
function firstChange({ store }: Simulation, shows: (change: StoredChange) => boolean): number {
  return store.history.find(shows)?.version ?? Infinity;
}

/** Kills the process up to three times, each before or after some call, be it a read or a write. */
function deaths() {
  let left = 3;
  return (_: unknown, random: SeededRandom) => {
    if (left === 0 || !random.chance(0.12)) return undefined;
    left -= 1;
    return random.chance(0.5) ? ('crash-before' as const) : ('crash-after' as const);
  };
}

const seeds = Array.from({ length: 100 }, (_, index) => index + 1);

/** The end is there, its one follow-up came after it and has run once, and the end is still the same. */
function expectOneFollowUp(simulation: Simulation, isEnd: (change: StoredChange) => boolean): void {
  const [only, ...others] = created(simulation, 'undo');
  expect(others).toEqual([]);
  expect(only?.version).toBeGreaterThan(firstChange(simulation, isEnd));
  expect(created(simulation, 'celebrate')).toEqual([]);
  expect(followUpsOf(simulation)).toMatchObject([
    { trigger: 'onFailure', definitionName: 'undo', status: 'Succeeded' },
  ]);
  const jobs = simulation.store.history.filter(
    ({ type, kind, object }) =>
      type === 'added' &&
      kind.kind === 'Job' &&
      controllerOf(object)?.uid === only?.object.metadata.uid,
  );
  expect(jobs).toHaveLength(1);
  expectNoHarm(simulation);
}

const isTaskEnd = ({ object }: StoredChange): boolean =>
  isOf(KeptnTask, object) &&
  object.metadata.name === 'parent' &&
  object.status?.status === 'Failed';

const isEvaluationEnd = ({ object }: StoredChange): boolean =>
  isOf(KeptnEvaluation, object) && object.status?.overallStatus === 'Failed';

const isOver = (simulation: Simulation): boolean =>
  followUpsOf(simulation).length > 0 && !hasOpenFollowUps(followUpsOf(simulation));

function restartsOf({ status }: Pod): number {
  return status?.containerStatuses?.[0]?.restartCount ?? 0;
}

/** Clusters in a storm in which the process dies at random points, with the definitions that may follow. */
async function inStorms(run: (simulation: Simulation) => Promise<void>): Promise<void> {
  let died = 0;
  for (const seed of seeds) {
    const simulation = sluice({ seed, weather: storm, latencyMs: 10, fault: deaths() });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aDefinition('undo'), aDefinition('celebrate'));
      await run(simulation);
    });
    died += simulation.processes.length - 1;
  }
  expect(died).toBeGreaterThan(seeds.length);
}

async function untilAllIsOver(simulation: Simulation): Promise<void> {
  await simulation.until('the follow-ups have ended', () => isOver(simulation));
  await simulation.pass(60_000);
}

describe('over a hundred random crash points, exactly one on-failure task runs', () => {
  it('after the last attempt of a failing task', () =>
    inStorms(async (simulation) => {
      const follow = ['onFailure: [undo]', 'on-success: celebrate'];
      simulation.apply(aDefinition('check', 'fail', ...follow), aTask('fail'));
      simulation.start();
      await untilAllIsOver(simulation);
      expectOneFollowUp(simulation, isTaskEnd);
      const fourthRun = firstChange(
        simulation,
        ({ object }) => isOf(PodKind, object) && restartsOf(object) === 3,
      );
      expect(fourthRun).toBeLessThan(created(simulation, 'undo')[0]?.version ?? 0);
    }));

  it('for a task whose Job disappears', () =>
    inStorms(async (simulation) => {
      const follow = ['on-failure: [undo]', 'onSuccess: [celebrate]'];
      simulation.apply(aDefinition('check', 'run', ...follow), aTask('run'));
      simulation.start();
      const hasJob = (): boolean => taskOf(simulation)?.status?.jobUID !== undefined;
      await simulation.until('its Job is recorded', hasJob);
      await simulation.pass(simulation.random.between(0, 2_000));
      const name = taskOf(simulation)?.status?.jobName ?? '';
      simulation.store.delete({ kind: JobKind, namespace: 'shop', name });
      await untilAllIsOver(simulation);
      expectOneFollowUp(simulation, isTaskEnd);
      expect(taskOf(simulation)?.status).toMatchObject({ status: 'Failed', reason: 'JobLost' });
    }));

  it('after the last attempt of a failing evaluation', () =>
    inStorms(async (simulation) => {
      simulation.apply(evaluated, anEvaluation);
      simulation.start();
      await untilAllIsOver(simulation);
      expectOneFollowUp(simulation, isEvaluationEnd);
      expect(evaluationOf(simulation)?.status).toMatchObject({ retryCount: 3 });
    }));
});
