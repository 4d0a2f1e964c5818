import { describe, expect, test } from 'vitest';
import { growth, linear } from '../support/clock-and-chance/growth.ts';
import { attempt, hostileTexts, textParsers } from '../support/observed/text-parsers.ts';

/** Eight times this much takes a quadratic parser about a second. */
const size = 4_096;
const endings = ['!', 'a'];

describe.each(Object.entries(textParsers))('%s', (_name, parse) => {
  test('is read in time that grows with the text and no faster', () => {
    const grown = hostileTexts.flatMap((pump) =>
      endings.map((ending) => {
        const text = (length: number) => pump.repeat(Math.ceil(length / pump.length)) + ending;
        return {
          text: `${pump}…${ending}`,
          by: growth((length) => attempt(parse, text(length)), size),
        };
      }),
    );
    expect(grown.filter(({ by }) => by > linear)).toEqual([]);
  }, 60_000);
});

test('the measurement finds what grows with the square of the text', () => {
  let steps = 0;
  const quadratic = (length: number): void => {
    for (let i = 0; i < length; i += 1) for (let j = 0; j < length; j += 1) steps += j & 1;
  };
  expect(growth(quadratic, 1_024)).toBeGreaterThan(linear);
  expect(steps).toBeGreaterThan(0);
});
