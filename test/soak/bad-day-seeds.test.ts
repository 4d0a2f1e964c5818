import { it } from 'vitest';

import { aBadDay } from '../simulation/bad-days.ts';

const seeds = Array.from({ length: Number(process.env['SLUICE_SEEDS'] ?? 200) }, (_, i) => i + 1);

it.each(seeds)(
  'a slow API server, cut lists, a clock that is set, refused objects and SIGTERM keep nothing from its end (seed %i)',
  aBadDay,
);
