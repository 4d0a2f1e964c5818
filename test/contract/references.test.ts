import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigMapKind } from '../../src/api/builtin.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Condition, Kind } from '../../src/api/object.ts';
import { conditionOf, conditionTypes } from '../../src/domain/conditions.ts';
import type { Referrer } from '../../src/domain/resolved-refs.ts';
import {
  aMetric,
  anAppContext,
  anEvaluationDefinition,
  aPrometheusProvider,
  aTaskDefinition,
} from '../support/builders/apps.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { byKind, sluiceWrites, untilQuiet } from '../support/observed/sluice-writes.ts';

/** What names something that is not there says so, on a real API server. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

/** Waits until the condition of an object is as asked. */
async function untilRefs(
  shop: EnabledNamespace,
  [kind, name]: readonly [Kind<Referrer>, string],
  want: Condition['status'],
): Promise<Condition | undefined> {
  const place = { namespace: shop.name, name, withinMs: 15_000 };
  const object = await shop.cluster.until(kind, place, (one) => {
    return conditionOf(one, conditionTypes.resolvedRefs)?.status === want;
  });
  return conditionOf(object, conditionTypes.resolvedRefs);
}

describe('what names something that is not there', () => {
  it('says so, and that it has come; an Event tells once', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      anEvaluationDefinition('latency', { p95: '<1' }),
      anAppContext({ postDeploymentEvaluations: ['latency'], promotionTasks: ['hand-over'] }),
    );
    const missing = await untilRefs(shop, [KeptnEvaluationDefinition, 'latency'], 'False');
    expect(missing).toMatchObject({
      reason: 'ReferenceMissing',
      message: `spec.objectives[0].keptnMetricRef.name: KeptnMetric p95 does not exist in ${shop.name} or keptn-system; create it, or correct the name`,
      observedGeneration: 1,
    });
    await untilRefs(shop, [KeptnAppContext, 'shop'], 'False');
    await shop.apply(aMetric('p95'), aTaskDefinition('hand-over'));
    await untilRefs(shop, [KeptnEvaluationDefinition, 'latency'], 'True');
    await untilRefs(shop, [KeptnAppContext, 'shop'], 'True');
    const [warning, ...more] = await shop.events('KeptnEvaluationDefinition');
    expect(warning).toMatchObject({ type: 'Warning', reason: 'ReferenceMissing' });
    expect(more).toEqual([]);

    // The provider, too: whoever measures says that it is not ready, and this that its name leads nowhere.
    await untilRefs(shop, [KeptnMetric, 'p95'], 'False');
    await shop.apply(aPrometheusProvider('http://127.0.0.1:1'));
    const metric = await untilRefs(shop, [KeptnMetric, 'p95'], 'True');
    expect(metric?.reason).toBe('Resolved');
  });

  it('is told of ConfigMaps and ServiceAccounts by their names alone', async () => {
    await using shop = await sluice.namespace();
    const spec = {
      container: {
        name: 'check',
        image: 'busybox:1.37.0',
        envFrom: [{ configMapRef: { name: 'settings' } }],
      },
      serviceAccount: { name: 'releaser' },
    };
    await shop.apply(aTaskDefinition('check', { spec }));
    const missing = await untilRefs(shop, [KeptnTaskDefinition, 'check'], 'False');
    expect(missing?.message).toContain(`ConfigMap settings does not exist in ${shop.name}`);
    expect(missing?.message).toContain(`ServiceAccount releaser does not exist in ${shop.name}`);
    await shop.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'releaser' } },
    );
    await untilRefs(shop, [KeptnTaskDefinition, 'check'], 'True');
    await shop.cluster.delete(ConfigMapKind, { namespace: shop.name, name: 'settings' });
    await untilRefs(shop, [KeptnTaskDefinition, 'check'], 'False');
  });

  it('is shown by kubectl, with the reason', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(anEvaluationDefinition('latency', { p95: '<1' }));
    await untilRefs(shop, [KeptnEvaluationDefinition, 'latency'], 'False');
    const shown = await shop.cluster.kubectl([
      'get',
      'keptnevaluationdefinitions',
      '-n',
      shop.name,
    ]);
    expect(shown).toContain('ReferenceMissing');
  });
});

describe('at rest', () => {
  it('nothing is written, and nothing more than one status each to get there', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aTaskDefinition('plain'),
      aTaskDefinition('followed', { spec: { onFailure: ['plain'] } }),
      aPrometheusProvider('http://127.0.0.1:1'),
      anAppContext({ preDeploymentTasks: ['plain'] }),
    );
    const settled: readonly (readonly [Kind<Referrer>, string])[] = [
      [KeptnMetricsProvider, 'prometheus'],
      [KeptnAppContext, 'shop'],
    ];
    for (const [kind, name] of settled) {
      await shop.cluster.until(
        kind,
        { namespace: shop.name, name },
        (one) =>
          conditionOf(one, conditionTypes.ready)?.status === 'True' &&
          one.status?.observedGeneration === one.metadata.generation,
      );
    }
    await untilRefs(shop, [KeptnTaskDefinition, 'followed'], 'True');
    await untilQuiet(shop, 6_000);
    expect(byKind(sluiceWrites(shop))).toMatchObject({
      'patch keptnmetricsproviders.metrics.keptn.sh/status': 1,
      'patch keptnappcontexts.lifecycle.keptn.sh/status': 1,
      // Whether it can be run, of both; and where the follow-up leads.
      'patch keptntaskdefinitions.lifecycle.keptn.sh/status': 3,
    });
  });
});
