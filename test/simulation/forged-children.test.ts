import { describe, expect, it } from 'vitest';

import { JobKind, type Job } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { type Kind, type KubernetesObject, refOf } from '../../src/api/object.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { isOf } from '../../src/cli/played/memory-store.ts';
import { isHeld } from './oracles.ts';
import { podsOf, versionBecomes } from './scenario.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

/**
 * Somebody who may create objects in the namespace makes, in the very moment before Sluice does, one of the same name and with
 * the same owner, which would let the version pass.
 */
function forge<T extends KubernetesObject>(
  { store }: Simulation,
  kind: Kind<T>,
  forged: (wanted: T) => T,
): { readonly uids: Set<string> } {
  const uids = new Set<string>();
  const isWanted = (object: KubernetesObject): object is T => isOf(kind, object);
  let isOurs = true;
  store.admitBy(kind, (object) => {
    if (!isOurs || uids.size > 0 || !isWanted(object)) return object;
    isOurs = false;
    const stored = store.create(kind, forged(structuredClone(object)));
    isOurs = true;
    uids.add(stored.metadata.uid ?? '');
    throw alreadyExists(kind, object);
  });
  return { uids };
}

function alreadyExists({ plural }: Kind, { metadata }: KubernetesObject): ClusterError {
  const message = `${plural} "${metadata.name}" already exists`;
  return new ClusterError({ code: 409, reason: 'AlreadyExists', message });
}

const cart = (annotations: Record<string, string>): string =>
  aWorkload('cart', { app: 'cart', annotations });

const twoMetrics = ['cpus', 'wishes']
  .map(
    (name) => `
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: ${name} }
spec: { provider: { name: p }, query: "${name === 'cpus' ? 0 : 9}", fetchIntervalSeconds: 10 }
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough-${name} }
spec:
  retries: 2
  retryInterval: 5s
  objectives: [{ keptnMetricRef: { name: ${name}, namespace: shop }, evaluationTarget: ">1" }]`,
  )
  .join('\n---');

async function expectHeld(simulation: Simulation): Promise<void> {
  await versionBecomes(simulation, 'cart-cart-1', 'Failed');
  await simulation.pass(60_000);
  expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
  const mistakes = /decision failed|does not settle/u;
  expect(simulation.complaints.filter((complaint) => mistakes.test(complaint))).toEqual([]);
}

describe('something forged under the name and owner of what Sluice makes', () => {
  it('a KeptnTask of another definition: the check runs under another name, and the version says so', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { uids } = forge(simulation, KeptnTask, (task) => ({
          ...task,
          spec: { ...task.spec, taskDefinition: 'fine' },
        }));
        simulation.apply(aShopNamespace, aTaskDefinition('fine'), aTaskDefinition('check', 'fail'));
        simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
        simulation.start();
        await expectHeld(simulation);
        expect(uids.size).toBe(1);
        const version = simulation.store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
        expect(conditionOf(version, 'NameTaken')?.status).toBe('True');
      });
    }
  });

  it('a KeptnEvaluation of another definition', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { uids } = forge(simulation, KeptnEvaluation, (evaluation) => ({
          ...evaluation,
          spec: { ...evaluation.spec, evaluationDefinition: 'enough-wishes' },
        }));
        simulation.apply(aShopNamespace, twoMetrics);
        simulation.apply(cart({ 'keptn.sh/pre-deployment-evaluations': 'enough-cpus' }));
        simulation.start();
        await simulation.pass(600_000);
        expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
        const version = simulation.store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
        const [item] = version?.status?.preDeploymentEvaluationTaskStatus ?? [];
        expect([...uids]).not.toContain(item?.uid);
        expect(item?.collisionCount).toBe(1);
        expect(uids.size).toBe(1);
      });
    }
  });

  const jobs: readonly [string, (job: Job) => Job][] = [
    ['that succeeds without a Pod', (job) => ({ ...job, spec: { ...job.spec, completions: 0 } })],
    ['with another command', (job) => withContainer(job, { command: ['true'] })],
    ['of another image', (job) => withContainer(job, { image: 'fine' })],
  ];

  it.each(jobs)('a Job %s', async (_, forged) => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { uids } = forge(simulation, JobKind, (job) => asSucceeding(forged(job)));
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'));
        simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
        simulation.start();
        await expectHeld(simulation);
        const [task] = simulation.store.list(KeptnTask);
        expect(uids.size).toBe(1);
        expect([...uids]).not.toContain(task?.status?.jobUID);
        expect(conditionOf(task, 'NameTaken')?.status).toBe('True');
      });
    }
  });

  it('a version of the application without its checks', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { uids } = forge(simulation, KeptnAppVersion, (version) => {
          const { preDeploymentTasks: _, ...spec } = version.spec;
          return { ...version, spec };
        });
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'), contextOf('cart'));
        simulation.apply(cart({}));
        simulation.start();
        await simulation.until('the app has failed', () =>
          simulation.store.list(KeptnAppVersion).some(({ status }) => status?.status === 'Failed'),
        );
        await simulation.pass(60_000);
        expect(uids.size).toBe(1);
        expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      });
    }
  });

  it('a version of the workload without its checks', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { uids } = forge(simulation, KeptnWorkloadVersion, (version) => {
          const { preDeploymentTasks: _, ...spec } = version.spec;
          return { ...version, spec };
        });
        simulation.apply(aShopNamespace, aTaskDefinition('check', 'fail'));
        simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
        simulation.start();
        await expectHeld(simulation);
        expect(uids.size).toBe(1);
      });
    }
  });

  it('every name it may have: the version waits, and names what is to be deleted', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      let isOurs = true;
      store.admitBy(KeptnTask, (task) => {
        if (!isOurs || !isOf(KeptnTask, task)) return task;
        isOurs = false;
        store.create(KeptnTask, { ...task, spec: { ...task.spec, taskDefinition: 'fine' } });
        isOurs = true;
        throw alreadyExists(KeptnTask, task);
      });
      simulation.apply(aShopNamespace, aTaskDefinition('fine'), aTaskDefinition('check', 'fail'));
      simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
      simulation.start();
      await simulation.pass(600_000);
      expect(podsOf(simulation, 'cart').map(isHeld)).toEqual([true, true]);
      const version = store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
      expect(conditionOf(version, 'Stalled')).toMatchObject({
        status: 'True',
        reason: 'NameTaken',
      });
      expect(conditionOf(version, 'Stalled')?.message).toContain('delete those in namespace shop');
      expect(store.list(KeptnTask).length).toBeLessThan(15);
    });
  });
});

