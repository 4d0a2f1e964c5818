/**
 * The seeds of a random scenario: 1 to `SLUICE_SEEDS`, or to `standard` where that is not set. A failure prints its seed.
 * `npm run soak` sets 100.
 */
export function seedsTo(standard: number): readonly number[] {
  const count = Number(process.env['SLUICE_SEEDS'] ?? standard);
  return Array.from({ length: count }, (_, index) => index + 1);
}
