import { attempt, hostileTexts, textParsers } from '../support/observed/text-parsers.ts';
import type { Benchmark } from './benchmark.ts';
import { atMostTimes } from './figure.ts';

const kibibyte = 1_024;

/** How the time of every parser of user text grows from one KiB to two; the one that grows fastest is shown. */
export const parsers: Benchmark = {
  name: 'parsers',
  description: 'every parser of user text, given what keeps it busiest',
  figures: [
    {
      key: 'parsers.growth',
      target: 'T16',
      quantity: 'all hostile texts of 2 KiB, the parser whose time grows fastest',
      unit: 'µs',
      baseline: 'the same of 1 KiB',
      limit: atMostTimes(2.5),
    },
  ],
  async run(bench) {
    const measured = Object.entries(textParsers).map(([name, parse]) => {
      const tries = bench.isQuick ? 3 : 12;
      const [baseline, value] = [kibibyte, 2 * kibibyte].map((size) =>
        microsecondsFor(parse, size, tries),
      );
      return { name, value: value ?? 0, baseline: baseline ?? 0 };
    });
    const ratio = (one: (typeof measured)[number]): number => one.value / one.baseline;
    const [fastest] = measured.toSorted((one, other) => ratio(other) - ratio(one));
    if (fastest === undefined) throw new Error('there are no parsers');
    for (const one of measured) {
      bench.progress(`${one.name}: ${ratio(one).toFixed(2)} × for 2 KiB instead of 1 KiB`);
    }
    const { value, baseline } = fastest;
    return { 'parsers.growth': { value, baseline } };
  },
};

/** The least time for each text, all texts together: what other work on the machine adds does not count. */
function microsecondsFor(parse: (text: string) => unknown, size: number, tries: number): number {
  let sum = 0;
  for (const pump of hostileTexts) {
    const text = `${pump.repeat(Math.ceil(size / pump.length))}!`;
    let least = Number.POSITIVE_INFINITY;
    for (let each = 0; each < tries; each += 1) {
      const from = performance.now();
      for (let run = 0; run < 10; run += 1) attempt(parse, text);
      least = Math.min(least, (performance.now() - from) / 10);
    }
    sum += least;
  }
  return sum * 1_000;
}
