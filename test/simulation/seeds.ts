/**
 * The seeds a simulation runs through: the first few in `npm test`, as many as `SIMULATION_SEEDS` says where there is
 * more time (`npm run test:seeds`: 100).
 */
export function seeds(few: number): readonly number[] {
  const given = Number(process.env['SIMULATION_SEEDS'] ?? 0);
  const count = Math.max(few, Number.isInteger(given) ? given : 0);
  return Array.from({ length: count }, (_, index) => index + 1);
}