describe('what Sluice has made and somebody then changes', () => {
  it('a KeptnTask that is patched to another definition fails its version', async () => {
    for (const seed of seedsTo(3)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aTaskDefinition('fine'), aTaskDefinition('check', 'run'));
        simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
        simulation.start();
        await simulation.until('the task is recorded', () =>
          store
            .list(KeptnWorkloadVersion)
            .some(({ status }) => status?.preDeploymentTaskStatus?.[0]?.name !== undefined),
        );
        const [task] = store.list(KeptnTask);
        if (task === undefined) throw new Error('there is no task');
        store.update(KeptnTask, { ...task, spec: { ...task.spec, taskDefinition: 'fine' } });
        await expectHeld(simulation);
        const version = store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
        expect(version?.status?.preDeploymentTaskStatus?.[0]).toMatchObject({
          status: 'Failed',
          reason: 'TaskChanged',
        });
      });
    }
  });

  it('a KeptnTask that is deleted and made again by somebody else is lost', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'));
      simulation.apply(cart({ 'keptn.sh/pre-deployment-tasks': 'check' }));
      simulation.start();
      await simulation.until('the Job runs', () => store.list(JobKind).length > 0);
      await simulation.pass(1_000);
      const [task] = store.list(KeptnTask);
      if (task === undefined) throw new Error('there is no task');
      store.delete(refOf(KeptnTask, task));
      const { uid: _, resourceVersion: __, ...metadata } = task.metadata;
      const again = store.create(KeptnTask, { ...task, metadata });
      store.writeStatus(refOf(KeptnTask, again), undefined, { status: 'Succeeded' });
      await expectHeld(simulation);
      const version = store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
      expect(version?.status?.preDeploymentTaskStatus?.[0]?.reason).toBe('TaskLost');
    });
  });
});

function withContainer(job: Job, change: object): Job {
  const { template } = job.spec;
  const containers: unknown = template.spec['containers'];
  const changed = Array.isArray(containers)
    ? containers.map((container: object) => ({ ...container, ...change }))
    : [];
  return {
    ...job,
    spec: {
      ...job.spec,
      template: { ...template, spec: { ...template.spec, containers: changed } },
    },
  };
}

/** The Pods of the simulation end as an annotation says. */
function asSucceeding(job: Job): Job {
  const { template } = job.spec;
  const annotations = { ...template.metadata?.annotations, 'sluice.test/outcome': 'succeed' };
  const metadata = { ...template.metadata, annotations };
  return { ...job, spec: { ...job.spec, template: { ...template, metadata } } };
}

const contextOf = (app: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: ${app} }
spec: { preDeploymentTasks: [check] }
`;
