import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { Condition, KubernetesObject } from '../../src/api/object.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import {
  aDeployment,
  aMetric,
  anAppContext,
  anEvaluationDefinition,
  aPrometheusProvider,
  aTaskDefinition,
} from '../support/builders/apps.ts';
import { type EnabledNamespace, isCompleted } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { type OtlpReceiver, receiveOtlp } from '../support/traces/otlp-receiver.ts';
import type { ReceivedSpan } from '../support/traces/received-spans.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { keptnContextOf } from '../support/builders/keptn-context.ts';
import { distinctSpans, plainName, spanTree } from '../support/traces/span-tree.ts';

/** Traces of a real run, as a collector gets them over gRPC. */

let sluice: RunningSluice;
let prometheus: Prometheus;
let collector: OtlpReceiver;
beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  collector = await receiveOtlp({ protocol: 'grpc' });
  sluice = await RunningSluice.shared();
  await sluice.configure({ OTelCollectorUrl: `127.0.0.1:${collector.port}` });
});
afterAll(async () => {
  await sluice.configure();
  await collector[Symbol.asyncDispose]();
  await prometheus.close();
});

const earlier = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

/** Two workloads: the one passes everything, the other fails its post-deployment task, which is followed. */
const manifests = () => [
  aTaskDefinition('ready'),
  aTaskDefinition('check'),
  aTaskDefinition('load', {
    outcome: 'fail',
    message: 'p95 is 2.3 s',
    spec: { onFailure: ['undo'] },
  }),
  aTaskDefinition('undo'),
  aPrometheusProvider(prometheus.url),
  aMetric('cpus'),
  anEvaluationDefinition('enough', { cpus: '>1' }),
  anAppContext({
    preDeploymentTasks: ['ready'],
    metadata: { team: 'shop', stage: 'dev' },
    spanLinks: [`00-${earlier.traceId}-${earlier.spanId}-01`],
  }),
  aDeployment({
    preDeploymentTasks: ['check'],
    preDeploymentEvaluations: ['enough'],
    annotations: { 'keptn.sh/metadata': 'team=cart' },
  }),
  aDeployment({ workload: 'pay', postDeploymentTasks: ['load'] }),
];

const wantedTree = [
  'shop error',
  '  AppPreDeployTasks ok',
  '    pre-ready ok',
  '  AppPreDeployEvaluations ok',
  '  AppDeploy error',
  '    shop-cart-1.0.0 ok',
  '      shop-cart/WorkloadPreDeployTasks ok',
  '        pre-check ok',
  '      shop-cart/WorkloadPreDeployEvaluations ok',
  '        pre-eval-enough ok',
  '      shop-cart/WorkloadDeploy ok',
  '      shop-cart/WorkloadPostDeployTasks ok',
  '      shop-cart/WorkloadPostDeployEvaluations ok',
  '    shop-pay-1.0.0 error',
  '      shop-pay/WorkloadPreDeployTasks ok',
  '      shop-pay/WorkloadPreDeployEvaluations ok',
  '      shop-pay/WorkloadDeploy ok',
  '      shop-pay/WorkloadPostDeployTasks error',
  '        post-load error',
  '          on-failure-undo ok',
];

/** The objects of a namespace that have spans. */
async function stored({ cluster, name: namespace }: EnabledNamespace) {
  const [apps, workloads, tasks, evaluations] = await Promise.all([
    cluster.list(KeptnAppVersion, { namespace }),
    cluster.list(KeptnWorkloadVersion, { namespace }),
    cluster.list(KeptnTask, { namespace }),
    cluster.list(KeptnEvaluation, { namespace }),
  ]);
  return { apps, workloads, tasks, evaluations };
}

function isExported({ status }: { status?: { conditions?: readonly Condition[] } }): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Exported');
  return condition?.status === 'True';
}

