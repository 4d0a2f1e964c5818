import { beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { MigrationWorld } from './migration-world.ts';

/** A take-over from Keptn and the way back, killed wherever. */

let keptns: Record<string, unknown>;
let sluices: Record<string, unknown>;
let requestsThere: number;
let requestsBack: number;

beforeAll(async () => {
  const world = new MigrationWorld();
  keptns = world.state();
  await world.takeOver();
  requestsThere = world.requests;
  sluices = world.state();
  await world.handBack();
  requestsBack = world.requests;
});

/** So many different numbers of requests, from a seed. */
function points(count: number, requests: number, seed: number): readonly number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.between(1, requests - 1));
}

describe('a take-over', () => {
  it('holds all Pods all the time, and never lets both controllers act', async () => {
    const world = new MigrationWorld();
    await world.takeOver();
    expect([...world.violations]).toEqual([]);
    expect(requestsThere).toBeGreaterThan(100);
  });

  it('a second time changes nothing', async () => {
    const world = new MigrationWorld();
    await world.takeOver();
    const writes = world.store.history.length;
    await world.takeOver();
    expect(world.store.history.slice(writes)).toEqual([]);
  });

  it('killed at twenty random points and begun again each time, ends in the same state', async () => {
    for (const killAt of points(20, requestsThere, 1)) {
      const world = new MigrationWorld();
      expect(await world.takeOver(killAt)).toBe('killed');
      await world.takeOver();
      expect({ killAt, violations: [...world.violations] }).toEqual({ killAt, violations: [] });
      expect(world.state(), `killed at request ${killAt}`).toEqual(sluices);
    }
  }, 60_000);

  it('killed again and again in one cluster, ends in the same state', async () => {
    const world = new MigrationWorld();
    for (const killAt of points(20, requestsThere, 4)) await world.takeOver(killAt);
    await world.takeOver();
    expect([...world.violations]).toEqual([]);
    expect(world.state()).toEqual(sluices);
  });
});

describe('the way back', () => {
  it('makes everything be as it was, apart from kinds that Keptn did not have', async () => {
    const world = new MigrationWorld();
    await world.takeOver();
    await world.handBack();
    expect([...world.violations]).toEqual([]);
    const state = world.state();
    for (const [what, content] of Object.entries(keptns)) {
      expect(state[what], what).toEqual(content);
    }
    const further = Object.keys(state).filter((what) => keptns[what] === undefined);
    expect(further.filter((what) => !what.startsWith('CustomResourceDefinition'))).toEqual([]);
  });

  it('leads to a Keptn that stores an older version, too', async () => {
    const world = new MigrationWorld('v1alpha3');
    const before = world.state();
    await world.takeOver();
    const crd = 'CustomResourceDefinition /keptnapps.lifecycle.keptn.sh';
    expect(JSON.stringify(world.state()[crd])).toContain('"storedVersions":["v1"]');
    await world.handBack();
    expect([...world.violations]).toEqual([]);
    expect(JSON.stringify(world.state()[crd])).toContain('"storedVersions":["v1alpha3"]');
    for (const [what, content] of Object.entries(before)) {
      expect(world.state()[what], what).toEqual(content);
    }
  });

  it('killed at twenty random points and begun again each time, ends in the same state', async () => {
    for (const killAt of points(20, requestsBack, 5)) {
      const world = new MigrationWorld();
      await world.takeOver();
      expect(await world.handBack(killAt)).toBe('killed');
      await world.handBack();
      expect({ killAt, violations: [...world.violations] }).toEqual({ killAt, violations: [] });
      for (const [what, content] of Object.entries(keptns)) {
        expect(world.state()[what], `${what}, killed at request ${killAt}`).toEqual(content);
      }
    }
  }, 60_000);
});
