import { describe, expect, it } from 'vitest';

import { ConfigMapKind } from '../../src/api/builtin.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import type { CacheWeather } from '../support/memory/memory-caches.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { anErrand, errandController, ErrandKind, slipOf, stamper } from './errands.ts';
import type { SimulationOptions } from './simulation.ts';
import { Simulation } from './simulation.ts';

const names = ['bread', 'milk', 'soap'];

function errands(options: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation({
    seed: 1,
    controllers: [errandController],
    isAdministrator: true,
    actors: [stamper],
    ...options,
  });
  simulation.apply(...names.map(anErrand));
  return simulation;
}

/** Every errand has its outcome and no slip is left. */
function allRun({ store }: Simulation): boolean {
  const done = store.list(ErrandKind).every(({ status }) => status?.outcome === 'done');
  return done && store.list(ConfigMapKind).length === 0;
}

/** How often a slip of this errand was made. */
function slipsMade({ store }: Simulation, name: string): number {
  return store.history.filter(
    ({ type, object }) => type === 'added' && object.metadata.name === `slip-${name}`,
  ).length;
}

function stormy(random: SeededRandom): CacheWeather {
  return {
    lagMs: () => (random.chance(0.3) ? random.between(0, 5_000) : random.between(0, 20)),
    startLagMs: () => random.between(0, 3_000),
    breakMs: () => (random.chance(0.05) ? random.between(100, 4_000) : 0),
    isRepeated: () => random.chance(0.1),
  };
}

