import { describe, expect, test } from 'vitest';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import { advance, type Course, type PhaseOutcome } from '../../../src/domain/phase/advance.ts';
import { openNextAttempt } from '../../../src/domain/phase/attempt.ts';
import { appPhases } from '../../../src/domain/phase/phases.ts';
import { superseded } from '../../../src/domain/phase/superseded.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import type { VersionStatus } from '../../../src/domain/phase/version-status.ts';
import { aSubject, now, nowText } from '../../support/observed/lifecycle-seen.ts';

const later = now + 60_000;

function through(
  states: Readonly<Record<string, KeptnState>>,
  more: Partial<Course> = {},
): VersionStatus {
  const outcome = (state: KeptnState): PhaseOutcome => ({
    state,
    progress: { kind: 'waiting', reason: 'Because', message: '' },
    eventful: true,
  });
  return advance({
    phases: appPhases,
    status: {},
    subject: aSubject,
    now,
    completed: { short: 'AppCompleted', long: 'App Completed' },
    run: ({ short }) => outcome(states[short] ?? 'Succeeded'),
    ...more,
  }).status;
}

describe('the record of the phases', () => {
  test('says of every phase that was entered when it began, and of every one that is over when and how it ended', () => {
    const { phaseRecords } = through({
      AppPreDeployTasks: 'Warning',
      AppDeploy: 'Progressing',
    });
    expect(phaseRecords).toEqual({
      AppPreDeployTasks: { startTime: nowText, endTime: nowText, status: 'Warning' },
      AppPreDeployEvaluations: { startTime: nowText, endTime: nowText, status: 'Succeeded' },
      AppDeploy: { startTime: nowText },
    });
  });

  test('does not change while a phase goes on, and keeps its start at the end', () => {
    const before = through({ AppDeploy: 'Progressing' });
    const same = through({ AppDeploy: 'Progressing' }, { status: before, now: later });
    expect(same.phaseRecords).toEqual(before.phaseRecords);
    const failed = through({ AppDeploy: 'Failed' }, { status: same, now: later });
    expect(failed.phaseRecords?.['AppDeploy']).toEqual({
      startTime: nowText,
      endTime: rfc3339(later),
      status: 'Failed',
      reason: 'Because',
    });
  });

  test('lets a phase begin no later than the first of its checks of this attempt', () => {
    const at = (ms: number) => ({ startTime: rfc3339(now + ms) });
    const items = [
      { definitionName: 'kept', ...at(-90_000) },
      { definitionName: 'a', attempt: 2, ...at(-1_000) },
      { definitionName: 'b', attempt: 2, ...at(-2_000) },
    ];
    const { phaseRecords } = through(
      {},
      {
        status: { attempt: 2 },
        run: () => ({
          state: 'Progressing',
          changes: { preDeploymentTaskStatus: items },
          progress: { kind: 'waiting', reason: '', message: '' },
          eventful: true,
        }),
      },
    );
    expect(phaseRecords).toEqual({ AppPreDeployTasks: at(-2_000) });
  });

  test('invents no start for a phase that began before there were records', () => {
    const status = { currentPhase: 'AppPreDeployTasks', preDeploymentStatus: 'Progressing' };
    const done = through(
      { AppPreDeployEvaluations: 'Progressing' },
      { status: { ...status } as VersionStatus },
    );
    expect(done.phaseRecords?.['AppPreDeployTasks']).toEqual({
      endTime: nowText,
      status: 'Succeeded',
    });
  });

  test('leaves out a phase that does not run', () => {
    const { phaseRecords } = through({ PromotionTasks: 'Deprecated' });
    expect(Object.keys(phaseRecords ?? {})).not.toContain('PromotionTasks');
  });

  test('says of a superseded version in which phase it was cut short', () => {
    const running = through({ AppDeploy: 'Progressing' });
    const { status } = superseded(running, {
      phases: appPhases,
      subject: aSubject,
      now: later,
      by: '2',
    });
    expect(status.phaseRecords?.['AppDeploy']).toEqual({
      startTime: nowText,
      endTime: rfc3339(later),
      status: 'Deprecated',
      reason: 'Superseded',
    });
    expect(status.phaseRecords?.['AppPreDeployTasks']).toEqual(
      running.phaseRecords?.['AppPreDeployTasks'],
    );
  });

  test('goes to the attempts with the attempt it is of, and whether its spans were exported', () => {
    const ended = through({ AppDeploy: 'Failed' });
    const exported = {
      type: 'Exported',
      status: 'True',
      reason: 'Acknowledged',
      message: '',
      lastTransitionTime: nowText,
    } as const;
    const traced: VersionStatus = {
      ...ended,
      phaseTraceIDs: { AppDeploy: { traceparent: 'x' } },
      conditions: [...(ended.conditions ?? []), exported],
    };
    const next = openNextAttempt(traced, { phases: appPhases, now: later });
    expect(next.attempts).toMatchObject([
      {
        attempt: 1,
        phaseRecords: ended.phaseRecords,
        phaseTraceIDs: traced.phaseTraceIDs,
        exported: true,
      },
    ]);
    expect(next).not.toHaveProperty('phaseRecords');
    expect(next).not.toHaveProperty('phaseTraceIDs');
    expect(next.conditions).toEqual(ended.conditions);
    const untraced = openNextAttempt(ended, { phases: appPhases, now: later });
    expect(untraced.attempts?.[0]).not.toHaveProperty('exported');
  });
});
