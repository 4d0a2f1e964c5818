import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import {
  describeChainProblem,
  followUpChainProblem,
  followUpNames,
  shownPath,
  wayBack,
} from '../../../src/domain/follow-up/definition-chain.ts';
import { aTaskDefinition } from '../../support/builders/builders.ts';

/** Definitions by name, with what they lead to. `ref:` is a functionRef, everything else a follow-up. */
function graph(edges: Readonly<Record<string, readonly string[]>>) {
  const definitions = new Map<string, KeptnTaskDefinition>();
  for (const [name, next] of Object.entries(edges)) {
    const refs = next.filter((each) => each.startsWith('ref:')).map((each) => each.slice(4));
    const functionRef = refs[0] === undefined ? {} : { functionRef: { name: refs[0] } };
    const onFailure = next.filter((each) => !each.startsWith('ref:'));
    const spec = { deno: { httpRef: { url: 'https://example.com/f.ts' }, ...functionRef } };
    const definition = aTaskDefinition({ metadata: { name } });
    definitions.set(name, { ...definition, spec: { ...spec, onFailure } });
  }
  return (name: string) => definitions.get(name);
}

function problemFrom(name: string, edges: Readonly<Record<string, readonly string[]>>, limit = 3) {
  const find = graph(edges);
  const followUps = followUpNames(find(name)?.spec ?? {});
  return followUpChainProblem({ name, followUps }, find, limit);
}

describe('follow-ups of follow-ups', () => {
  test('are fine while they end within the limit', () => {
    expect(problemFrom('a', { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['e'] })).toBeUndefined();
    expect(problemFrom('a', { a: [] }, 0)).toBeUndefined();
  });

  test('are fine when a definition is missing: nothing follows it', () => {
    expect(problemFrom('a', { a: ['gone'] })).toBeUndefined();
  });

  test.each([
    ['itself', { a: ['a'] }, ['a', 'a']],
    ['the start', { a: ['b'], b: ['c'], c: ['a'] }, ['a', 'b', 'c', 'a']],
    ['a later one', { a: ['b'], b: ['c'], c: ['b'] }, ['a', 'b', 'c', 'b']],
    [
      'one beyond the limit',
      { a: ['b'], b: ['c'], c: ['d'], d: ['e'], e: ['f'], f: ['a'] },
      ['a', 'b', 'c', 'd', 'e', 'f', 'a'],
    ],
  ])('lead in a circle when the way leads to %s', (_, edges, path) => {
    expect(problemFrom('a', edges)).toEqual({ type: 'cycle', path });
  });

  test('are too deep by their longest branch', () => {
    const edges = { a: ['e', 'b'], b: ['c'], c: ['d', 'e'], d: ['e'], e: [] };
    expect(problemFrom('a', edges)).toEqual({
      type: 'tooDeep',
      path: ['a', 'b', 'c', 'd', 'e'],
      limit: 3,
    });
    expect(problemFrom('a', edges, 4)).toBeUndefined();
    expect(problemFrom('a', edges, 0)).toEqual({ type: 'tooDeep', path: ['a', 'b'], limit: 0 });
  });

  test('begin at depth 1 where no task definition is the start', () => {
    const find = graph({ b: ['c'], c: ['d'], d: ['e'] });
    const start = { name: 'KeptnEvaluationDefinition b', followUps: ['b'] };
    expect(followUpChainProblem(start, find, 4)).toBeUndefined();
    expect(followUpChainProblem(start, find, 3)).toEqual({
      type: 'tooDeep',
      path: ['KeptnEvaluationDefinition b', 'b', 'c', 'd', 'e'],
      limit: 3,
    });
  });

  test('are told apart from functionRef, which hands down no follow-ups', () => {
    expect(problemFrom('a', { a: ['ref:b'], b: ['a'] })).toBeUndefined();
  });

  test('are judged in linear time: a ladder with 2^2000 ways through it', () => {
    const edges: Record<string, string[]> = {};
    for (let rung = 0; rung < 2000; rung += 1) {
      const next = [`l${rung + 1}`, `r${rung + 1}`];
      edges[`l${rung}`] = next;
      edges[`r${rung}`] = next;
    }
    expect(problemFrom('l0', edges, 1999)?.type).toBe('tooDeep');
    expect(problemFrom('l0', edges, 2000)).toBeUndefined();
    edges['r2000'] = ['r0'];
    expect(problemFrom('l0', edges, 2000)?.type).toBe('cycle');
  });
});

describe('over random graphs', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const edges = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.subarray(names, { maxLength: 3 })])),
  );

  /** Every way from a name, by brute force: its depth, infinite when it goes round. */
  function depth(name: string, from: Readonly<Record<string, string[]>>, seen: string[]): number {
    if (seen.includes(name)) return Infinity;
    const below = (from[name] ?? []).map((next) => depth(next, from, [...seen, name]) + 1);
    return Math.max(0, ...below);
  }

  test('cycle and depth are what trying every way finds, and the path is a way', () => {
    fc.assert(
      fc.property(edges, fc.integer({ min: 0, max: 6 }), (from, limit) => {
        const deep = depth('a', from, []);
        const problem = problemFrom('a', from, limit);
        if (deep === Infinity) expect(problem?.type).toBe('cycle');
        else expect(problem?.type).toBe(deep > limit ? 'tooDeep' : undefined);
        const path = problem?.path ?? ['a'];
        expect(path[0]).toBe('a');
        for (const [index, name] of path.slice(1).entries()) {
          expect(from[path[index] ?? '']).toContain(name);
        }
        if (problem?.type === 'cycle') {
          expect(path.indexOf(path.at(-1) ?? '')).toBeLessThan(path.length - 1);
        }
        if (problem?.type === 'tooDeep') expect(path).toHaveLength(limit + 2);
      }),
    );
  });
});

describe('the way back', () => {
  test('takes functionRef and follow-ups alike, and is the shortest', () => {
    expect(wayBack('a', graph({ a: ['c', 'ref:b'], b: ['a'], c: ['d'], d: ['a'] }))).toEqual([
      'a',
      'b',
      'a',
    ]);
  });

  test('is none where only others go round', () => {
    expect(wayBack('a', graph({ a: ['b'], b: ['ref:c'], c: ['b'] }))).toBeUndefined();
    expect(wayBack('a', graph({}))).toBeUndefined();
  });
});

describe('in words', () => {
  test('a problem names path and fix', () => {
    expect(describeChainProblem({ type: 'cycle', path: ['a', 'b', 'a'] })).toBe(
      'follow-ups lead in a circle: a → b → a; remove one of the references',
    );
    expect(describeChainProblem({ type: 'tooDeep', path: ['a', 'b', 'c'], limit: 1 })).toBe(
      'follow-ups run at most 1 deep: a → b → c; shorten the chain, or raise maxFollowUpDepth in KeptnConfig',
    );
    expect(describeChainProblem({ type: 'tooDeep', path: ['a', 'b'], limit: 0 })).toBe(
      'follow-ups are switched off and will not run: a → b; raise maxFollowUpDepth in KeptnConfig, or remove them',
    );
  });

  test('a very long path loses its middle', () => {
    const path = Array.from({ length: 30 }, (_, index) => `n${index}`);
    expect(shownPath(path)).toBe('n0 → n1 → n2 → n3 → n4 → n5 → … → n26 → n27 → n28 → n29');
  });
});
