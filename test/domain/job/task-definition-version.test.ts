import { describe, expect, test } from 'vitest';

import type { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import {
  evaluationDefinitionVersion,
  isOtherVersion,
} from '../../../src/domain/check/definition-version.ts';
import { taskDefinitionVersion } from '../../../src/domain/job/task-definition-version.ts';
import {
  aMetric,
  anEvaluationDefinition,
  aTaskDefinition,
} from '../../support/builders/builders.ts';

const withRef = (name: string, to: string): KeptnTaskDefinition => ({
  ...aTaskDefinition({ metadata: { name, uid: `uid-of-${name}`, generation: 1 } }),
  spec: { deno: { functionRef: { name: to } } },
});

describe('the state of a definition', () => {
  test('is its own where it leads to nothing else', () => {
    const definition = aTaskDefinition({ metadata: { uid: 'u', generation: 3 } });
    expect(taskDefinitionVersion(definition, () => undefined)).toBe('u/3');
  });

  test('changes with every definition that its functionRef leads to, one that is missing included', () => {
    const versions = [1, 2].map((generation) => {
      const far = aTaskDefinition({ metadata: { name: 'far', uid: 'far', generation } });
      const by = new Map([
        ['near', withRef('near', 'far')],
        ['far', far],
      ]);
      return taskDefinitionVersion(withRef('check', 'near'), (name) => by.get(name));
    });
    versions.push(taskDefinitionVersion(withRef('check', 'near'), () => undefined));
    expect(new Set(versions).size).toBe(3);
    for (const version of versions) expect(version).toMatch(/^uid-of-check\/1\+[0-9a-f]{16}$/u);
  });

  test('ends with a circle', () => {
    const one = withRef('one', 'two');
    const two = withRef('two', 'one');
    const find = (name: string) => (name === 'one' ? one : two);
    expect(taskDefinitionVersion(one, find)).toMatch(/\+/u);
  });

  test('changes with the metrics that an evaluation definition names', () => {
    const definition = anEvaluationDefinition({
      spec: { objectives: [{ keptnMetricRef: { name: 'cpus' }, evaluationTarget: '>1' }] },
    });
    const of = (generation: number) =>
      evaluationDefinitionVersion(definition, () => aMetric({ metadata: { generation } }));
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
    expect(evaluationDefinitionVersion(definition, () => undefined)).not.toBe(of(1));
  });

  test('that an earlier release has kept without what is behind it is compared without it', () => {
    expect(isOtherVersion('u/1', 'u/1+0123456789abcdef')).toBe(false);
    expect(isOtherVersion('u/1', 'u/2+0123456789abcdef')).toBe(true);
    expect(isOtherVersion('u/1+a', 'u/1+b')).toBe(true);
    expect(isOtherVersion('u/1+a', 'u/1+a')).toBe(false);
  });
});
