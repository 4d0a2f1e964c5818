import { expect } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import type { KeptnConfigSpec } from '../../src/api/keptn/config.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { controllerOf } from '../../src/api/object.ts';
import { allRun, completed, expectNoHarm } from './scenario.ts';
import { aWorkload, shop } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

/** The KeptnConfig that rules, with this retention. */
export function retentionSettings(retention: KeptnConfigSpec['retention']): string {
  return `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: settings }
spec: { retention: ${JSON.stringify(retention)} }
`;
}

const annotations = {
  'keptn.sh/pre-deployment-tasks': 'pre-work',
  'keptn.sh/post-deployment-tasks': 'post-work',
};

/** One app of three workloads rolls out again and again, back too, while versions are deleted under crashes and storms. */
export async function retentionScenario(seed: number): Promise<void> {
  const simulation = sluice({
    seed,
    ...(seed > 1 && { weather: storm }),
    ...(seed > 2 && { crashAfterWrites: [20 + 7 * seed, 90 + 11 * seed, 160 + 13 * seed] }),
  });
  await simulation.explained(async () => {
    simulation.apply(shop, retentionSettings({ versions: 2 }));
    simulation.start();
    await completed(simulation);
    for (const version of ['2', '3', '4', '3', '5', '1']) {
      simulation.apply(rolled(version));
      await simulation.until(`version ${version} runs`, () =>
        allRun(simulation, 'cart', { version }),
      );
      if (seed % 2 === 0) await completed(simulation);
    }
    await completed(simulation);
    await simulation.pass(1_200_000);
    await completed(simulation);
    expectKept(simulation);
    expectNoHarm(simulation);
  });
}

function rolled(version: string): string {
  return aWorkload('cart', { version, annotations, spec: 'revisionHistoryLimit: 1' });
}

/** So few versions are left, no check is left of those that went, and what is current is there. */
function expectKept({ store }: Simulation): void {
  const versions = store.list(KeptnWorkloadVersion);
  const ofCart = versions.filter(({ spec }) => spec.workloadName === 'shop-cart');
  // Two by number; the revision before, which can be rolled back to; and what the kept versions of the app name.
  expect(ofCart.length).toBeLessThanOrEqual(4);
  expect(ofCart.map(({ spec }) => spec.version)).toContain('1');
  const uids = new Set(store.all().map(({ object }) => object.metadata.uid));
  const checks = [...store.list(KeptnTask), ...store.list(KeptnEvaluation), ...store.list(JobKind)];
  expect(checks.filter((one) => !uids.has(controllerOf(one)?.uid))).toEqual([]);
}
