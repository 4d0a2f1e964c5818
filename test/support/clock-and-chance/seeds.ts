/**
 * The seeds of a random scenario: 1 to `few` in `npm test`, and up to `SLUICE_SEEDS` where there is more time (`npm run test:seeds` and
 * `npm run soak`: 100). A failure prints its seed.
 */
export function seedsTo(few: number): readonly number[] {
  const given = Number(process.env['SLUICE_SEEDS'] ?? few);
  const count = Number.isInteger(given) ? Math.max(few, given) : few;
  return Array.from({ length: count }, (_, index) => index + 1);
}