describe('the engine', () => {
  it('runs every errand once and writes no more than it needs', async () => {
    const simulation = errands();
    await simulation.explained(async () => {
      simulation.start();
      await simulation.until('all errands run', () => allRun(simulation));
      await simulation.pass(60_000);
      // Each: create, status with the uid, status with the outcome, delete.
      expect(simulation.writes).toHaveLength(4 * names.length);
      expect(simulation.notes.map(({ reason }) => reason)).toEqual(names.map(() => 'Stamped'));
      expect(simulation.complaints).toEqual([]);
    });
  });

  it('ends the same whichever write it is killed after', async () => {
    // A slip that is stamped before it was noted down saves a write, so there are at least three for each.
    for (let write = 1; write <= 3 * names.length; write += 1) {
      const simulation = errands({ seed: write, crashAfterWrites: [write], latencyMs: 3 });
      await simulation.explained(async () => {
        simulation.start();
        await simulation.until(
          `all errands run, crash after write ${write}`,
          () => simulation.processes.length === 2 && allRun(simulation),
        );
        await simulation.pass(10_000);
        expect(names.map((name) => slipsMade(simulation, name))).toEqual(names.map(() => 1));
      });
    }
  });

  it('never runs an errand twice, however old, broken or repeated what its caches say', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const simulation = errands({
        seed,
        weather: stormy,
        latencyMs: 10,
        crashAfterWrites: [3, 7, 11],
      });
      await simulation.explained(async () => {
        simulation.start();
        await simulation.until('all errands run', () => allRun(simulation));
        await simulation.pass(30_000);
        expect(names.map((name) => slipsMade(simulation, name))).toEqual(names.map(() => 1));
      });
    }
  });

  it('would run errands twice if it did not read what it acts on live', async () => {
    const careless = {
      ...errandController,
      decide(observation: Parameters<typeof errandController.decide>[0]) {
        const { onlyIfCurrent: _, ...plan } = errandController.decide(observation);
        return plan;
      },
    };
    let twice = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const simulation = errands({
        seed,
        controllers: [careless],
        weather: stormy,
        latencyMs: 10,
        crashAfterWrites: [3, 7, 11],
      });
      simulation.start();
      await simulation.pass(120_000);
      twice += names.filter((name) => slipsMade(simulation, name) > 1).length;
      for (const process of simulation.processes) process.kill();
    }
    expect(twice).toBeGreaterThan(0);
  });

  it('gets there through failing calls of every sort', async () => {
    const faults = ['500', '429', '409', '403', 'lost-before', 'lost-after'] as const;
    for (let seed = 1; seed <= 30; seed += 1) {
      const simulation = errands({
        seed,
        latencyMs: 5,
        weather: stormy,
        fault: (_, random) =>
          random.chance(0.3) ? faults[random.between(0, faults.length - 1)] : undefined,
      });
      await simulation.explained(async () => {
        simulation.start();
        await simulation.until('all errands run', () => allRun(simulation), 3_600_000);
        expect(names.map((name) => slipsMade(simulation, name))).toEqual(names.map(() => 1));
      });
    }
  });

  it('shows why it waits while a change is refused, asks ever less often, and goes on once it is not', async () => {
    let isForbidden = true;
    const tries: number[] = [];
    const simulation = errands({
      fault: ({ verb }) => {
        if (verb !== 'create') return undefined;
        tries.push(simulation.clock.now());
        return isForbidden ? '403' : undefined;
      },
    });
    await simulation.explained(async () => {
      simulation.start();
      await simulation.until('the reason is shown', () =>
        simulation.store.list(ErrandKind).every(({ status }) => status?.waitingFor === 'Forbidden'),
      );
      await simulation.pass(3_600_000);
      expect(simulation.writes).toHaveLength(names.length); // the reason, once
      // 5 ms doubled to five minutes is 16 steps, then about one try in 2.5 to 5 minutes.
      expect(tries.length / names.length).toBeGreaterThan(20);
      expect(tries.length / names.length).toBeLessThan(50);
      isForbidden = false;
      await simulation.until('all errands run', () => allRun(simulation));
      expect(simulation.store.list(ErrandKind).map(({ status }) => status?.waitingFor)).toEqual(
        names.map(() => undefined),
      );
    });
  });

  it('does not touch what somebody else has under the name, and says so', async () => {
    const simulation = errands();
    const theirs: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'slip-bread', labels: { theirs: 'yes' } },
    };
    simulation.apply(theirs);
    await simulation.explained(async () => {
      simulation.start();
      await simulation.pass(10_000);
      expect(simulation.store.get(ErrandKind, 'shop', 'bread')?.status).toEqual({
        waitingFor: 'NameTaken',
      });
      expect(simulation.store.get(ErrandKind, 'shop', 'milk')?.status?.outcome).toBe('done');
      simulation.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'slip-bread' });
      await simulation.until('all errands run', () => allRun(simulation), 1_000);
    });
  });

  it('waits for the slip of an earlier errand of the same name to go', async () => {
    const simulation = errands();
    simulation.store.create(ConfigMapKind, {
      ...slipOf({ ...anErrand('bread'), metadata: { ...anErrand('bread').metadata, uid: 'gone' } }),
    });
    await simulation.explained(async () => {
      simulation.start();
      await simulation.until('the reason is shown', () => {
        const errand = simulation.store.get(ErrandKind, 'shop', 'bread');
        return errand?.status?.waitingFor === 'Terminating';
      });
      simulation.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'slip-bread' });
      await simulation.until('all errands run', () => allRun(simulation), 1_000);
    });
  });

  it('writes nothing once it no longer leads, and two leaders for a moment run nothing twice', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const simulation = errands({ seed, latencyMs: 10, weather: stormy });
      await simulation.explained(async () => {
        let leads = true;
        const old = simulation.start({ mayWrite: () => leads });
        simulation.start();
        await simulation.pass(simulation.random.between(0, 200));
        leads = false;
        const before = simulation.writes.length;
        await simulation.until('all errands run', () => allRun(simulation));
        expect(names.map((name) => slipsMade(simulation, name))).toEqual(names.map(() => 1));
        expect(simulation.writes.slice(before).length).toBeLessThanOrEqual(4 * names.length);
        expect(old.isAlive).toBe(true);
      });
    }
  });
});
