import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Container } from '../../src/api/builtin.ts';
import type { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import type { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import type { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import type { KeptnState } from '../../src/api/keptn/states.ts';
import type { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import type { Condition, Kind } from '../../src/api/object.ts';

describe('a resource', () => {
  it('addresses its kind', () => {
    expect(KeptnTask).toMatchObject({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      plural: 'keptntasks',
      namespaced: true,
    });
    expectTypeOf(KeptnTask).toExtend<Kind<KeptnTask>>();
  });

  it('gives its objects the types its schema says', () => {
    type Status = NonNullable<KeptnTask['status']>;
    expectTypeOf<KeptnTask['spec']['taskDefinition']>().toEqualTypeOf<string>();
    expectTypeOf<Status['status']>().toEqualTypeOf<KeptnState | undefined>();
    expectTypeOf<Status['conditions']>().toEqualTypeOf<Condition[] | undefined>();
    expectTypeOf<NonNullable<Status['attempts']>[number]['attempt']>().toEqualTypeOf<number>();
    expectTypeOf<KeptnTaskDefinition['spec']['container']>().toEqualTypeOf<Container | undefined>();
    expectTypeOf<NonNullable<KeptnEvaluation['status']>['evaluationStatus']>().toEqualTypeOf<
      Record<string, { value: string; status: KeptnState; message?: string; measuredAt?: string }>
    >();
    expectTypeOf<NonNullable<KeptnMetric['spec']['range']>['aggregation']>().toEqualTypeOf<
      'p90' | 'p95' | 'p99' | 'max' | 'min' | 'avg' | 'median' | undefined
    >();
    expectTypeOf<NonNullable<KeptnAppVersion['status']>['phaseTraceIDs']>().toEqualTypeOf<
      Record<string, Record<string, string>> | undefined
    >();
  });

  it('leaves a field out rather than setting it to undefined', () => {
    // @ts-expect-error undefined is no value for an optional field
    const status: NonNullable<KeptnTask['status']> = { jobName: undefined };
    expect(status).toHaveProperty('jobName', undefined);
  });

  it('has a plural of its own in its group', () => {
    const names = ownKinds.map((kind) => `${kind.plural}.${kind.group}`);
    expect(new Set(names).size).toBe(ownKinds.length);
  });
});
