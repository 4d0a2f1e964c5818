import { describe, expect, test } from 'vitest';
import { openNextAttempt } from '../../../src/domain/phase/attempt.ts';
import { workloadPhases } from '../../../src/domain/phase/phases.ts';
import type { VersionStatus } from '../../../src/domain/phase/version-status.ts';
import { now, nowText } from '../../support/observed/lifecycle-seen.ts';

const superseded: VersionStatus = {
  currentPhase: 'WorkloadPreDeployEvaluations',
  status: 'Deprecated',
  startTime: '2026-01-01T00:00:00Z',
  endTime: '2026-01-01T00:00:30Z',
  preDeploymentStatus: 'Succeeded',
  preDeploymentTaskStatus: [{ definitionName: 'a', status: 'Succeeded', name: 'pre-a-1' }],
  preDeploymentEvaluationStatus: 'Deprecated',
  preDeploymentEvaluationTaskStatus: [
    { definitionName: 'b', status: 'Succeeded', name: 'pre-eval-b-1' },
    { definitionName: 'c', status: 'Progressing', name: 'pre-eval-c-1' },
  ],
  deploymentStatus: 'Deprecated',
  postDeploymentStatus: 'Deprecated',
  postDeploymentEvaluationStatus: 'Deprecated',
  conditions: [
    {
      type: 'Succeeded',
      status: 'False',
      reason: 'Superseded',
      message: 'version 2 has become current',
      lastTransitionTime: '2026-01-01T00:00:30Z',
    },
  ],
};
const next = openNextAttempt(superseded, { phases: workloadPhases, now });

describe('the next attempt of a version', () => {
  test('counts on, starts now and is no end', () => {
    expect(next).toMatchObject({ attempt: 2, status: 'Progressing', startTime: nowText });
    expect(next).not.toHaveProperty('endTime');
    expect(next).not.toHaveProperty('currentPhase');
  });

  test('keeps what has passed, and sets everything else back', () => {
    expect(next).toMatchObject({
      preDeploymentStatus: 'Succeeded',
      preDeploymentTaskStatus: superseded.preDeploymentTaskStatus,
      preDeploymentEvaluationStatus: 'Pending',
      deploymentStatus: 'Pending',
      postDeploymentStatus: 'Pending',
      postDeploymentEvaluationStatus: 'Pending',
    });
  });

  test('repeats of an unfinished phase only the checks that have not succeeded', () => {
    expect(next.preDeploymentEvaluationTaskStatus).toEqual([
      { definitionName: 'b', status: 'Succeeded', name: 'pre-eval-b-1' },
    ]);
  });

  test('keeps on record how the attempt before it ended', () => {
    expect(next.attempts).toEqual([
      {
        attempt: 1,
        phase: 'WorkloadPreDeployEvaluations',
        status: 'Deprecated',
        reason: 'Superseded',
        message: 'version 2 has become current',
        startTime: '2026-01-01T00:00:00Z',
        endTime: '2026-01-01T00:00:30Z',
      },
    ]);
    const third = openNextAttempt(
      { ...next, status: 'Deprecated' },
      { phases: workloadPhases, now },
    );
    expect(third.attempts?.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

test('of many attempts the last twenty are kept, with their follow-ups and those that still run', () => {
  const followUp = (attempt: number, status: 'Succeeded' | 'Progressing') => ({
    definitionName: 'tell',
    trigger: 'onFailure' as const,
    attempt,
    status,
  });
  let status: VersionStatus = { ...superseded, attempt: 1 };
  for (let attempt = 1; attempt <= 25; attempt += 1) {
    const ended = followUp(attempt, attempt === 2 ? 'Progressing' : 'Succeeded');
    const over = { ...status, followUps: [...(status.followUps ?? []), ended] };
    status = openNextAttempt(over, { phases: workloadPhases, now });
  }
  expect(status.attempt).toBe(26);
  expect(status.attempts?.map(({ attempt }) => attempt)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 6),
  );
  expect(status.followUps?.map(({ attempt }) => attempt)).toEqual([
    2,
    ...Array.from({ length: 20 }, (_, index) => index + 6),
  ]);
});
