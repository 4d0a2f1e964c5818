import type { CacheWeather } from '../support/memory-caches.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** Caches as bad as they may be on a bad day: seconds late, broken, repeating themselves. */
export function storm(random: SeededRandom): CacheWeather {
  return {
    lagMs: () => (random.chance(0.2) ? random.between(0, 4_000) : random.between(0, 30)),
    startLagMs: () => random.between(0, 2_000),
    breakMs: () => (random.chance(0.02) ? random.between(100, 3_000) : 0),
    isRepeated: () => random.chance(0.05),
  };
}

/** Caches that are whole but up to eight seconds late, each kind on its own. */
export function fog(random: SeededRandom): CacheWeather {
  return { lagMs: () => random.between(0, 8_000), startLagMs: () => random.between(0, 8_000) };
}
