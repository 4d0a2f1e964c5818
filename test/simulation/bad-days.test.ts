import { describe, it } from 'vitest';

import { aBadDay } from './bad-days.ts';

describe('a slow API server, cut lists, a clock that is set, refused objects and SIGTERM', () => {
  it.each([1, 2, 3, 4])(
    'keep nothing from its end, and let nothing past its checks (seed %i)',
    aBadDay,
  );
});
