import { describe, expect, test } from 'vitest';

import type { KubernetesObject } from '../../src/api/object.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { hasUnfinished } from '../../src/controllers/retention/unfinished.ts';
import { exportPending } from '../../src/domain/trace/trace-export.ts';
import { anEvaluation, aTask, aWorkloadVersion } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { controllerReference } from '../support/observed/lifecycle-seen.ts';

const owners = [KeptnTask, KeptnEvaluation].map((kind) => ({
  kind,
  name: 'owner-uid',
  values: ({ metadata }: KubernetesObject) =>
    (metadata.ownerReferences ?? []).map(({ uid }) => uid),
}));

const over = aWorkloadVersion({ status: { status: 'Succeeded' } });
const below = (owner: KubernetesObject) => ({ ownerReferences: [controllerReference(owner)] });
const pending = [{ ...exportPending, lastTransitionTime: '2026-01-01T00:00:00Z' }];

function isUnfinished(
  objects: readonly KubernetesObject[],
  traced = false,
  version = over,
): boolean {
  return hasUnfinished(version, fixedLookup(objects, owners), () => traced);
}

describe('a version whose history may not be deleted yet', () => {
  test('has a task or evaluation that is not over, or a follow-up of one', () => {
    const done = aTask({
      metadata: { name: 'done', ...below(over) },
      status: { status: 'Succeeded' },
    });
    const followUp = aTask({
      metadata: { name: 'next', ...below(done) },
      status: { status: 'Progressing' },
    });
    expect(isUnfinished([done])).toBe(false);
    expect(isUnfinished([done, followUp])).toBe(true);
    const evaluation = anEvaluation({
      metadata: below(over),
      status: { overallStatus: 'Progressing' },
    });
    expect(isUnfinished([done, evaluation])).toBe(true);
  });

  test('has spans to be sent, of its own or of a check, as long as there is a collector', () => {
    const own = aWorkloadVersion({ status: { status: 'Succeeded', conditions: pending } });
    expect(isUnfinished([], true, own)).toBe(true);
    expect(isUnfinished([], false, own)).toBe(false);
    const task = aTask({
      metadata: below(over),
      status: { status: 'Succeeded', conditions: pending },
    });
    expect(isUnfinished([task], true)).toBe(true);
  });
});
