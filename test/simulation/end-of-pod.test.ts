import { describe, expect, it } from 'vitest';

import { type Job, JobKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { jobUidLabel, trackingFinalizer } from '../../src/domain/task/end-of-pod.ts';
import { endOfJob } from '../../src/domain/task/job-stage.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isOf } from '../../src/cli/played/memory-store.ts';
import { controlledBy, controllerReference } from '../../src/cli/played/actors/stored.ts';
import { completed, expectNoHarm, podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const annotations = {
  'keptn.sh/app': '',
  'keptn.sh/pre-deployment-tasks': 'check',
  'keptn.sh/post-deployment-tasks': 'check',
};
const cart = aWorkload('cart', { replicas: 1, annotations });
const versionOf = ({ metadata }: Pod) =>
  metadata.labels?.['app'] === 'cart' ? 'cart-cart 1' : undefined;

function jobs({ store }: Simulation): Job[] {
  return store.list(JobKind);
}

describe('where the Job controller reports the end of a Pod a second later', () => {
  it('a version has passed before that, and the Jobs get their time to live afterwards', async () => {
    const simulation = sluice({ seed: 1, jobBatchMs: 10_000 });
    await simulation.explained(async () => {
      simulation.apply(aShopNamespace, aTaskDefinition('check'), cart);
      simulation.start();
      await completed(simulation);
      expect(jobs(simulation).map(endOfJob)).toEqual([undefined, undefined]);
      await simulation.pass(20_000);
      const spec = { ttlSecondsAfterFinished: 300 };
      expect(jobs(simulation)).toMatchObject([{ spec }, { spec }]);
      expect(jobs(simulation).some((job) => 'suspend' in job.spec)).toBe(false);
      expectNoHarm(simulation, versionOf);
    });
  });

  it.each(seedsTo(20))(
    'every task runs once, whatever the process dies of (seed %i)',
    async (seed) => {
      const crashAfterWrites = [seed, 10 + seed, 24 + seed];
      const simulation = sluice({
        seed,
        weather: storm,
        latencyMs: 20,
        crashAfterWrites,
        jobBatchMs: 1_000,
      });
      await simulation.explained(async () => {
        simulation.apply(aShopNamespace, aTaskDefinition('check'), cart);
        simulation.start();
        await completed(simulation);
        await simulation.pass(30_000);
        const created = simulation.store.history.filter(
          ({ type, object }) => type === 'added' && isOf(JobKind, object),
        );
        expect(created).toHaveLength(2);
        const spec = { ttlSecondsAfterFinished: 300 };
        expect(jobs(simulation)).toMatchObject([{ spec }, { spec }]);
        expectNoHarm(simulation, versionOf);
      });
    },
  );
});

it('a Pod that somebody writes for a Job that runs ends no task before the Job says so', async () => {
  const simulation = sluice({ seed: 1, jobBatchMs: 60_000 });
  await simulation.explained(async () => {
    simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart);
    simulation.start();
    await simulation.until('the check runs', () => podsOfJobs(simulation).length === 1);
    const [job] = jobs(simulation);
    if (job !== undefined) forge(simulation, job);
    await simulation.pass(30_000);
    expect(simulation.store.list(KeptnTask)).toMatchObject([{ status: { status: 'Progressing' } }]);
    expect(podsOf(simulation, 'cart')).toMatchObject([{ spec: { schedulingGates: [{}] } }]);
  });
});

/** With all that a Pod of the Job has, but another program.  */
function forge({ store }: Simulation, job: Job): void {
  const { name, namespace = '', uid = '' } = job.metadata;
  const { metadata, spec } = job.spec.template;
  store.create(PodKind, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'forged',
      generateName: `${name}-`,
      namespace,
      labels: { ...metadata?.labels, [jobUidLabel]: uid },
      annotations: { 'sluice.test/outcome': 'succeed' },
      finalizers: [trackingFinalizer],
      ownerReferences: [controllerReference(job)],
    },
    spec: { ...spec, containers: [{ name: 'main', image: 'true' }] },
  });
}

function podsOfJobs({ store }: Simulation): Pod[] {
  return store.list(JobKind).flatMap((job) => controlledBy(store.list(PodKind), job));
}
