import { describe, expect, test } from 'vitest';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { type Kind, type KubernetesObject, ownedBy } from '../../../src/api/object.ts';
import { checkSpanRecord } from '../../../src/domain/trace/trace-check.ts';
import { objectSpanId, phaseSpanId, traceIdFor } from '../../../src/domain/trace/trace-ids.ts';
import type { TracedCheck } from '../../../src/domain/trace/trace-context.ts';
import {
  anAppVersion,
  anEvaluation,
  aTask,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const ms = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second);
const uidOf = ({ metadata }: KubernetesObject): string => metadata.uid ?? '';
const ownedByOne = (kind: Kind, object: KubernetesObject) => ({
  ownerReferences: [ownedBy(kind, object)],
});

const app = anAppVersion({ spec: { metadata: { team: 'shop' } }, status: {} });
const link = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const AppDeploy = { traceparent: `00-${link.traceId}-${link.spanId}-01` };
const workload = aWorkloadVersion({
  spec: { metadata: { tier: 'back' } },
  status: { phaseTraceIDs: { AppDeploy }, appContextMetadata: { team: 'shop' } },
});
const ofWorkload = ownedByOne(KeptnWorkloadVersion, workload);

const spanIn = (check: TracedCheck, ...around: KubernetesObject[]) =>
  checkSpanRecord(check, fixedLookup([check, ...around]));

describe('the span of a task', () => {
  const ended = { status: 'Succeeded', startTime: at(1), endTime: at(4) } as const;
  const task = aTask({
    metadata: ofWorkload,
    status: { ...ended, jobName: 'pre-smoke', jobUID: 'job-uid' },
  });

  test('hangs on its phase, and says what Keptn’s says and what the conventions ask for', () => {
    expect(spanIn(task, workload)).toEqual({
      traceId: link.traceId,
      spanId: objectSpanId(uidOf(task), 1),
      parent: {
        traceId: link.traceId,
        spanId: phaseSpanId(uidOf(workload), 'WorkloadPreDeployTasks', 1),
      },
      scope: 'keptn/lifecycle-operator/workloadversion',
      name: 'pre-smoke-0000000000',
      startMs: ms(1),
      endMs: ms(4),
      attributes: {
        'keptn.deployment.app.name': 'shop',
        'keptn.deployment.app.version': '',
        'keptn.deployment.workload.name': 'shop-cart',
        'keptn.deployment.workload.version': '1.0.0',
        'keptn.deployment.task.name': 'pre-smoke-0000000000',
        'keptn.deployment.task.type': 'pre',
        'cicd.pipeline.name': 'shop-cart',
        'cicd.pipeline.run.id': uidOf(workload),
        'cicd.pipeline.task.name': 'smoke',
        'cicd.pipeline.task.run.id': uidOf(task),
        'cicd.pipeline.task.run.result': 'success',
        'k8s.namespace.name': 'shop',
        'k8s.job.name': 'pre-smoke',
        'k8s.job.uid': 'job-uid',
      },
      events: [{ name: 'pre-smoke-0000000000 has finished', atMs: ms(4) }],
      links: [],
      outcome: 'ok',
    });
  });

  test('says why it failed, in Keptn’s words', () => {
    const failed = aTask({
      metadata: ofWorkload,
      status: { ...ended, status: 'Failed', reason: 'BackoffLimitExceeded', message: 'exit 1' },
    });
    expect(spanIn(failed, workload)).toMatchObject({
      outcome: 'error',
      description: 'Failed',
      attributes: {
        'cicd.pipeline.task.run.result': 'failure',
        'error.type': 'BackoffLimitExceeded',
      },
      events: [
        { name: 'pre-smoke-0000000000 has failed', atMs: ms(4) },
        { name: "task 'pre-smoke-0000000000' failed with reason: 'exit 1'", atMs: ms(4) },
      ],
    });
  });

  test.each([
    ['DeadlineExceeded', 'timeout'],
    ['JobLost', 'error'],
  ])('tells %s from a failure of its own', (reason, result) => {
    const failed = aTask({ metadata: ofWorkload, status: { ...ended, status: 'Failed', reason } });
    expect(spanIn(failed, workload)?.attributes['cicd.pipeline.task.run.result']).toBe(result);
  });

  test('is neither good nor bad where its version was superseded', () => {
    const superseded = aTask({ metadata: ofWorkload, status: { ...ended, status: 'Deprecated' } });
    expect(spanIn(superseded, workload)).toMatchObject({
      outcome: 'unset',
      attributes: { 'cicd.pipeline.task.run.result': 'cancellation' },
      events: [{ name: 'pre-smoke-0000000000 was superseded' }],
    });
  });

  test('of an app version hangs on the phase of its check type', () => {
    const promotion = aTask({
      metadata: ownedByOne(KeptnAppVersion, app),
      spec: { checkType: 'promotion' },
      status: ended,
    });
    expect(spanIn(promotion, app)?.parent).toEqual({
      traceId: traceIdFor(uidOf(app)),
      spanId: phaseSpanId(uidOf(app), 'PromotionTasks', 1),
    });
  });

  test('hangs on the attempt of its version that it was made for', () => {
    const second = aTask({ metadata: ofWorkload, spec: { attempt: 2 }, status: ended });
    const retried = aWorkloadVersion({
      status: {
        attempt: 2,
        phaseTraceIDs: {},
        attempts: [{ attempt: 1, phaseTraceIDs: { AppDeploy } }],
      },
    });
    expect(spanIn(second, retried)?.parent).toEqual({
      traceId: traceIdFor(uidOf(workload)),
      spanId: phaseSpanId(uidOf(workload), 'WorkloadPreDeployTasks', 2),
    });
    expect(spanIn(task, retried)?.parent?.traceId).toBe(link.traceId);
  });

  test('hangs where its metadata says, which is not repeated as an attribute', () => {
    const metadata = { team: 'x', ...AppDeploy };
    const carried = aTask({ spec: { context: { metadata } }, status: ended });
    const span = spanIn(carried);
    expect(span).toMatchObject({ parent: link, traceId: link.traceId, attributes: { team: 'x' } });
    expect(span?.attributes).not.toHaveProperty('traceparent');
  });

  test('made by hand is the root of a trace', () => {
    const own = aTask({ status: ended });
    const span = spanIn(own);
    expect(span).not.toHaveProperty('parent');
    expect(span).toMatchObject({
      traceId: traceIdFor(uidOf(own)),
      scope: 'keptn/lifecycle-operator/task',
    });
    expect(span?.attributes).not.toHaveProperty('cicd.pipeline.name');
  });

  test('is not built while its version is not in the caches, or another one has its name', () => {
    expect(spanIn(task)).toBeUndefined();
    const other = { ...workload, metadata: { ...workload.metadata, uid: 'another' } };
    expect(spanIn(task, other)).toBeUndefined();
    const carried = { ...task, spec: { ...task.spec, context: { metadata: AppDeploy } } };
    expect(spanIn(carried)).toBeUndefined();
  });

  test('ends no earlier than it starts, and starts at its creation if it never ran', () => {
    const backwards = aTask({ status: { status: 'Failed', startTime: at(9), endTime: at(2) } });
    expect(spanIn(backwards)).toMatchObject({ startMs: ms(9), endMs: ms(9) });
    const never = aTask({ status: { status: 'Deprecated', endTime: at(2) } });
    expect(spanIn(never)).toMatchObject({ startMs: ms(0), endMs: ms(2) });
  });
});

