import { describe, expect, test } from 'vitest';

import { nextInLine, type WaitingTask } from '../../../src/domain/job/job-slots.ts';

const waiting = (app: string, ...names: readonly string[]): WaitingTask[] =>
  names.map((name, index) => ({ name, app, madeAt: index }));

describe('the tasks that get the free places of a namespace', () => {
  const many = waiting('big', 'b1', 'b2', 'b3', 'b4');
  const few = waiting('small', 's1', 's2');

  test('are the oldest of the application that has the fewest running Jobs', () => {
    expect(nextInLine([...many, ...few], new Map(), 4)).toEqual(['b1', 's1', 'b2', 's2']);
    const running = new Map([['big', 3]]);
    expect(nextInLine([...many, ...few], running, 3)).toEqual(['s1', 's2', 'b1']);
    expect(nextInLine(many, running, 2)).toEqual(['b1', 'b2']);
  });

  test('are first come first served within an application, whatever order they are seen in', () => {
    expect(nextInLine(many.toReversed(), new Map(), 9)).toEqual(['b1', 'b2', 'b3', 'b4']);
  });

  test('are none where none is free', () => {
    expect(nextInLine(many, new Map([['big', 9]]), 0)).toEqual([]);
    expect(nextInLine(many, new Map([['big', 9]]), -3)).toEqual([]);
    expect(nextInLine([], new Map(), 5)).toEqual([]);
  });
});
