import { expect, it } from 'vitest';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { controllerOf } from '../../src/api/object.ts';
import { aShopNamespace, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

// What the caches of a storm lag behind at most, and a second that times are cut to.
const lagMs = 5_000;

const metric = (query: string): string => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "${query}", fetchIntervalSeconds: 20 }
`;

const shop = [
  aShopNamespace,
  `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: p }
spec: { type: prometheus, targetServer: "http://prometheus" }
`,
  `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  retries: 30
  retryInterval: 5s
  objectives: [{ keptnMetricRef: { name: cpus }, evaluationTarget: ">1" }]
`,
  `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: shop }
spec: { postDeploymentEvaluations: [enough] }
`,
  aWorkload('cart', {
    annotations: {
      'keptn.sh/pre-deployment-evaluations': 'enough',
      'keptn.sh/post-deployment-evaluations': 'enough',
    },
  }),
].join('---');

it(
  'an evaluation passes on no value of another query, and after a deployment on none from before it',
  { timeout: 240_000 },
  async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const simulation = sluice({ seed, weather: storm, latencyMs: 10 });
      await simulation.explained(async () => {
        const { store, random } = simulation;
        // The query is the value it is answered with: 4 passes, 0 does not.
        simulation.apply(shop, metric('4'));
        simulation.start();
        const passable: { from: number; to: number }[] = [];
        let since = simulation.clock.now();
        for (let change = 0; change < 4; change += 1) {
          await simulation.pass(random.between(500, 30_000));
          passable.push({ from: since, to: simulation.clock.now() });
          simulation.apply(metric('0'));
          await simulation.pass(random.between(500, 30_000));
          simulation.apply(metric('4'));
          since = simulation.clock.now();
        }
        passable.push({ from: since, to: Infinity });
        await simulation.until(
          'the application is through',
          () => store.list(KeptnAppVersion).some(({ status }) => status?.status === 'Succeeded'),
          600_000,
        );
        const evaluations = store.list(KeptnEvaluation);
        expect(evaluations).toHaveLength(3);
        for (const { metadata, spec, status } of evaluations) {
          const measuredAt = Date.parse(status?.evaluationStatus['cpus']?.measuredAt ?? '');
          const judgedAt = Date.parse(status?.endTime ?? '');
          // Judged while the query was the one that it was measured with, but for what the caches lag behind.
          expect(
            passable.some(({ from, to }) => judgedAt + 1_000 > from && judgedAt <= to + lagMs),
          ).toBe(true);
          // Cut to the second, as it is.
          expect(
            passable.some(({ from, to }) => measuredAt + 1_000 > from && measuredAt <= to),
          ).toBe(true);
          const owner = controllerOf({ metadata });
          if (spec.checkType !== 'post-eval' || owner?.kind !== KeptnWorkloadVersion.kind) continue;
          const version = store.get(KeptnWorkloadVersion, 'shop', owner.name);
          const began = Date.parse(version?.status?.deploymentStartTime ?? '');
          expect(measuredAt).toBeGreaterThan(began);
        }
      });
    }
  },
);
