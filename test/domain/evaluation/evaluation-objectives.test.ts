import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Objective } from '../../../src/api/keptn/evaluation-definition.ts';
import { objectiveKeys, unmetLines } from '../../../src/domain/evaluation/evaluation-objectives.ts';

const on = (name: string, evaluationTarget = '>1', namespace?: string): Objective => ({
  keptnMetricRef: namespace === undefined ? { name } : { name, namespace },
  evaluationTarget,
});

describe('objectiveKeys', () => {
  test('are the plain names of the metrics, as in Keptn', () => {
    expect(objectiveKeys([on('cpu'), on('mem', '>1', 'other')], 'shop')).toEqual(['cpu', 'mem']);
  });

  test('of a metric of the same name in another namespace carry the namespace', () => {
    expect(objectiveKeys([on('cpu'), on('cpu', '>1', 'other')], 'shop')).toEqual([
      'cpu',
      'other/cpu',
    ]);
  });

  test('keep two bounds on one metric apart, so that one that is met does not pass for the other', () => {
    expect(objectiveKeys([on('cpu', '>1'), on('cpu', '<5'), on('cpu', '<9')], 'shop')).toEqual([
      'cpu',
      'shop/cpu',
      'shop/cpu <9',
    ]);
  });

  test('of objectives with a query are their names, apart where they ask different things', () => {
    const asking = (query: string, name?: string): Objective => ({
      query,
      ...(name !== undefined && { name }),
      evaluationTarget: '>1',
    });
    expect(objectiveKeys([asking('a', 'cpu'), asking('b', 'mem'), asking('up')], 'shop')).toEqual([
      'cpu',
      'mem',
      'up',
    ]);
    expect(objectiveKeys([on('cpu'), asking('a', 'cpu'), asking('b', 'cpu')], 'shop')).toEqual([
      'cpu',
      'shop/cpu',
      'shop/cpu >1  b',
    ]);
  });

  test('are equal exactly for objectives that say the same', () => {
    const objective = fc.record({
      name: fc.constantFrom('a', 'b'),
      target: fc.constantFrom('>1', '<2', '<3'),
      namespace: fc.constantFrom(undefined, '', 'shop', 'x'),
    });
    fc.assert(
      fc.property(fc.array(objective), (all) => {
        const objectives = all.map(({ name, target, namespace }) => on(name, target, namespace));
        const identities = all.map(
          ({ name, target, namespace }) => `${namespace || 'shop'} ${name} ${target}`,
        );
        const keys = objectiveKeys(objectives, 'shop');
        for (const [one, key] of keys.entries()) {
          for (const [other, otherKey] of keys.entries()) {
            expect(key === otherKey).toBe(identities[one] === identities[other]);
          }
        }
      }),
    );
  });
});

test('unmetLines names what is not met and why, and nothing else', () => {
  expect(
    unmetLines({
      cpu: { value: '3', status: 'Failed', message: 'too low' },
      mem: { value: '3', status: 'Succeeded', message: 'fine' },
    }),
  ).toEqual(['cpu: too low']);
});
