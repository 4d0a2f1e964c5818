import { describe, expect, test } from 'vitest';
import type { KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { SpanRecord } from '../../../src/api/span.ts';
import { versionSpans } from '../../../src/domain/trace/trace-version.ts';
import { objectSpanId, phaseSpanId, traceIdFor } from '../../../src/domain/trace/trace-ids.ts';
import { anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const ms = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second);
const passed = (from: number, to: number) =>
  ({ startTime: at(from), endTime: at(to), status: 'Succeeded' }) as const;

const completed: KeptnAppVersionStatus = {
  status: 'Succeeded',
  currentPhase: 'Completed',
  startTime: at(1),
  endTime: at(9),
  phaseRecords: {
    AppPreDeployTasks: passed(1, 3),
    AppPreDeployEvaluations: passed(3, 3),
    AppDeploy: passed(3, 9),
  },
};

const appSpans = (given: Parameters<typeof anAppVersion>[0], attempt = 1) =>
  versionSpans({ type: 'app', version: anAppVersion(given) }, attempt);
const root = (spans: readonly SpanRecord[]) => spans[0];
const named = (spans: readonly SpanRecord[], name: string) =>
  spans.find((span) => span.name === name);

const uid = 'uid-keptnappversion-shop-shop-1.0.0-6b86b273';

describe('the spans of an app version', () => {
  const spans = appSpans({ spec: { metadata: { team: 'cart' } }, status: completed });

  test('are one for it and one below for each phase that it went through', () => {
    expect(spans.map(({ name }) => name)).toEqual([
      'shop-1.0.0-6b86b273',
      'AppPreDeployTasks',
      'AppPreDeployEvaluations',
      'AppDeploy',
    ]);
    expect(root(spans)).not.toHaveProperty('parent');
    const traceId = traceIdFor(uid);
    expect(root(spans)).toMatchObject({ traceId, spanId: objectSpanId(uid, 1) });
    expect(named(spans, 'AppDeploy')).toMatchObject({
      traceId,
      spanId: phaseSpanId(uid, 'AppDeploy', 1),
      parent: { traceId, spanId: objectSpanId(uid, 1) },
    });
  });

  test('have Keptn’s tracer, attributes, events and status', () => {
    expect(root(spans)).toMatchObject({
      scope: 'keptn/lifecycle-operator/appversion',
      startMs: ms(1),
      endMs: ms(9),
      attributes: {
        'keptn.deployment.app.name': 'shop',
        'keptn.deployment.app.version': '1.0.0',
        'keptn.deployment.app.namespace': 'shop',
        team: 'cart',
      },
      events: [
        { name: 'App Version Pre-Deployment Tasks started', atMs: ms(1) },
        { name: 'shop-1.0.0-6b86b273 has finished', atMs: ms(9) },
      ],
      links: [],
      outcome: 'ok',
    });
    expect(named(spans, 'AppPreDeployTasks')).toMatchObject({
      startMs: ms(1),
      endMs: ms(3),
      attributes: { 'keptn.deployment.app.name': 'shop', team: 'cart' },
      events: [{ name: 'App Pre-Deployment Tasks has succeeded', atMs: ms(3) }],
      outcome: 'ok',
    });
  });

  test('follow the conventions for CI/CD as well', () => {
    expect(root(spans)?.attributes).toMatchObject({
      'cicd.pipeline.name': 'shop',
      'cicd.pipeline.run.id': uid,
      'cicd.pipeline.result': 'success',
      'k8s.namespace.name': 'shop',
    });
    expect(named(spans, 'AppDeploy')?.attributes).toMatchObject({
      'cicd.pipeline.task.name': 'AppDeploy',
      'cicd.pipeline.task.run.id': `${uid}/AppDeploy/1`,
      'cicd.pipeline.task.run.result': 'success',
      'cicd.pipeline.task.type': 'deploy',
    });
    for (const { attributes } of spans) expect(attributes).not.toHaveProperty('error.type');
  });

  test('show a failed phase, and the version with it, as an error with its kind', () => {
    const failed = appSpans({
      status: {
        ...completed,
        status: 'Failed',
        currentPhase: 'AppDeploy',
        phaseRecords: {
          ...completed.phaseRecords,
          AppDeploy: {
            startTime: at(3),
            endTime: at(9),
            status: 'Failed',
            reason: 'WorkloadFailed',
          },
        },
      },
    });
    const error = { outcome: 'error', description: 'Failed' };
    expect(root(failed)).toMatchObject({
      ...error,
      attributes: { 'cicd.pipeline.result': 'failure', 'error.type': 'WorkloadFailed' },
    });
    expect(root(failed)?.events.at(-1)?.name).toBe('shop-1.0.0-6b86b273 has failed');
    expect(named(failed, 'AppDeploy')).toMatchObject({
      ...error,
      attributes: { 'cicd.pipeline.task.run.result': 'failure', 'error.type': 'WorkloadFailed' },
      events: [{ name: 'App Deployment has failed', atMs: ms(9) }],
    });
    expect(named(failed, 'AppPreDeployTasks')?.outcome).toBe('ok');
  });

  test('tell a time-out from another failure', () => {
    const reason = 'DeploymentTimedOut';
    const phaseRecords = {
      WorkloadDeploy: { startTime: at(1), status: 'Failed', reason },
    } as const;
    const version = aWorkloadVersion({ status: { status: 'Failed', phaseRecords } });
    const [first] = versionSpans({ type: 'workload', version }, 1);
    expect(first?.attributes).toMatchObject({
      'cicd.pipeline.result': 'timeout',
      'error.type': 'DeploymentTimedOut',
    });
  });

  test('report a phase that warned as a success, as Keptn does', () => {
    const warned = appSpans({
      status: {
        ...completed,
        phaseRecords: { AppPreDeployTasks: { ...passed(1, 3), status: 'Warning' } },
      },
    });
    expect(named(warned, 'AppPreDeployTasks')).toMatchObject({
      outcome: 'ok',
      events: [{ name: 'App Pre-Deployment Tasks has succeeded' }],
    });
  });

  test('are neither good nor bad where the version was superseded', () => {
    const superseded = appSpans({
      status: {
        ...completed,
        status: 'Deprecated',
        currentPhase: 'AppDeploy',
        phaseRecords: {
          AppDeploy: { ...passed(3, 5), status: 'Deprecated', reason: 'Superseded' },
        },
      },
    });
    expect(root(superseded)).toMatchObject({
      outcome: 'unset',
      attributes: { 'cicd.pipeline.result': 'cancellation' },
      events: [{}, { name: 'shop-1.0.0-6b86b273 was superseded' }],
    });
    expect(named(superseded, 'AppDeploy')).toMatchObject({
      outcome: 'unset',
      events: [{ name: 'App Deployment was superseded' }],
    });
  });

  test('stay what they were when a raised revision makes Deprecated of a version that had ended', () => {
    const given = { spec: { metadata: { team: 'cart' } } };
    const deprecated = {
      ...completed,
      status: 'Deprecated',
      preDeploymentStatus: 'Deprecated',
    } as const;
    expect(appSpans({ ...given, status: deprecated })).toEqual(spans);
  });

  test('continue the trace that the version names', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const continued = appSpans({ spec: { traceId: { traceparent } }, status: completed });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(root(continued)?.parent).toEqual({ traceId, spanId: '00f067aa0ba902b7' });
    for (const span of continued) expect(span.traceId).toBe(traceId);
  });

  test('link to the spans of earlier stages, and leave out what names none', () => {
    const spanLinks = ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'nonsense'];
    expect(root(appSpans({ spec: { spanLinks }, status: completed }))?.links).toEqual([
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: '00f067aa0ba902b7',
        attributes: { 'opentracing.ref_type': 'follows-from' },
      },
    ]);
  });

  test('make sense of a version that began before its phases were recorded', () => {
    const late = appSpans({
      status: {
        ...completed,
        phaseRecords: {
          AppDeploy: { endTime: at(7), status: 'Succeeded' },
          AppPostDeployTasks: passed(7, 9),
        },
      },
    });
    expect(named(late, 'AppDeploy')).toMatchObject({ startMs: ms(1), endMs: ms(7) });
    expect(named(late, 'AppPostDeployTasks')).toMatchObject({ startMs: ms(7), endMs: ms(9) });
  });

  test('begin with the first phase, whichever was taken down first; a further attempt does not begin while it waits', () => {
    const phaseRecords = { AppPreDeployTasks: passed(3, 4) };
    const begun = (startTime: string, attempt = 1) =>
      root(appSpans({ status: { ...completed, startTime, attempt, phaseRecords } }, attempt))
        ?.startMs;
    expect(begun(at(4))).toBe(ms(3));
    expect(begun(at(2))).toBe(ms(2));
    expect(begun(at(2), 2)).toBe(ms(3));
  });

  test('of a version that never began are one, from its creation to its end', () => {
    const [only, ...others] = appSpans({ status: { status: 'Deprecated', endTime: at(4) } });
    expect(only).toMatchObject({ startMs: ms(0), endMs: ms(4), outcome: 'unset' });
    expect(others).toEqual([]);
  });
});

