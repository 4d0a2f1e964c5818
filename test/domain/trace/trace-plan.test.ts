import { describe, expect, test } from 'vitest';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { refOf } from '../../../src/api/object.ts';
import type { Effect, Plan } from '../../../src/domain/plan.ts';
import { tracedCheckPlan, tracedVersionPlan } from '../../../src/domain/trace/trace-plan.ts';
import {
  phaseSpan,
  type TracedVersion,
  versionSpan,
} from '../../../src/domain/trace/trace-context.ts';
import { carrierOf, traceparentOf } from '../../../src/domain/trace/traceparent.ts';
import {
  anAppVersion,
  anEvaluation,
  aTask,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { now, nowText } from '../../support/observed/lifecycle-seen.ts';

const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const pending = {
  type: 'Exported',
  status: 'False',
  reason: 'Pending',
  message: 'its spans are to be sent to the collector',
  lastTransitionTime: nowText,
};
const started = { startTime: nowText };

const writing = (version: TracedVersion, to: object, more: Partial<Plan> = {}): Plan => ({
  status: {
    ref: refOf(KeptnWorkloadVersion, version),
    resourceVersion: '1',
    from: version.status,
    to,
  },
  ...more,
});
const creating = (object: ReturnType<typeof aTask> | ReturnType<typeof anEvaluation>): Effect => ({
  type: 'create',
  kind: object.kind === KeptnTask.kind ? KeptnTask : KeptnEvaluation,
  object,
});

describe('the plan of a version that begins', () => {
  const version = aWorkloadVersion({ status: {} });
  const to = {
    currentPhase: 'WorkloadPreDeployTasks',
    status: 'Progressing',
    phaseRecords: { WorkloadPreDeployTasks: started },
  };
  const begun = { ...version, status: { phaseTraceIDs: { AppDeploy: carrierOf(parent) } } };
  const phase = phaseSpan(begun, 'WorkloadPreDeployTasks', 1);

  test('records what it hangs on and the trace context of its phase, with what is written anyway', () => {
    const plan = tracedVersionPlan(writing(version, to), { version, now, parent });
    expect(plan.status?.to).toEqual({
      ...to,
      phaseTraceIDs: { AppDeploy: carrierOf(parent), WorkloadPreDeployTasks: carrierOf(phase) },
    });
    expect(phase.traceId).toBe(parent.traceId);
  });

  test('gives its checks the trace context of their phase, before any of that is stored', () => {
    const effects = [
      creating(aTask({ spec: { checkType: 'pre', context: { metadata: { team: 'cart' } } } })),
      creating(anEvaluation({ spec: { checkType: 'pre' } })),
    ];
    const plan = tracedVersionPlan(writing(version, to, { effects }), { version, now, parent });
    expect(plan.effects).toMatchObject([
      {
        object: {
          spec: { context: { metadata: { team: 'cart', ...carrierOf(phase) } } },
        },
      },
      { object: { metadata: { annotations: carrierOf(phase) } } },
    ]);
  });

  test('says in its Events in which span they happened', () => {
    const note = { about: version, type: 'Normal', reason: '', message: '' } as const;
    const events = [
      { ...note, annotations: { phase: 'WorkloadPreDeployTasks' } },
      { ...note, annotations: { phase: 'WorkloadCompleted' } },
      note,
    ];
    const plan = tracedVersionPlan(writing(version, to, { events }), { version, now, parent });
    expect(plan.events?.map(({ annotations }) => annotations?.['traceparent'])).toEqual([
      traceparentOf(phase),
      traceparentOf(versionSpan(begun, 1)),
      undefined,
    ]);
  });

  test('keeps what it began with, whatever would let it begin now', () => {
    const stored = { ...to, phaseTraceIDs: { AppDeploy: carrierOf(parent) } };
    const going = aWorkloadVersion({
      status: { phaseTraceIDs: stored.phaseTraceIDs, currentPhase: to.currentPhase },
    });
    const other = { ...parent, traceId: 'c'.repeat(32) };
    const plan = tracedVersionPlan(writing(going, stored), { version: going, now, parent: other });
    expect(plan.status?.to).toMatchObject({ phaseTraceIDs: { AppDeploy: carrierOf(parent) } });
  });

  test('is a trace of its own where tracing was off when it began', () => {
    const going = aWorkloadVersion({ status: { currentPhase: to.currentPhase } });
    const plan = tracedVersionPlan(writing(going, to), { version: going, now, parent });
    const own = phaseSpan(going, 'WorkloadPreDeployTasks', 1);
    expect(own.traceId).not.toBe(parent.traceId);
    expect(plan.status?.to).toMatchObject({
      phaseTraceIDs: { WorkloadPreDeployTasks: carrierOf(own) },
    });
  });

  test('hangs anew when the next attempt begins', () => {
    const ended = aWorkloadVersion({
      status: {
        status: 'Deprecated',
        currentPhase: to.currentPhase,
        phaseTraceIDs: { AppDeploy: carrierOf({ ...parent, spanId: 'd'.repeat(16) }) },
      },
    });
    const next = { ...to, attempt: 2 };
    const plan = tracedVersionPlan(writing(ended, next), { version: ended, now, parent });
    expect(plan.status?.to).toMatchObject({ phaseTraceIDs: { AppDeploy: carrierOf(parent) } });
  });

  test('asks for no write of its own', () => {
    const stored = { currentPhase: 'WorkloadDeploy', phaseRecords: { WorkloadDeploy: started } };
    const going = aWorkloadVersion({ status: stored });
    const plan = writing(going, { ...stored });
    expect(tracedVersionPlan(plan, { version: going, now, parent }).status).toBe(plan.status);
  });
});

describe('what comes to its end', () => {
  const version = anAppVersion({ status: { status: 'Progressing', conditions: [] } });
  const trace = (from: TracedVersion, to: object) =>
    tracedVersionPlan(writing(from, to), { version: from, now, parent: undefined }).status?.to;

  test.each(['Succeeded', 'Failed', 'Deprecated'])('as %s is marked for export', (status) => {
    const ready = { ...pending, type: 'Succeeded' };
    expect(trace(version, { status, conditions: [ready] })).toMatchObject({
      conditions: [ready, pending],
    });
  });

  test('is marked once: what ended before, and is written again, is not', () => {
    const ended = anAppVersion({ status: { status: 'Succeeded' } });
    expect(trace(ended, { status: 'Deprecated' })).not.toHaveProperty('conditions');
  });

  test('is marked again at the end of the next attempt, even if that takes one decision', () => {
    const ended = anAppVersion({ status: { status: 'Deprecated' } });
    expect(trace(ended, { status: 'Succeeded', attempt: 2 })).toMatchObject({
      conditions: [pending],
    });
  });

  test('is not marked while it goes on', () => {
    const to = { status: 'Progressing', currentPhase: 'AppDeploy' };
    expect(trace(version, to)).not.toHaveProperty('conditions');
  });

  test('is marked if it is an evaluation or a task, too, also where its place is not known', () => {
    const evaluation = anEvaluation({ status: {} });
    const status = {
      ref: refOf(KeptnEvaluation, evaluation),
      resourceVersion: '1',
      from: evaluation.status,
      to: { ...evaluation.status, overallStatus: 'Failed' },
    };
    for (const span of [parent, undefined]) {
      expect(tracedCheckPlan({ status }, span, now).status?.to).toMatchObject({
        overallStatus: 'Failed',
        conditions: [pending],
      });
    }
  });
});

test('a follow-up carries the span of what it follows, not what that carried', () => {
  const carried = { context: { metadata: { traceparent: 'old' } } };
  const plan = tracedCheckPlan({ effects: [creating(aTask({ spec: carried }))] }, parent, now);
  expect(plan.effects).toMatchObject([
    { object: { spec: { context: { metadata: carrierOf(parent) } } } },
  ]);
});
