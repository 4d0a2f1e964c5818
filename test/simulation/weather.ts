import type { Kind } from '../../src/api/object.ts';
import type { CacheWeather } from '../support/memory/memory-caches.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';

/** Caches as bad as they may be on a bad day: seconds late, broken, repeating themselves. */
export function storm(random: SeededRandom): CacheWeather {
  return {
    lagMs: () => (random.chance(0.2) ? random.between(0, 4_000) : random.between(0, 30)),
    startLagMs: () => random.between(0, 2_000),
    breakMs: () => (random.chance(0.02) ? random.between(100, 3_000) : 0),
    isRepeated: () => random.chance(0.05),
  };
}

/** Caches that are whole, but some kinds arrive at once and others up to eight seconds late. */
export function fog(random: SeededRandom): CacheWeather {
  const lag = perKind(() => (random.chance(0.5) ? 0 : random.between(0, 8_000)));
  return { lagMs: ({ kind }) => lag(kind), startLagMs: lag };
}

/** Caches whose first list, of some kinds, shows the cluster as it was minutes ago. */
export function memories(random: SeededRandom): CacheWeather {
  const lag = perKind(() => (random.chance(0.5) ? 0 : random.between(1, 20) * 60_000));
  return { lagMs: () => 0, startLagMs: lag };
}

function perKind(choose: () => number): (kind: Kind) => number {
  const chosen = new Map<string, number>();
  return ({ kind }) => {
    const ms = chosen.get(kind) ?? choose();
    chosen.set(kind, ms);
    return ms;
  };
}
