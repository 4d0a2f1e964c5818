import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { conditionTypes } from '../../src/domain/conditions.ts';

const top = new URL('../..', import.meta.url).pathname;
const page = (name: string): string => readFileSync(`${top}docs/reference/${name}`, 'utf8');
const pages = page('conditions.md') + page('events.md');

/** Every reason that stands in the code as `reason: 'X'`, `reason: … ? 'X' : 'Y'` or `…Reason = 'X'`. */
const stated = globSync('src/{domain,controllers}/**/*.ts', { cwd: top })
  .flatMap((file) =>
    readFileSync(top + file, 'utf8')
      .matchAll(
        /\b(?:reason|\w*Reason)(?::[^,'\n]{0,60}| = )'(?<first>[A-Z]\w+)'(?: : '(?<second>[A-Z]\w+)')?/gu,
      )
      .toArray(),
  )
  .flatMap(({ groups }) =>
    [groups?.['first'], groups?.['second']].filter((one) => one !== undefined),
  );

test.each([...new Set(stated)].toSorted())(
  'the reference tells what the reason %s means',
  (reason) => {
    expect(pages).toContain(`\`${reason}\``);
  },
);

test.each(Object.values(conditionTypes))(
  'the reference tells what the condition %s says',
  (type) => {
    expect(page('conditions.md')).toContain(`\`${type}\``);
  },
);
