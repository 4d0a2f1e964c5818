import { describe, expect, it } from 'vitest';

import { JobKind } from '../../src/api/builtin.ts';
import type { KeptnTask } from '../../src/api/keptn/task.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import type { MemoryStore } from '../../src/cli/played/memory-store.ts';
import { manyFollowUps, runOut, tasksIn } from './follow-up-flood.ts';
import { aDefinition } from './follow-up-scenario.ts';
import { aShopNamespace } from './shop.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const seeds = [1, 2, 3, 4, 5];

describe('follow-ups of one task', () => {
  it('are at most 32 in all, and what is left out says so: 97 definitions make 33 Jobs', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...manyFollowUps({ levels: [32, 32, 32] }));
      await runOut(simulation);
      expect(tasksIn(simulation)).toHaveLength(33);
      const refused = tasksIn(simulation).flatMap(({ status }) =>
        (status?.followUps ?? []).flatMap(({ reason }) => reason ?? []),
      );
      expect(refused).toHaveLength(32 * 32);
      expect(new Set(refused)).toEqual(new Set(['TooManyFollowUps']));
    });
  });

  it('use up the total between them, also when many end at once and processes die', async () => {
    for (const seed of seeds) {
      const simulation = sluice({
        seed,
        ...(seed > 1 && { weather: storm }),
        ...(seed > 2 && { crashAfterWrites: [10 + 3 * seed, 40 + 5 * seed] }),
      });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, ...manyFollowUps({ levels: [6, 5, 4] }));
        await runOut(simulation);
        expect(tasksIn(simulation)).toHaveLength(33);
      });
    }
  });

  it('are fewer where KeptnConfig says so, in the list of the task itself too', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, ...manyFollowUps({ levels: [6], total: 4 }));
      await runOut(simulation);
      expect(tasksIn(simulation)).toHaveLength(5);
    });
  });
});

const settings = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: settings }
spec: { maxJobsPerNamespace: 4 }
`;

/** Tasks made by hand whose Jobs run until their time is over. */
const tasksOf = (app: string, count: number, timeout: string): string[] =>
  Array.from(
    { length: count },
    (_, index) => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTask
metadata: { namespace: shop, name: ${app}-${index}, annotations: { sluice.test/outcome: run } }
spec: { taskDefinition: check, timeout: ${timeout}, context: { appName: ${app} } }
`,
  );

// Eight workers may each start one before they see those of the others.
const overshoot = 7;

describe('Jobs of a namespace', () => {
  it('are 50 at once unless KeptnConfig says otherwise, and what waits says why and writes no more', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aDefinition('check'), ...tasksOf('big', 70, '1h'));
      simulation.start();
      await simulation.pass(60_000);
      const jobs = store.list(JobKind).length;
      expect(jobs).toBeGreaterThanOrEqual(50);
      expect(jobs).toBeLessThanOrEqual(50 + overshoot);
      const waiting = tasksIn(simulation).filter(({ status }) => status?.jobName === undefined);
      expect(waiting).toHaveLength(70 - jobs);
      for (const { status } of waiting) {
        expect(status?.reason).toBe('WaitingForSlot');
        expect(status?.message).toBe(
          '50 Jobs of tasks run in namespace shop, which is the limit (maxJobsPerNamespace of the KeptnConfig); it is started when one of them has ended and it is the turn of application big',
        );
      }
      const before = simulation.writes.length;
      await simulation.pass(120_000);
      expect(simulation.writes.slice(before)).toEqual([]);
    });
  });

  it('go round the applications: one with few tasks is not held up by one with many', async () => {
    for (const seed of seeds) {
      const simulation = sluice({ seed, latencyMs: 10 * seed });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(
          aShopNamespace,
          settings,
          aDefinition('check'),
          ...tasksOf('big', 40, '30s'),
        );
        simulation.start();
        await simulation.until('some wait', () =>
          tasksIn(simulation).some(({ status }) => status?.reason === 'WaitingForSlot'),
        );
        simulation.apply(...tasksOf('small', 4, '30s'));
        const ofApp = (app: string): KeptnTask[] =>
          tasksIn(simulation).filter(({ spec }) => spec.context?.appName === app);
        const done = (app: string): number =>
          ofApp(app).filter(({ status }) => isCompleted(status?.status)).length;
        await simulation.until('the small one is through', () => done('small') === 4);
        expect(done('big')).toBeLessThan(25);
        await simulation.until('all are through', () => done('big') === 40);
        expect(mostAtOnce(store)).toBeLessThanOrEqual(4 + overshoot);
      });
    }
  });
});

function mostAtOnce(store: MemoryStore): number {
  const running = new Set<string>();
  let most = 0;
  for (const { type, object } of store.history) {
    if (object.kind !== 'Job') continue;
    const isOver = type === 'deleted' || /"type":"(Complete|Failed)"/u.test(JSON.stringify(object));
    const { uid = '' } = object.metadata;
    if (isOver) running.delete(uid);
    else running.add(uid);
    most = Math.max(most, running.size);
  }
  return most;
}
