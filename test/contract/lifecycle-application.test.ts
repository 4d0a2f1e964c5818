import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { isCompleted, isReady } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import {
  fruits,
  fruitShopChecks,
  fruitShopWorkloads,
  tasksPerRun,
} from '../support/builders/fruit-shop.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** An application with everything at once: six workloads, tasks of three runners, evaluations, promotion. */

let sluice: RunningSluice;
let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await prometheus.close();
});

describe('an application of six workloads', () => {
  it('runs to Completed and Succeeded, promotion included, in one version and in the next', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(...fruitShopChecks(prometheus.url));

    for (const [run, version] of ['1.0.0', '2.0.0'].entries()) {
      await shop.apply(...fruitShopWorkloads(version));
      await Promise.all(
        fruits.map((workload) =>
          shop.untilVersion({ workload, version, withinMs: 60_000 }, isCompleted),
        ),
      );
      const app = await eventually('the app version completes', async () => {
        const versions = await shop.appVersions();
        return versions.length === run + 1 && versions.every(isCompleted) && versions;
      });
      for (const { status, spec } of app) {
        expect(status).toMatchObject({
          preDeploymentStatus: 'Succeeded',
          preDeploymentEvaluationStatus: 'Succeeded',
          workloadOverallStatus: 'Succeeded',
          postDeploymentStatus: 'Succeeded',
          promotionStatus: 'Succeeded',
        });
        expect(spec.workloads?.map(({ name }) => name).toSorted()).toEqual([...fruits]);
      }
      await shop.untilPods(fruits.length, isReady);

      const tasks = await shop.tasks();
      const counts = Object.fromEntries(
        Object.keys(tasksPerRun).map((definition) => [
          definition,
          tasks.filter(({ spec }) => spec.taskDefinition === definition).length / (run + 1),
        ]),
      );
      expect(counts).toEqual(tasksPerRun);
      expect(tasks.every(({ status }) => status?.status === 'Succeeded')).toBe(true);
      expect(new Set(shop.created('jobs.batch')).size).toBe(tasks.length);
    }
    const evaluations = await sluice.cluster.list(KeptnEvaluation, { namespace: shop.name });
    expect(evaluations.map(({ status }) => status?.overallStatus)).toEqual(
      Array.from({ length: 6 }, () => 'Succeeded'),
    );
    expect(evaluations[0]?.status?.evaluationStatus).toMatchObject({
      suns: { value: '3', status: 'Succeeded' },
    });
  });
});
