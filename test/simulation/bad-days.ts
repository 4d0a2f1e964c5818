import { expect } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import type { Call, Fault } from '../support/memory/memory-cluster.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { leaks, ownVersion, repeated } from './oracles.ts';
import { allRun } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const names = ['cart', 'pay'];

/** What goes wrong at the moment with the machinery around the controllers. */
class BadDay {
  /** Every write takes so long. */
  writeMs = 0;
  /** Reads and writes stall for so long. */
  callMs = 0;
  /** The one object whose writes are refused, by kind and name. */
  refused: string | undefined;

  stallMs({ verb }: Call): number {
    return this.callMs + (verb === 'get' || verb === 'list' ? 0 : this.writeMs);
  }

  fault({ verb, kind, name }: Call): Fault | undefined {
    const isWrite = verb !== 'get' && verb !== 'list';
    return isWrite && this.refused === `${kind.kind} ${name}` ? '403' : undefined;
  }

  /** Everything works again. */
  end(): void {
    this.writeMs = 0;
    this.callMs = 0;
    this.refused = undefined;
  }
}

/**
 * Versions are deployed while the API server is slow, lists break off, the clock is set, single objects are refused and the
 * process is asked to end: what was deployed last runs in the end, nothing got past its checks, and nothing ran twice.
 */
export async function aBadDay(seed: number): Promise<void> {
  const day = new BadDay();
  const simulation = sluice({
    seed,
    latencyMs: 20,
    weather: (random) => ({
      ...storm(random),
      cutMs: () => (random.chance(0.3) ? random.between(100, 2_000) : 0),
    }),
    stallMs: (call) => day.stallMs(call),
    fault: (call) => day.fault(call),
  });
  await simulation.explained(async () => {
    const random = simulation.random.fork();
    simulation.apply(aShopNamespace, aTaskDefinition('check'));
    simulation.start();
    for (const name of names) deploy(simulation, name, '1');
    for (let step = 0; step < 10; step += 1) {
      await simulation.pass(random.between(0, 30_000));
      await disturb(day, { simulation, random });
    }
    day.end();
    for (const name of names) deploy(simulation, name, '9');
    const hour = 3_600_000;
    await simulation.until(
      'what was deployed last runs',
      () => names.every((name) => allRun(simulation, name, { version: '9' })),
      hour,
    );
    await simulation.until('every app version has ended', () => appsEnded(simulation), hour);
    expect(leaks(simulation, ownVersion)).toEqual([]);
    expect(repeated(simulation).filter((one) => one.startsWith('the Job'))).toEqual([]);
    expect(
      simulation.complaints.filter((one) => /decision failed|does not settle/u.test(one)),
    ).toEqual([]);
  });
}

function deploy(simulation: Simulation, name: string, version: string): void {
  const annotations = {
    'keptn.sh/pre-deployment-tasks': 'check',
    'keptn.sh/post-deployment-tasks': 'check',
  };
  simulation.apply(aWorkload(name, { kind: 'Deployment', version, annotations }));
}

async function disturb(
  day: BadDay,
  { simulation, random }: { readonly simulation: Simulation; readonly random: SeededRandom },
): Promise<void> {
  const { clock, store } = simulation;
  day.end();
  switch (random.between(0, 4)) {
    case 0:
      day.writeMs = 10_000;
      break;
    case 1:
      // By minutes as a drifted clock, by an hour as one that was set by hand.
      clock.setTimeOfDay(
        clock.now() + random.between(-1, 1) * 3_600_000 + random.between(-60_000, 60_000),
      );
      break;
    case 2: {
      const objects = [...store.list(PodKind), ...store.list(KeptnTask)];
      const victim = objects[random.between(0, Math.max(0, objects.length - 1))];
      if (victim !== undefined) day.refused = `${victim.kind} ${victim.metadata.name}`;
      break;
    }
    case 3:
      day.callMs = 20_000;
      await handedOver(simulation);
      break;
    default:
      deploy(simulation, names[random.between(0, 1)] ?? 'cart', String(random.between(1, 4)));
  }
}

/** SIGTERM: the process is gone within the five seconds of its drain, however slow the API server; the next one begins. */
async function handedOver(simulation: Simulation): Promise<void> {
  const leader = simulation.processes.at(-1);
  let hasEnded = false;
  void leader?.end().then(() => (hasEnded = true));
  await simulation.pass(5_000);
  expect(hasEnded).toBe(true);
  simulation.start();
}

function appsEnded({ store }: Simulation): boolean {
  const versions = store.list(KeptnAppVersion);
  return versions.length > 0 && versions.every(({ status }) => isCompleted(status?.status));
}
