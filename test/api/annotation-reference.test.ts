import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  keptnAnnotations,
  recommendedLabels,
  sluiceKeys,
} from '../../src/api/keptn/annotations.ts';

const page = readFileSync(
  new URL('../../docs/reference/annotations.md', import.meta.url).pathname,
  'utf8',
);

test.each([keptnAnnotations, recommendedLabels, sluiceKeys].flatMap((keys) => Object.values(keys)))(
  'docs/reference/annotations.md tells what %s is',
  (key) => {
    expect(page).toContain(`\`${key}`);
  },
);