describe('the span of a follow-up', () => {
  const ended = { status: 'Succeeded', startTime: at(5), endTime: at(6) } as const;
  const task = aTask({ metadata: ofWorkload, status: { ...ended, status: 'Failed' } });
  const followUpOf = (kind: Kind, parent: KubernetesObject, name: string) =>
    aTask({
      metadata: { name, ...ownedByOne(kind, parent) },
      spec: { checkType: 'on-failure' },
      status: ended,
    });

  test('hangs on the span of the task it follows, and so on', () => {
    const first = followUpOf(KeptnTask, task, 'first');
    const second = followUpOf(KeptnTask, first, 'second');
    expect(spanIn(first, task, workload)).toMatchObject({
      traceId: link.traceId,
      parent: { spanId: objectSpanId(uidOf(task), 1) },
      scope: 'keptn/lifecycle-operator/task',
    });
    expect(spanIn(second, first, task, workload)).toMatchObject({
      traceId: link.traceId,
      parent: { spanId: objectSpanId(uidOf(first), 1) },
    });
    expect(spanIn(second, task, workload)).toBeUndefined();
  });

  test('of an evaluation hangs on the span of that', () => {
    const evaluation = anEvaluation({ metadata: ofWorkload, spec: { attempt: 2 }, status: {} });
    const follower = followUpOf(KeptnEvaluation, evaluation, 'first');
    expect(spanIn(follower, evaluation, workload)?.parent?.spanId).toBe(
      objectSpanId(uidOf(evaluation), 2),
    );
  });

  test('of a version hangs on the span of the version as a whole', () => {
    expect(spanIn(followUpOf(KeptnAppVersion, app, 'first'), app)?.parent?.spanId).toBe(
      objectSpanId(uidOf(app), 1),
    );
  });
});

describe('the span of an evaluation', () => {
  const evaluation = anEvaluation({
    metadata: ofWorkload,
    status: {
      overallStatus: 'Failed',
      startTime: at(1),
      endTime: at(3),
      evaluationStatus: {
        memory: { value: '9', status: 'Failed', message: 'too much' },
        cpu: { value: '3', status: 'Succeeded' },
        errors: { value: '', status: 'Failed', message: 'no value' },
      },
      conditions: [
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'ObjectivesNotMet',
          message: '',
          lastTransitionTime: at(3),
        },
      ],
    },
  });

  test('says which objectives were not met, in Keptn’s words', () => {
    expect(spanIn(evaluation, workload)).toMatchObject({
      outcome: 'error',
      events: [
        { name: 'pre-eval-cpu-free-0000000000 has failed' },
        { name: "evaluation of 'errors' failed with value: '' and reason: 'no value'" },
        { name: "evaluation of 'memory' failed with value: '9' and reason: 'too much'" },
      ],
      attributes: { 'error.type': 'ObjectivesNotMet' },
    });
  });

  test('hangs on its phase and carries the metadata of its version', () => {
    expect(spanIn(evaluation, workload)).toMatchObject({
      parent: { spanId: phaseSpanId(uidOf(workload), 'WorkloadPreDeployEvaluations', 1) },
      attributes: {
        tier: 'back',
        team: 'shop',
        'keptn.deployment.workload.name': 'shop-cart',
        'keptn.deployment.evaluation.name': 'pre-eval-cpu-free-0000000000',
        'keptn.deployment.evaluation.type': 'pre-eval',
        'cicd.pipeline.task.name': 'cpu-free',
        'cicd.pipeline.task.type': 'test',
      },
    });
  });
});
