import { it } from 'vitest';

import { aBadDay } from '../simulation/bad-days.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';

it.each(seedsTo(200))(
  'a slow API server, cut lists, a clock that is set, refused objects and SIGTERM keep nothing from its end (seed %i)',
  aBadDay,
);
