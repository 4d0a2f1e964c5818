import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { growth, linear } from '../support/clock-and-chance/growth.ts';

/** A regular expression of the source and the place where it stands. */
interface Literal {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** A regular expression behind something that no operand of a division can end with. */
const literal =
  /(?<=[(=,:?&|![]\s*|^\s*)\/(?![*/ ])(?<source>(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n[])+)\/(?<flags>[dgimsuvy]*)(?=[\s,;.)\]]|$)/gmu;

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ts|mjs)$/u.test(file))
    .map((file) => join(folder, file));
}

function literalsIn(file: string): Literal[] {
  const text = readFileSync(file, 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gmu, '');
  return [...text.matchAll(literal)]
    .map(({ groups }) => ({ source: groups?.['source'] ?? '', flags: groups?.['flags'] ?? '' }))
    .filter(({ source, flags }) => isValid(source, flags))
    .map((one) => ({ ...one, place: `${file} /${one.source}/${one.flags}` }));
}

function isValid(source: string, flags: string): boolean {
  try {
    return new RegExp(source, flags).source !== '';
  } catch {
    return false;
  }
}

const anyway = ['a', 'A', '0', '-', '.', '/', ' ', '"', '\\', ':', '_', '\n', '\u{fffd}'];

/** What is repeated to make the expression work in vain: characters it speaks of, alone and in pairs. */
function pumpsFor({ source }: Literal): string[] {
  const own = [...new Set(source.replaceAll(/\\[a-z]|[()[\]{}?*+|^$]/giu, ''))].slice(0, 12);
  const pairs = own.flatMap((one) => own.map((other) => one + other)).slice(0, 60);
  const words = source.match(/[a-z_-]{3,}/giu) ?? [];
  return [...new Set([...anyway, ...own, ...pairs, ...words, '"\\', '\\"', '1_', '1s', ', '])];
}

/** The beginnings after which it goes on to look: its own longer words. */
function beginningsFor({ source }: Literal): string[] {
  return ['', ...(source.match(/[a-z_-]{3,}/giu) ?? []).slice(0, 2), '"', '\u001b['];
}

const endings = ['', '!', '\n!', 'é', 'a'];
const pumped = 4_000;
/** A quadratic expression takes 16 million steps for that. */
const suspectMs = 4;

function timeOf(expression: RegExp, text: string): number {
  const from = performance.now();
  text.replace(expression, '');
  return performance.now() - from;
}

function slowestInput(one: Literal): string | undefined {
  // `split` goes on to the end with any expression.
  const expression = new RegExp(one.source, /[gy]/u.test(one.flags) ? one.flags : `${one.flags}g`);
  for (const pump of pumpsFor(one)) {
    for (const beginning of beginningsFor(one)) {
      for (const ending of endings) {
        const text = (times: number) => beginning + pump.repeat(times) + ending;
        const whole = text(pumped);
        if (Math.min(timeOf(expression, whole), timeOf(expression, whole)) < suspectMs) continue;
        const grown = growth((size) => void text(size).replace(expression, ''), pumped);
        if (grown > linear)
          return `${JSON.stringify(beginning + pump)}… grows ${grown.toFixed(1)}×`;
      }
    }
  }
  return undefined;
}

test('no regular expression of the product takes more than twice as long for twice the text', () => {
  const literals = ['src', 'runner'].flatMap(sourcesIn).flatMap(literalsIn);
  expect(literals.length).toBeGreaterThan(80);
  const slow = literals.flatMap((one) => {
    const input = slowestInput(one);
    return input === undefined ? [] : [`${one.place}: ${input}`];
  });
  expect(slow).toEqual([]);
}, 120_000);