/** Waits until the run has come to its end and every span of it was accepted and marked; answers them by name. */
async function spansOf(shop: EnabledNamespace): Promise<ReceivedSpan[]> {
  const names = await eventually(
    'everything is exported',
    async () => {
      const { apps, workloads, tasks, evaluations } = await stored(shop);
      const all = [...apps, ...workloads, ...tasks, ...evaluations];
      const isWhole = apps.length === 1 && workloads.length === 2 && tasks.length === 4;
      return isWhole && evaluations.length === 1 && all.every(isExported) && all.map(nameOf);
    },
    60_000,
  );
  const spans = distinctSpans(collector);
  const [traceId] = spans.filter(({ name }) => names.includes(name)).map((span) => span.traceId);
  return spans.filter((span) => span.traceId === traceId);
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata.name;

const ms = (time: string | undefined): number => Date.parse(time ?? '');

describe('the spans of a run with two workloads, a failure and a follow-up', () => {
  it('have Keptn’s names, parents, times, attributes and events, and reach functions as traceparent', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(...manifests());
    const spans = await spansOf(shop);
    expect(spanTree(spans)).toEqual(wantedTree);

    const span = (name: string): ReceivedSpan => {
      const found = spans.find((one) => plainName(one) === name);
      if (found === undefined) throw new Error(`no span ${name}`);
      return found;
    };
    const { apps, workloads, tasks, evaluations } = await stored(shop);
    const [app] = apps;
    const [evaluation] = evaluations;
    const workload = (name: string) => workloads.find(({ spec }) => spec.workloadName === name);
    const task = (definition: string) =>
      tasks.find(({ spec }) => spec.taskDefinition === definition);
    const [cart, pay] = [workload('shop-cart'), workload('shop-pay')];
    const [load, undo] = [task('load'), task('undo')];
    const resource = {
      'service.name': 'lifecycle-operator',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
    };
    const { traceId } = span('shop');
    const inNamespace = { 'k8s.namespace.name': shop.name };
    const ofApp = {
      team: 'shop',
      stage: 'dev',
      'keptn.deployment.app.name': 'shop',
      'keptn.deployment.app.version': app?.spec.version,
      'keptn.deployment.app.namespace': shop.name,
      'cicd.pipeline.name': 'shop',
      'cicd.pipeline.run.id': app?.metadata.uid,
      ...inNamespace,
    };

    for (const one of spans) {
      expect(one.resource).toMatchObject(resource);
      expect(one).toMatchObject({ traceId, kind: 5 });
      if (plainName(one) !== 'shop') expect(one.links).toEqual([]);
    }
    expect(span('shop')).toMatchObject({
      name: app?.metadata.name,
      scope: 'keptn/lifecycle-operator/appversion',
      parentSpanId: '',
      startMs: ms(app?.status?.startTime),
      endMs: ms(app?.status?.endTime),
      links: [{ ...earlier, attributes: { 'opentracing.ref_type': 'follows-from' } }],
      status: { code: 'error', message: 'Failed' },
      events: [
        { name: 'App Version Pre-Deployment Tasks started', atMs: ms(app?.status?.startTime) },
        { name: `${app?.metadata.name} has failed`, atMs: ms(app?.status?.endTime) },
      ],
    });
    expect(span('shop').attributes).toEqual({
      ...ofApp,
      'cicd.pipeline.result': 'failure',
      'error.type': 'WorkloadFailed',
    });
    const deploy = app?.status?.phaseRecords?.['AppDeploy'];
    expect(span('AppDeploy')).toMatchObject({
      startMs: ms(deploy?.startTime),
      endMs: ms(deploy?.endTime),
      events: [{ name: 'App Deployment has failed', atMs: ms(deploy?.endTime) }],
    });
    expect(span('AppDeploy').attributes).toEqual({
      ...ofApp,
      'cicd.pipeline.task.name': 'AppDeploy',
      'cicd.pipeline.task.run.id': `${app?.metadata.uid}/AppDeploy/1`,
      'cicd.pipeline.task.run.result': 'failure',
      'cicd.pipeline.task.type': 'deploy',
      'error.type': 'WorkloadFailed',
    });

    const ofCart = {
      team: 'cart',
      stage: 'dev',
      'keptn.deployment.app.name': 'shop',
      'keptn.deployment.workload.name': 'shop-cart',
      'keptn.deployment.workload.version': '1.0.0',
    };
    const pipeline = (version: KeptnWorkloadVersion | undefined) => ({
      'cicd.pipeline.name': version?.spec.workloadName,
      'cicd.pipeline.run.id': version?.metadata.uid,
    });
    expect(span('shop-cart-1.0.0')).toMatchObject({
      scope: 'keptn/lifecycle-operator/workloadversion',
      startMs: ms(cart?.status?.startTime),
      endMs: ms(cart?.status?.endTime),
      status: { code: 'ok', message: '' },
      events: [
        { name: 'WorkloadVersion Pre-Deployment Tasks started' },
        { name: 'shop-cart-1.0.0 has finished' },
      ],
    });
    expect(span('shop-cart-1.0.0').attributes).toEqual({
      ...ofCart,
      'keptn.deployment.workload.namespace': shop.name,
      ...pipeline(cart),
      'cicd.pipeline.result': 'success',
      ...inNamespace,
    });
    expect(span('pre-eval-enough')).toMatchObject({
      name: evaluation?.metadata.name,
      scope: 'keptn/lifecycle-operator/workloadversion',
      startMs: ms(evaluation?.status?.startTime),
      endMs: ms(evaluation?.status?.endTime),
      events: [{ name: `${evaluation?.metadata.name} has finished` }],
    });
    expect(span('pre-eval-enough').attributes).toEqual({
      ...ofCart,
      'keptn.deployment.app.version': '',
      'keptn.deployment.evaluation.name': evaluation?.metadata.name,
      'keptn.deployment.evaluation.type': 'pre-eval',
      ...pipeline(cart),
      'cicd.pipeline.task.name': 'enough',
      'cicd.pipeline.task.run.id': evaluation?.metadata.uid,
      'cicd.pipeline.task.run.result': 'success',
      'cicd.pipeline.task.type': 'test',
      ...inNamespace,
    });

    const loadName = load?.metadata.name;
    expect(load?.status?.evidence?.message).toContain('p95 is 2.3 s');
    expect(span('post-load')).toMatchObject({
      name: loadName,
      startMs: ms(load?.status?.startTime),
      endMs: ms(load?.status?.endTime),
      status: { code: 'error', message: 'Failed' },
      events: [
        { name: `${loadName} has failed`, atMs: ms(load?.status?.endTime) },
        { name: `task '${loadName}' failed with reason: '${load?.status?.evidence?.message}'` },
      ],
    });
    expect(span('post-load').attributes).toEqual({
      team: 'shop',
      stage: 'dev',
      'keptn.deployment.app.name': 'shop',
      'keptn.deployment.app.version': '',
      'keptn.deployment.workload.name': 'shop-pay',
      'keptn.deployment.workload.version': '1.0.0',
      'keptn.deployment.task.name': loadName,
      'keptn.deployment.task.type': 'post',
      ...pipeline(pay),
      'cicd.pipeline.task.name': 'load',
      'cicd.pipeline.task.run.id': load?.metadata.uid,
      'cicd.pipeline.task.run.result': 'failure',
      'error.type': 'BackoffLimitExceeded',
      'k8s.job.name': load?.status?.jobName,
      'k8s.job.uid': load?.status?.jobUID,
      ...inNamespace,
    });
    expect(span('on-failure-undo')).toMatchObject({
      scope: 'keptn/lifecycle-operator/task',
      attributes: {
        'keptn.deployment.task.type': 'on-failure',
        'cicd.pipeline.task.name': 'undo',
        'cicd.pipeline.task.run.result': 'success',
      },
    });

    // What people and functions read of it.
    const carrierOf = (name: string) => ({
      traceparent: `00-${traceId}-${span(name).spanId}-01`,
    });
    expect(app?.status?.phaseTraceIDs).toEqual({
      AppPreDeployTasks: carrierOf('AppPreDeployTasks'),
      AppPreDeployEvaluations: carrierOf('AppPreDeployEvaluations'),
      AppDeploy: carrierOf('AppDeploy'),
    });
    expect(pay?.status?.phaseTraceIDs).toMatchObject({
      AppDeploy: carrierOf('AppDeploy'),
      WorkloadDeploy: carrierOf('shop-pay/WorkloadDeploy'),
    });
    expect(load?.spec.context?.metadata).toMatchObject(
      carrierOf('shop-pay/WorkloadPostDeployTasks'),
    );
    if (load === undefined || undo === undefined) throw new Error('no tasks');
    expect(await keptnContextOf(shop, load)).toMatchObject({
      ...carrierOf('post-load'),
      metadata: { team: 'shop', ...carrierOf('post-load') },
    });
    expect(await keptnContextOf(shop, undo)).toMatchObject({
      ...carrierOf('on-failure-undo'),
      metadata: carrierOf('on-failure-undo'),
    });
    const events = await shop.events('KeptnWorkloadVersion');
    const failed = events.find(({ reason }) => reason === 'WorkloadPostDeployTasksFailed');
    expect(failed?.metadata.annotations).toMatchObject(
      carrierOf('shop-pay/WorkloadPostDeployTasks'),
    );
  });

  it('are the same and complete after three restarts in the middle', async () => {
    await using shop = await sluice.namespace();
    const restart = async (): Promise<void> => {
      await sluice.kill();
      await sluice.start();
    };
    await shop.apply(...manifests());
    await shop.untilTask('ready', ({ status }) => status?.jobName !== undefined, 30_000);
    await restart();
    await shop.untilVersion(
      { workload: 'pay' },
      ({ status }) => status?.currentPhase !== undefined,
    );
    await restart();
    // The third one dies when its collector has got the spans and before it can mark anything.
    const killed = Promise.withResolvers<void>();
    collector.answer = () => {
      collector.answer = () => 'accept';
      restart().then(killed.resolve, killed.reject);
      return 'hang';
    };
    await killed.promise;
    const unmarked = collector.requests.at(-1)?.spans ?? [];
    const spans = await spansOf(shop);
    expect(spanTree(spans)).toEqual(wantedTree);
    const accepted = new Map(distinctSpans(collector).map((span) => [span.spanId, span]));
    expect(unmarked.length).toBeGreaterThan(0);
    for (const span of unmarked) expect(accepted.get(span.spanId)).toEqual(span);
  });
});

describe('a graceful stop', () => {
  it('sends and marks what has ended, so that nothing is repeated and nothing is missing', async () => {
    await using shop = await sluice.namespace();
    const before = collector.spans.length;
    await shop.apply(aTaskDefinition('check'), aDeployment({ preDeploymentTasks: ['check'] }));
    await shop.untilVersion({}, isCompleted);
    await eventually('the app version completes', async () =>
      (await shop.appVersions()).some(isCompleted),
    );
    await sluice.stop();
    const { apps, workloads, tasks } = await stored(shop);
    expect([...apps, ...workloads, ...tasks].map(isExported)).toEqual([true, true, true]);
    const sent = collector.spans.slice(before).length;
    await sluice.start();
    // What comes after is dealt with only when it leads again and has looked at everything.
    await shop.apply(aDeployment({ workload: 'later', app: 'later' }));
    await shop.untilVersion({ app: 'later', workload: 'later' }, (version) => isExported(version));
    const ids = collector.spans.slice(before).map(({ spanId }) => spanId);
    expect(ids.length).toBeGreaterThan(sent);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
