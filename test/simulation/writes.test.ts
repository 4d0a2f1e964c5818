import { describe, expect, test } from 'vitest';

import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { completed, expectNoHarm } from './scenario.ts';
import { sluice } from './sluice.ts';

/** The lists of checks of a case: of the workload as annotations, of the app in its context. */
interface Checks {
  readonly workload?: Readonly<Record<string, string>>;
  readonly app?: Readonly<Record<string, readonly string[]>>;
}

const pre = 'keptn.sh/pre-deployment-tasks';
const post = 'keptn.sh/post-deployment-tasks';

const aContext = (app: Checks['app']): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: cart }
spec: ${JSON.stringify(app)}
`;

/** Caches that follow within a tenth of a second. */
const hasty = (random: SeededRandom) => ({ lagMs: () => random.between(0, 100) });

/** Runs one version of a single service to its end, and answers with the writes it took. */
async function writesFor({ workload = {}, app }: Checks, seed = 1): Promise<string[]> {
  const simulation = sluice({ seed, latencyMs: 10 * seed, weather: hasty });
  const names = new Set([
    ...Object.values(workload).flatMap((list) => list.split(',')),
    ...Object.values(app ?? {}).flat(),
  ]);
  let writes: string[] = [];
  await simulation.explained(async () => {
    simulation.apply(aShopNamespace, ...[...names].map((name) => aTaskDefinition(name)));
    if (app !== undefined) simulation.apply(aContext(app));
    simulation.start();
    await simulation.pass(5_000);
    const before = simulation.writes.length;
    // An empty value is none: the workload is an app of its own.
    const annotations = { ...workload, 'keptn.sh/app': '' };
    simulation.apply(aWorkload('cart', { replicas: 1, annotations }));
    await completed(simulation);
    await simulation.pass(5_000); // the last task's Job gets its TTL
    writes = simulation.writes
      .slice(before)
      .map(({ verb, kind, name }) => `${verb} ${kind.kind} ${name}`);
    await simulation.pass(200_000);
    expect(simulation.writes.length - before).toBe(writes.length);
    expectNoHarm(simulation, ({ metadata }) =>
      metadata.labels?.['app'] === 'cart' ? 'cart-cart 1' : undefined,
    );
  });
  return writes;
}

const everywhere = {
  workload: { [pre]: 'a', [post]: 'b' },
  app: { preDeploymentTasks: ['c'], postDeploymentTasks: ['d'], promotionTasks: ['e'] },
};
const twice = {
  workload: { [pre]: 'a,b', [post]: 'c,d' },
  app: { preDeploymentTasks: ['e', 'f'], postDeploymentTasks: ['g', 'h'] },
};

const cases: readonly (readonly [string, Checks, number])[] = [
  ['no task', {}, 0],
  ['a task before the workload', { workload: { [pre]: 'a' } }, 1],
  ['a task after the workload', { workload: { [post]: 'a' } }, 1],
  ['a task on both sides of the workload', { workload: { [pre]: 'a', [post]: 'b' } }, 2],
  ['a task before the app', { app: { preDeploymentTasks: ['a'] } }, 1],
  [
    'a task on both sides of the app',
    { app: { preDeploymentTasks: ['a'], postDeploymentTasks: ['b'] } },
    2,
  ],
  ['a promotion', { app: { promotionTasks: ['a'] } }, 1],
  ['a task in every phase', everywhere, 5],
  ['two tasks in every phase', twice, 8],
];

describe('T7: one version of a single service', () => {
  for (const [what, checks, tasks] of cases) {
    // A version of an application with checks of its own is told of once more.
    const ofVersion = checks.app === undefined ? 11 : 12;
    test(`with ${what} takes at most ${ofVersion} + 6 · ${tasks} writes, then none`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const writes = await writesFor(checks, seed);
        expect(writes.length, writes.join('\n')).toBeLessThanOrEqual(ofVersion + 6 * tasks);
      }
    });
  }

  test('T6: lifts the gate of each Pod with exactly one write', async () => {
    const writes = await writesFor({});
    expect(writes.filter((write) => write.includes(' Pod '))).toHaveLength(1);
  });
});
