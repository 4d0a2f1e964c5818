import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/api/object.ts';
import { defaultSettings } from '../../src/domain/settings/keptn-config.ts';
import { problemsOf } from '../../src/lint/rules.ts';
import { applied } from '../support/builders/definition-graphs.ts';
import { lintContext } from '../support/memory/lint-context.ts';

const chainErrors = new Set([
  'function-ref-cycle',
  'function-ref-too-deep',
  'follow-up-cycle',
  'follow-up-too-deep',
]);

test('what is admitted one by one, in any order, never forms a cycle or a chain that is too deep', () => {
  fc.assert(
    fc.property(applied, fc.integer({ min: 1, max: 3 }), (objects, maxFollowUpDepth) => {
      const settings = { ...defaultSettings, maxFollowUpDepth };
      const admitted = new Map<string, KubernetesObject>();
      const problems = (object: KubernetesObject) =>
        problemsOf(object, lintContext([...admitted.values()], { settings }));
      for (const object of objects) {
        const isRefused = problems(object).some(({ rule }) => rule.severity === 'error');
        if (!isRefused) admitted.set(`${object.kind} ${object.metadata.name}`, object);
      }
      const found = [...admitted.values()]
        .flatMap(problems)
        .filter(({ rule }) => chainErrors.has(rule.id));
      expect(found.map(({ message }) => message)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
