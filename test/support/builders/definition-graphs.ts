import fc from 'fast-check';
import { KeptnAppContext } from '../../../src/api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';

/** Few names, so that random references meet. */
export const definitionNames = ['a', 'b', 'c', 'd', 'e'] as const;

const follows = fc.record({
  onSuccess: fc.subarray([...definitionNames], { maxLength: 2 }),
  onFailure: fc.subarray([...definitionNames], { maxLength: 1 }),
});

const metadataOf = (name: string, outcome = 'succeed') => ({
  name,
  namespace: 'shop',
  annotations: { 'sluice.test/outcome': outcome },
});

const taskDefinition = (name: string): fc.Arbitrary<KeptnTaskDefinition> =>
  fc
    .record({
      followUps: follows,
      outcome: fc.constantFrom('succeed', 'fail'),
      // Most have code of their own.
      functionRef: fc.option(fc.constantFrom(...definitionNames), { freq: 2 }),
    })
    .map(({ followUps, outcome, functionRef }) => ({
      apiVersion: KeptnTaskDefinition.apiVersion,
      kind: KeptnTaskDefinition.kind,
      metadata: metadataOf(name, outcome),
      spec: {
        deno:
          functionRef === null
            ? { inline: { code: 'true' } }
            : { functionRef: { name: functionRef } },
        retries: 0,
        ...followUps,
      },
    }));

/** Task definitions `a` to `e` whose functionRef and follow-ups lead anywhere among them. */
export const taskDefinitions: fc.Arbitrary<readonly KeptnTaskDefinition[]> = fc.tuple(
  ...definitionNames.map(taskDefinition),
);

/** Whatever somebody may apply to change where chains lead: the same names again and again, in any order. */
export const applied: fc.Arbitrary<readonly KubernetesObject[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...definitionNames).chain(taskDefinition) },
    {
      weight: 1,
      arbitrary: follows.map((followUps) => ({
        apiVersion: KeptnEvaluationDefinition.apiVersion,
        kind: KeptnEvaluationDefinition.kind,
        metadata: metadataOf('evaluation'),
        spec: { objectives: [], ...followUps },
      })),
    },
    {
      weight: 1,
      arbitrary: follows.map((followUps) => ({
        apiVersion: KeptnAppContext.apiVersion,
        kind: KeptnAppContext.kind,
        metadata: metadataOf('shop'),
        spec: followUps,
      })),
    },
  ),
  { maxLength: 15 },
);
