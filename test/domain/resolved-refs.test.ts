import { describe, expect, test } from 'vitest';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import {
  decideReferrer,
  type Flaw,
  type ReferrerObservation,
} from '../../src/domain/resolved-refs.ts';
import { aMetric, anEvaluationDefinition } from '../support/builders/builders.ts';

const now = Date.UTC(2026, 0, 2);

const missing: Flaw = {
  path: 'spec.a',
  message: 'X x does not exist',
  reason: 'ReferenceMissing',
  isOfReference: true,
  mayPass: true,
};
const wrong: Flaw = {
  path: '',
  message: 'makes no sense',
  reason: 'ObjectiveTarget',
  isOfReference: false,
  mayPass: false,
};

const seen = (given: Partial<ReferrerObservation> = {}): ReferrerObservation => ({
  now,
  kind: KeptnEvaluationDefinition,
  object: anEvaluationDefinition({ metadata: { generation: 3 } }),
  flaws: [],
  saysResolved: true,
  unread: [],
  saysReady: true,
  ...given,
});

/** `Ready:False(Reason)` of every condition that would be written. */
function stated(observation: ReferrerObservation): readonly string[] {
  const to = decideReferrer(observation).status?.to as ReferrerObservation['object']['status'];
  return (to?.conditions ?? []).map(({ type, status, reason }) => `${type}:${status}(${reason})`);
}

/** The object as the plan leaves it. */
function after(observation: ReferrerObservation): ReferrerObservation['object'] {
  const { status } = decideReferrer(observation);
  return {
    ...observation.object,
    status: status?.to as ReferrerObservation['object']['status'],
  } as ReferrerObservation['object'];
}

describe('an object that names others', () => {
  test('without a flaw is resolved and ready, for its generation', () => {
    expect(stated(seen())).toEqual([
      'ResolvedRefs:True(Resolved)',
      'Ready:True(Valid)',
      'Reconciling:False(Valid)',
      'Stalled:False(Valid)',
    ]);
    expect(decideReferrer(seen()).status?.to).toMatchObject({ observedGeneration: 3 });
    expect(decideReferrer(seen()).events).toBeUndefined();
  });

  test('is waiting for what may come, and stalled by anything else', () => {
    expect(stated(seen({ flaws: [missing] }))).toEqual([
      'ResolvedRefs:False(ReferenceMissing)',
      'Ready:False(ReferenceMissing)',
      'Reconciling:True(ReferenceMissing)',
      'Stalled:False(ReferenceMissing)',
    ]);
    expect(stated(seen({ flaws: [wrong, missing] }))).toEqual([
      'ResolvedRefs:False(ReferenceMissing)',
      'Ready:False(ObjectiveTarget)',
      'Reconciling:False(ObjectiveTarget)',
      'Stalled:True(ObjectiveTarget)',
    ]);
    expect(stated(seen({ flaws: [wrong] }))[0]).toBe('ResolvedRefs:True(Resolved)');
  });

  test('gets one Event when it becomes flawed, none while it is, none when it is no more', () => {
    const flawed = seen({ flaws: [wrong, missing] });
    expect(decideReferrer(flawed).events).toMatchObject([
      {
        type: 'Warning',
        reason: 'ObjectiveTarget',
        message: 'makes no sense; spec.a: X x does not exist',
      },
    ]);
    const object = after(flawed);
    expect(decideReferrer({ ...flawed, object, flaws: [missing] }).events).toBeUndefined();
    expect(decideReferrer(seen({ object })).events).toBeUndefined();
    expect(decideReferrer({ ...flawed, object: after(seen({ object })) }).events).toHaveLength(1);
  });

  test('is not written when nothing is new', () => {
    for (const flaws of [[], [missing], [wrong]]) {
      const observation = seen({ flaws });
      const { status } = decideReferrer({
        ...observation,
        object: after(observation),
        now: now + 1e6,
      });
      expect(status?.to).toEqual(status?.from);
    }
  });

  test('of which many flaws are told names the first five', () => {
    const flaws = Array.from({ length: 8 }, (_, index) => ({
      ...missing,
      path: `spec.a[${index}]`,
    }));
    const [condition] = after(seen({ flaws })).status?.conditions ?? [];
    expect(condition?.message).toMatch(/spec\.a\[4\]: X x does not exist; and 3 more$/);
  });

  test('is looked for live before it is called missing', () => {
    const ref = { kind: KeptnMetric, namespace: 'shop', name: 'cpu' };
    expect(decideReferrer(seen({ flaws: [missing], unread: [ref] }))).toEqual({ look: [ref] });
  });

  test('is left alone while it is being deleted', () => {
    const object = anEvaluationDefinition({
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    expect(decideReferrer(seen({ object, flaws: [missing] }))).toEqual({});
  });
});

describe('an object of which others say whether it is ready', () => {
  const metric = (given: Partial<ReferrerObservation> = {}) =>
    seen({ kind: KeptnMetric, object: aMetric(), saysReady: false, ...given });

  test('is told of its references alone; observedGeneration stays whoever’s it is', () => {
    expect(stated(metric({ flaws: [missing] }))).toEqual(['ResolvedRefs:False(ReferenceMissing)']);
    const conditions = [
      {
        type: 'Ready',
        status: 'False' as const,
        reason: 'QueryFailed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const object = aMetric({ status: { conditions, value: '1', observedGeneration: 1 } });
    expect(stated(metric({ object }))).toEqual([
      'Ready:False(QueryFailed)',
      'ResolvedRefs:True(Resolved)',
    ]);
    const updated = { ...object, metadata: { ...object.metadata, generation: 2 } };
    expect(decideReferrer(metric({ object: updated })).status?.to).toMatchObject({
      value: '1',
      observedGeneration: 1,
    });
  });

  test('is not touched when there is nothing to say', () => {
    expect(decideReferrer(metric({ saysResolved: false }))).toEqual({});
    const object = after(metric({ flaws: [missing] }));
    expect(stated(metric({ object, saysResolved: false }))).toEqual([]);
  });
});
