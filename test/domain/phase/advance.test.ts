import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import { advance, type Course, type PhaseOutcome } from '../../../src/domain/phase/advance.ts';
import {
  appPhases,
  isPassed,
  type Phase,
  workloadPhases,
} from '../../../src/domain/phase/phases.ts';
import type { VersionStatus } from '../../../src/domain/phase/version-status.ts';
import {
  aSubject,
  conditionIn,
  now,
  nowText,
  reasons,
} from '../../support/observed/lifecycle-seen.ts';

const completed = { short: 'AppCompleted', long: 'App Completed' };

function outcome(state: KeptnState, more: Partial<PhaseOutcome> = {}): PhaseOutcome {
  const kind = state === 'Failed' ? 'failed' : 'waiting';
  return { state, progress: { kind, reason: 'Why', message: 'so' }, eventful: true, ...more };
}

/** Runs through `appPhases`; a phase that is not named has nothing to run. */
function through(
  outcomes: Readonly<Record<string, PhaseOutcome>>,
  more: Partial<Course> = {},
): ReturnType<typeof advance> {
  return advance({
    phases: appPhases,
    status: {},
    subject: aSubject,
    now,
    completed,
    run: ({ short }) => outcomes[short] ?? outcome('Succeeded', { eventful: false }),
    ...more,
  });
}

describe('a version', () => {
  test('without checks goes through all its phases at once and tells only of its end', () => {
    const done = through({});
    expect(done.end).toBe('completed');
    expect(done.status).toMatchObject({
      preDeploymentStatus: 'Succeeded',
      workloadOverallStatus: 'Succeeded',
      promotionStatus: 'Succeeded',
      currentPhase: 'Completed',
      status: 'Succeeded',
      startTime: nowText,
      endTime: nowText,
    });
    expect(reasons(done)).toEqual(['AppCompletedFinished']);
  });

  test('stops in a phase that is not over, says why, and hands on what there is to do', () => {
    const look = [
      { kind: { apiVersion: 'v1', kind: 'X', plural: 'xs', namespaced: true }, name: 'x' },
    ];
    const done = through({
      AppPreDeployEvaluations: outcome('Progressing', { look, wakeAfterMs: 5 }),
    });
    expect(done).toMatchObject({ end: 'running', look, wakeAfterMs: 5 });
    expect(done.status).toMatchObject({
      status: 'Progressing',
      currentPhase: 'AppPreDeployEvaluations',
      preDeploymentEvaluationStatus: 'Progressing',
    });
    expect(done.status).not.toHaveProperty('workloadOverallStatus');
    expect(conditionIn(done.status, 'Reconciling')).toMatchObject({
      status: 'True',
      reason: 'Why',
    });
    expect(reasons(done)).toEqual(['AppPreDeployEvaluationsStarted']);
  });

  test('says that a phase has started once, and that it has finished', () => {
    const running = through({ AppPreDeployTasks: outcome('Progressing') });
    const later = through({ AppPreDeployTasks: outcome('Succeeded') }, { status: running.status });
    expect(reasons(later)).toEqual(['AppPreDeployTasksFinished', 'AppCompletedFinished']);
  });

  test('never enters a phase again that it has passed', () => {
    const entered: string[] = [];
    through(
      {},
      {
        status: { preDeploymentStatus: 'Warning', workloadOverallStatus: 'Succeeded' },
        run: ({ short }) => {
          entered.push(short);
          return outcome('Succeeded');
        },
      },
    );
    expect(entered).not.toContain('AppPreDeployTasks');
    expect(entered).not.toContain('AppDeploy');
  });

  test('passes over a phase that is switched off, and leaves its state alone', () => {
    const skips = ({ short }: Phase): boolean => short === 'PromotionTasks';
    const done = through({ PromotionTasks: outcome('Failed') }, { skips });
    expect(done.end).toBe('completed');
    expect(done.status).not.toHaveProperty('promotionStatus');
  });

  test('W4: is completed and succeeded after a Warning, and says which phase it was', () => {
    const done = through({ AppPreDeployTasks: outcome('Warning') });
    expect(done.status).toMatchObject({ status: 'Succeeded', preDeploymentStatus: 'Warning' });
    expect(conditionIn(done.status, 'Succeeded')).toMatchObject({
      status: 'True',
      reason: 'CompletedWithWarning',
    });
    expect(conditionIn(done.status, 'Succeeded')?.message).toContain('AppPreDeployTasks');
  });

  test('that is to end its phase does not begin the next one', () => {
    const status: VersionStatus = { currentPhase: 'AppPreDeployTasks' };
    const entered: string[] = [];
    const done = through(
      {},
      {
        status,
        lastPhase: true,
        run: ({ short }) => {
          entered.push(short);
          return outcome('Succeeded');
        },
      },
    );
    expect(entered).toEqual(['AppPreDeployTasks']);
    expect(done.end).toBe('stopped');
    expect(reasons(done)).toEqual(['AppPreDeployTasksFinished']);
  });

  test('keeps the start of the first phase and the time of its end', () => {
    const status = { startTime: '2025-12-31T00:00:00Z', endTime: '2025-12-31T01:00:00Z' };
    expect(through({}, { status }).status).toMatchObject(status);
  });
});