describe('the spans of a workload version', () => {
  const link = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const AppDeploy = { traceparent: `00-${link.traceId}-${link.spanId}-01` };
  const version = aWorkloadVersion({
    spec: { metadata: { tier: 'back', team: 'cart' } },
    status: {
      status: 'Succeeded',
      currentPhase: 'Completed',
      startTime: at(1),
      endTime: at(5),
      appContextMetadata: { team: 'shop', region: 'eu' },
      phaseTraceIDs: { AppDeploy },
      phaseRecords: { WorkloadPreDeployTasks: passed(1, 2) },
    },
  });
  const spans = versionSpans({ type: 'workload', version }, 1);

  test('hang on the deployment of the app version that let it begin', () => {
    expect(root(spans)).toMatchObject({ name: 'shop-cart-1.0.0', parent: link });
    for (const span of spans) expect(span.traceId).toBe(link.traceId);
  });

  test('carry its name before the phase, and its metadata over that of the app', () => {
    expect(named(spans, 'shop-cart/WorkloadPreDeployTasks')).toMatchObject({
      scope: 'keptn/lifecycle-operator/workloadversion',
      attributes: {
        'keptn.deployment.app.name': 'shop',
        'keptn.deployment.workload.name': 'shop-cart',
        'keptn.deployment.workload.version': '1.0.0',
        'keptn.deployment.workload.namespace': 'shop',
        tier: 'back',
        team: 'cart',
        region: 'eu',
        'cicd.pipeline.name': 'shop-cart',
      },
    });
    expect(root(spans)?.events[0]?.name).toBe('WorkloadVersion Pre-Deployment Tasks started');
  });

  test('are a trace of their own where tracing was off when it began', () => {
    const untraced = aWorkloadVersion({ status: { ...version.status, phaseTraceIDs: {} } });
    const [first] = versionSpans({ type: 'workload', version: untraced }, 1);
    expect(first).not.toHaveProperty('parent');
    expect(first?.traceId).toBe(traceIdFor(untraced.metadata.uid ?? ''));
  });

  test('of an earlier attempt are those of that attempt', () => {
    const { status: _status, currentPhase: _phase, ...course } = version.status ?? {};
    const over = { ...course, attempt: 1, status: 'Deprecated', phase: 'WorkloadDeploy' } as const;
    const retried = aWorkloadVersion({ status: { attempt: 2, attempts: [over] } });
    const first = versionSpans({ type: 'workload', version: retried }, 1);
    expect(first[0]).toMatchObject({
      spanId: objectSpanId(retried.metadata.uid ?? '', 1),
      parent: link,
      endMs: ms(5),
      outcome: 'unset',
    });
    expect(first).toHaveLength(2);
    const second = versionSpans({ type: 'workload', version: retried }, 2);
    expect(second[0]?.spanId).toBe(objectSpanId(retried.metadata.uid ?? '', 2));
  });
});
