import { describe, expect, it } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { refOf } from '../../src/api/object.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { leaks, ownVersion, repeated } from './oracles.ts';
import { allRun } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const workloads = [
  { name: 'cart', kind: 'Deployment' },
  { name: 'pay', kind: 'Deployment' },
  { name: 'db', kind: 'StatefulSet' },
] as const;

const faults = ['500', '429', '409', 'lost-before', 'lost-after'] as const;

function deploy(simulation: Simulation, one: (typeof workloads)[number], version: string): void {
  const annotations = {
    'keptn.sh/pre-deployment-tasks': 'check',
    'keptn.sh/post-deployment-tasks': 'check',
  };
  simulation.apply(aWorkload(one.name, { kind: one.kind, version, annotations }));
}

/** Something that people, nodes or the kernel do. */
function disturb(simulation: Simulation, random: SeededRandom): void {
  const chosen = workloads[random.between(0, workloads.length - 1)] ?? workloads[0];
  const pods = simulation.store.list(PodKind);
  const victim = pods[random.between(0, pods.length - 1)];
  const leader = simulation.processes.at(-1);
  switch (random.between(0, 3)) {
    case 0:
    case 1:
      deploy(simulation, chosen, String(random.between(1, 4)));
      break;
    case 2:
      if (victim !== undefined && ownVersion(victim) !== undefined) {
        simulation.store.delete(refOf(PodKind, victim));
      }
      break;
    default:
      leader?.kill();
      simulation.start();
  }
}

describe('deployments, rollbacks, evictions and kills in any order', () => {
  it.each(seedsTo(4))(
    'end with what was deployed last, and nothing got past its checks (seed %i)',
    async (seed) => {
      const simulation = sluice({
        seed,
        weather: storm,
        latencyMs: 20,
        fault: (_, random) =>
          random.chance(0.03) ? faults[random.between(0, faults.length - 1)] : undefined,
      });
      await simulation.explained(async () => {
        const random = simulation.random.fork();
        simulation.apply(aShopNamespace, aTaskDefinition('check'));
        simulation.start();
        for (const one of workloads) deploy(simulation, one, '1');
        for (let step = 0; step < 12; step += 1) {
          await simulation.pass(random.between(0, 40_000));
          disturb(simulation, random);
        }
        for (const one of workloads) deploy(simulation, one, '9');
        await simulation.until('what was deployed last runs', () =>
          workloads.every(({ name }) => allRun(simulation, name, { version: '9' })),
        );
        await simulation.until('the app has come to its end', () => {
          const newest = simulation.store
            .list(KeptnAppVersion)
            .filter(({ status }) => status?.status !== 'Deprecated');
          return (
            newest.length > 0 && newest.every(({ status }) => status?.currentPhase === 'Completed')
          );
        });
        await simulation.pass(120_000);
        const before = simulation.writes.length;
        await simulation.pass(3_600_000);
        expect(
          simulation.writes.slice(before).map(({ verb, kind }) => `${verb} ${kind.kind}`),
        ).toEqual([]);
        expect(leaks(simulation, ownVersion)).toEqual([]);
        expect(repeated(simulation).filter((one) => one.startsWith('the Job'))).toEqual([]);
        expect(
          simulation.complaints.filter((one) => /decision failed|does not settle/u.test(one)),
        ).toEqual([]);
      });
    },
  );
});