describe("Keptn's cascade: a phase that fails ends the version and deprecates those behind it", () => {
  for (const [kind, phases] of [
    ['app', appPhases],
    ['workload', workloadPhases],
  ] as const) {
    for (const [index, phase] of phases.entries()) {
      test(`${kind}: ${phase.short}`, () => {
        const done = through(
          {
            [phase.short]: outcome('Failed', {
              effects: [
                {
                  type: 'delete',
                  ref: {
                    kind: { apiVersion: 'v1', kind: 'X', plural: 'xs', namespaced: true },
                    name: 'x',
                  },
                  uid: 'u',
                },
              ],
            }),
          },
          { phases, skips: ({ short }) => short === 'PromotionTasks' && phase.short !== short },
        );
        expect(done).toMatchObject({ end: 'failed', effects: [], look: [] });
        expect(done.status).toMatchObject({
          status: 'Failed',
          currentPhase: phase.short,
          endTime: nowText,
          [phase.state]: 'Failed',
        });
        for (const before of phases.slice(0, index))
          expect(done.status[before.state]).toBe('Succeeded');
        for (const behind of phases.slice(index + 1))
          expect(done.status[behind.state]).toBe('Deprecated');
        expect(reasons(done)).toEqual([
          `${phase.short}Started`,
          `${phase.short}Failed`,
          'AppCompletedFailed',
        ]);
        expect(conditionIn(done.status, 'Stalled')).toMatchObject({
          status: 'True',
          reason: 'Why',
        });
      });
    }
  }
});

describe('whatever its phases answer', () => {
  const aState = fc.constantFrom<KeptnState>(
    'Pending',
    'Progressing',
    'Succeeded',
    'Warning',
    'Failed',
    'Unknown',
  );
  const states = fc.array(aState, { minLength: 6, maxLength: 6 });

  const outcomesOf = (answers: readonly KeptnState[]) =>
    Object.fromEntries(appPhases.map(({ short }, i) => [short, outcome(answers[i] ?? 'Pending')]));

  test('a second look at the same world says the same and reports nothing', () => {
    fc.assert(
      fc.property(states, (answers) => {
        const outcomes = outcomesOf(answers);
        const first = through(outcomes);
        if (first.end !== 'running') return;
        const second = through(outcomes, { status: first.status, now: now + 3_600_000 });
        expect(second.status).toEqual(first.status);
        expect(second.events).toEqual([]);
      }),
    );
  });

  test('no phase that was passed is ever taken back', () => {
    fc.assert(
      fc.property(states, states, (before, after) => {
        const first = through(outcomesOf(before)).status;
        const second = through(outcomesOf(after), { status: first }).status;
        for (const { state } of appPhases.filter((phase) => isPassed(first[phase.state])))
          expect(second[state]).toBe(first[state]);
      }),
    );
  });
});
