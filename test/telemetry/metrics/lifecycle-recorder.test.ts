import { describe, expect, test } from 'vitest';
import { courseOf } from '../../../src/telemetry/metrics/course.ts';
import { allSeries } from '../../../src/telemetry/metrics/all-series.ts';
import { KeptnObjects } from '../../../src/telemetry/metrics/keptn-objects.ts';
import { LifecycleRecorder } from '../../../src/telemetry/metrics/lifecycle-recorder.ts';
import { MetricRegistry } from '../../../src/telemetry/metrics/registry.ts';
import {
  anAppVersion,
  anEvaluation,
  aTask,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';

const start = '2026-11-28T10:00:00Z';
const end = '2026-11-28T10:00:42Z';

const named = (name: string) => ({ name, uid: `uid-of-${name}` });
const running = (name: string) =>
  aTask({ metadata: named(name), status: { status: 'Progressing', startTime: start } });
const done = (name: string, status: 'Succeeded' | 'Failed' = 'Succeeded') =>
  aTask({ metadata: named(name), status: { status, startTime: start, endTime: end } });

function recording(most = 3) {
  const registry = new MetricRegistry(allSeries);
  const recorder = new LifecycleRecorder(registry, new KeptnObjects(registry, most));
  const served = async (beginning: string): Promise<readonly string[]> =>
    (await registry.text()).split('\n').filter((line) => line.startsWith(beginning));
  return { recorder, served };
}

describe('the ends of tasks and evaluations', () => {
  test('are counted by type and result, once each', async () => {
    const { recorder, served } = recording();
    recorder.changed(running('one'));
    recorder.changed(done('one'), running('one'));
    recorder.changed(done('one'), done('one'));
    recorder.changed(done('two', 'Failed'), running('two'));
    expect(await served('sluice_tasks_total')).toEqual([
      'sluice_tasks_total{type="pre",result="Succeeded"} 1',
      'sluice_tasks_total{type="pre",result="Failed"} 1',
    ]);
    expect(await served('sluice_task_duration_seconds_sum')).toContain(
      'sluice_task_duration_seconds_sum{type="pre",result="Succeeded"} 42',
    );
  });

  test('what was over before this process looked is not counted', async () => {
    const { recorder, served } = recording();
    recorder.changed(done('one'));
    expect(await served('sluice_tasks_total')).toEqual([]);
    expect(await served('keptn_task_count_total')).toEqual([]);
    expect(await served('keptn_task_active')).toHaveLength(1);
  });

  test('a type that somebody has made up is counted as other', async () => {
    const { recorder, served } = recording();
    const strange = (status: object) =>
      aTask({ metadata: named('x'), spec: { checkType: 'my-own-42' }, status });
    recorder.changed(
      strange({ status: 'Succeeded', startTime: start, endTime: end }),
      strange({ status: 'Progressing', startTime: start }),
    );
    expect(await served('sluice_tasks_total')).toEqual([
      'sluice_tasks_total{type="other",result="Succeeded"} 1',
    ]);
  });

  test('evaluations are counted by their overall state', async () => {
    const { recorder, served } = recording();
    const evaluation = (overallStatus: 'Progressing' | 'Failed', more: object) =>
      anEvaluation({ metadata: named('e'), status: { overallStatus, startTime: start, ...more } });
    recorder.changed(evaluation('Failed', { endTime: end }), evaluation('Progressing', {}));
    expect(await served('sluice_evaluations_total')).toEqual([
      'sluice_evaluations_total{type="pre-eval",result="Failed"} 1',
    ]);
  });
});

describe('Keptn’s series', () => {
  const task = (name: string): string =>
    `keptn_deployment_app_name="shop",keptn_deployment_app_version="",keptn_deployment_workload_name="shop-cart",keptn_deployment_workload_version="1.0.0",keptn_deployment_task_name="${name}",keptn_deployment_task_type="pre"`;

  test('tell of a task while it runs and when it has ended', async () => {
    const { recorder, served } = recording();
    recorder.changed(running('one'));
    expect(await served('keptn_task')).toEqual([`keptn_task_active{${task('one')}} 1`]);
    recorder.changed(done('one'), running('one'));
    expect(await served('keptn_task_active')).toEqual([`keptn_task_active{${task('one')}} 0`]);
    expect(await served('keptn_task_count_total')).toEqual([
      `keptn_task_count_total{${task('one')},keptn_deployment_task_status="Succeeded"} 1`,
    ]);
    expect(await served('keptn_task_duration_seconds_sum')).toEqual([
      `keptn_task_duration_seconds_sum{${task('one')},keptn_deployment_task_status="Succeeded"} 42`,
    ]);
  });

  test('go with the object they tell of, and all of them when leading ends', async () => {
    const { recorder, served } = recording();
    for (const name of ['one', 'two']) recorder.changed(done(name), running(name));
    recorder.gone(done('one'));
    expect((await served('keptn_task_count_total')).join()).not.toContain('"one"');
    expect(await served('keptn_task_count_total')).toHaveLength(1);
    recorder.clear();
    expect(await served('keptn_task')).toEqual([]);
  });

  test('are bounded by number: the objects that changed last are told of', async () => {
    const { recorder, served } = recording(3);
    for (let n = 0; n < 50; n += 1) recorder.changed(done(`t${n}`), running(`t${n}`));
    const names = (await served('keptn_task_count_total')).map(
      (line) => /task_name="(t\d+)"/u.exec(line)?.[1],
    );
    expect(names).toEqual(['t47', 't48', 't49']);
    expect(await served('keptn_task_duration_seconds_count')).toHaveLength(3);
    expect(await served('sluice_tasks_total')).toEqual([
      'sluice_tasks_total{type="pre",result="Succeeded"} 50',
    ]);
  });

  test('of one namespace push out their own before those of another one', async () => {
    const { recorder, served } = recording(3);
    const at = (namespace: string, name: string) => {
      const metadata = { ...named(name), namespace };
      return aTask({ metadata, status: { status: 'Progressing', startTime: start } });
    };
    recorder.changed(at('bank', 'quiet'));
    for (let n = 0; n < 50; n += 1) recorder.changed(at('shop', `flood-${n}`));
    const names = async () =>
      (await served('keptn_task_active')).map((line) => /task_name="([^"]+)"/u.exec(line)?.[1]);
    expect(await names()).toEqual(['quiet', 'flood-48', 'flood-49']);
    for (const name of ['a', 'b', 'c']) recorder.changed(at(`of-${name}`, name));
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  test('two objects with the same labels share a series until both are gone', async () => {
    const { recorder, served } = recording();
    const version = (uid: string, more: object = {}) =>
      anAppVersion({
        metadata: { name: `shop-${uid}`, uid },
        status: { status: 'Succeeded', startTime: start, ...more },
      });
    for (const uid of ['a', 'b']) recorder.changed(version(uid, { endTime: end }), version(uid));
    expect((await served('keptn_app_count_total')).map((line) => line.at(-1))).toEqual(['2']);
    recorder.gone(version('a'));
    expect(await served('keptn_app_count_total')).toHaveLength(1);
    recorder.gone(version('b'));
    expect(await served('keptn_app_count_total')).toEqual([]);
  });

  test('the interval is from the end of the version before, of the same application', async () => {
    const { recorder, served } = recording();
    const version = (name: string, previousVersion: string, endTime: string) =>
      aWorkloadVersion({
        metadata: named(name),
        spec: { version: name, previousVersion },
        status: { status: 'Succeeded', startTime: start, endTime },
      });
    recorder.changed(version('1', '', '2026-11-28T10:10:00Z'));
    recorder.changed(version('2', '1', '2026-11-28T10:11:30Z'));
    expect(await served('keptn_deployment_deploymentinterval')).toEqual([
      'keptn_deployment_deploymentinterval{keptn_deployment_app_name="shop",keptn_deployment_workload_name="shop-cart",keptn_deployment_workload_version="2",keptn_deployment_workload_namespace="shop",keptn_deployment_workload_previousversion="1"} 90',
    ]);
    expect(await served('keptn_deployment_deploymentduration')).toHaveLength(2);
  });

  test('promotion is counted for versions whose promotion tasks have run', async () => {
    const { recorder, served } = recording();
    const version = (more: object) =>
      anAppVersion({
        metadata: named('v'),
        status: { status: 'Failed', startTime: start, ...more },
      });
    const promotionTaskStatus = [{ definitionName: 'push', name: 'x', status: 'Failed' as const }];
    recorder.changed(version({ endTime: end, promotionTaskStatus }), version({}));
    expect(await served('keptn_promotion_count_total')).toHaveLength(1);
  });
});

test('an object of another kind has no course', () => {
  expect(courseOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } })).toBeUndefined();
});

test('what would have been blocked is counted once, when it is said', async () => {
  const { recorder, served } = recording();
  const condition = {
    type: 'WouldBlock',
    status: 'True',
    reason: 'CheckWarned',
    message: 'a',
    lastTransitionTime: start,
  } as const;
  const before = aWorkloadVersion({ status: { status: 'Progressing' } });
  const after = aWorkloadVersion({ status: { status: 'Progressing', conditions: [condition] } });
  recorder.changed(after);
  recorder.changed(after, before);
  recorder.changed(after, after);
  expect(await served('sluice_would_block_total')).toEqual([
    'sluice_would_block_total{kind="KeptnWorkloadVersion"} 1',
  ]);
});
