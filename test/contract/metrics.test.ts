import { beforeAll, describe, expect, it } from 'vitest';
import { allSeries } from '../../src/telemetry/metrics/all-series.ts';
import {
  appDeploymentInterval,
  evaluationFamily,
  workloadDeploymentInterval,
  promotionCount,
} from '../../src/telemetry/metrics/keptn-series.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { isCompleted, isHeld } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';

/** What a Prometheus sees of a Sluice that works on a real control plane. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

/** The sum of the values of a name over all its labels that contain these words. */
async function sumOf(name: string, ...words: readonly string[]): Promise<number> {
  const metrics = await sluice.metrics();
  return [...metrics]
    .filter(([series]) => series.replace(/\{.*$/u, '') === name)
    .filter(([series]) => words.every((word) => series.includes(word)))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** Families that a roll-out without these things has no series of. */
const ofOtherThings = new Set([
  ...Object.values(evaluationFamily).map(({ name }) => name),
  appDeploymentInterval.name,
  workloadDeploymentInterval.name,
  promotionCount.name,
  // The process makes no certificates of its own here, and every check blocks.
  'sluice_certificate_problems',
  'sluice_would_block_total',
  'controller_runtime_reconcile_errors_total',
  'controller_runtime_reconcile_panics_total',
  'sluice_evaluations_total',
  'sluice_evaluation_duration_seconds',
  'sluice_objects_left_out_total',
  'sluice_objects_unreadable_total',
  'workqueue_retries_total',
]);

describe('/metrics', () => {
  it('tells of a roll-out: held, checked, released, ended', async () => {
    await using shop = await sluice.namespace();
    const before = {
      tasks: await sumOf('sluice_tasks_total', 'result="Succeeded"'),
      waits: await sumOf('sluice_gate_wait_seconds_count'),
      removals: await sumOf('sluice_gate_removal_seconds_count'),
      patched: await sumOf('sluice_reviews_total', 'outcome="patched"'),
    };
    await shop.apply(
      aTaskDefinition('migrate', { delay: '4s' }),
      aDeployment({ replicas: 2, preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilPods(2, isHeld);
    await eventually('held Pods are counted', async () => (await sumOf('sluice_held_pods')) >= 2);
    await shop.untilVersion({}, isCompleted);
    await eventually('both gates are counted', async () => {
      return (await sumOf('sluice_gate_wait_seconds_count')) >= before.waits + 2;
    });
    expect(await sumOf('sluice_gate_removal_seconds_count')).toBeGreaterThanOrEqual(
      before.removals + 2,
    );
    expect(await sumOf('sluice_tasks_total', 'result="Succeeded"')).toBeGreaterThan(before.tasks);
    expect(await sumOf('sluice_reviews_total', 'outcome="patched"')).toBeGreaterThan(
      before.patched,
    );
    await eventually('the app version ends', async () =>
      (await shop.appVersions()).every(isCompleted),
    );
    const ofVersion = `workload_namespace="${shop.name}"`;
    await eventually('Keptn’s series tell of it', async () => {
      return (await sumOf('keptn_deployment_count_total', ofVersion, 'Succeeded')) === 1;
    });
    await eventually('and of its application', async () => {
      return (await sumOf('keptn_app_count_total', `app_namespace="${shop.name}"`)) === 1;
    });
  });

  it('has values of every family that such a roll-out touches', async () => {
    const names = new Set(
      [...(await sluice.metrics()).keys()].map((series) => series.replace(/\{.*$/u, '')),
    );
    const missing = allSeries.filter(
      ({ name, type }) => !names.has(type === 'histogram' ? `${name}_count` : name),
    );
    expect(missing.map(({ name }) => name).filter((name) => !ofOtherThings.has(name))).toEqual([]);
  });

  it('says who leads, how the API server answers, and that the watches live', async () => {
    const metrics = await sluice.metrics();
    expect(metrics.get('leader_election_master_status{name="sluice"}')).toBe(1);
    expect(metrics.get('sluice_controllers_running')).toBe(1);
    expect(await sumOf('sluice_controllers_blocked')).toBe(0);
    expect(await sumOf('sluice_kinds_missing')).toBe(0);
    const expiry = metrics.get(
      'sluice_certificate_expiry_timestamp_seconds{certificate="serving"}',
    );
    expect(expiry).toBeGreaterThan(Date.now() / 1000);
    expect(await sumOf('rest_client_requests_total', 'code="200"', 'method="GET"')).toBeGreaterThan(
      10,
    );
    expect(await sumOf('sluice_cache_objects', 'kind="apps/v1/Deployment"')).toBeGreaterThan(0);
    const ages = [...metrics].filter(([name]) => name.startsWith('sluice_cache_age_seconds'));
    expect(ages.length).toBeGreaterThan(20);
    for (const [name, age] of ages) expect(age, name).toBeLessThan(180);
  });
});
