import { describe, expect, it } from 'vitest';

import { JobKind, NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { BypassedPods } from '../../src/controllers/loops/bypassed-pods.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isHeld } from './oracles.ts';
import { podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { fog } from './weather.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
const places = ['template', 'owner'] as const;

/** What the leader runs beside the engine: the report of what was not judged. */
function reporting(simulation: Simulation, signal: AbortSignal): void {
  const { store, clock } = simulation;
  const caches = simulation.processes.at(-1)?.caches;
  if (caches === undefined) throw new Error('no process runs');
  async function* runningPods(namespace: string) {
    await Promise.resolve();
    yield store
      .list(PodKind)
      .filter(
        ({ metadata, status }) => metadata.namespace === namespace && status?.phase === 'Running',
      );
  }
  new BypassedPods({
    caches,
    pods: { runningPods },
    operatorNamespace: 'keptn-system',
    clock,
    events: { record: (note) => void simulation.notes.push(note) },
    onFound: () => {},
    onFailure: (_, error) => void simulation.complaints.push(String(error)),
  }).start(signal);
}

/** The Namespace opts in, as with the webhook: annotation and label at once. */
function optIn({ store }: Simulation): void {
  const namespace = store.get(NamespaceKind, undefined, 'shop');
  if (namespace === undefined) throw new Error('there is no Namespace');
  store.update(NamespaceKind, {
    ...namespace,
    metadata: {
      ...namespace.metadata,
      annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' },
      labels: { 'sluice.keptn.sh/enabled': 'true' },
    },
  });
}

const versionOne = ({ store }: Simulation) =>
  store.get(KeptnWorkloadVersion, 'shop', 'shop-cart-1');

describe('what runs when its Namespace opts in', () => {
  it.each(seedsTo(30))(
    'is on record as Released, is not checked, and comes back at once while version 2 is held (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: fog });
      const stop = new AbortController();
      await simulation.explained(async () => {
        const random = simulation.random.fork();
        const kind = kinds[random.between(0, 2)] ?? 'Deployment';
        const annotated = places[random.between(0, 1)] ?? 'template';
        const cart = (version: string): string =>
          aWorkload('cart', { kind, annotated, version, annotations, replicas: 3 });
        simulation.ensureNamespace('shop');
        simulation.start();
        simulation.apply(aTaskDefinition('check', 'fail'), cart('1'));
        await simulation.pass(60_000);
        expect(podsOf(simulation, 'cart').every(({ status }) => status?.phase === 'Running')).toBe(
          true,
        );
        reporting(simulation, stop.signal);
        optIn(simulation);
        await simulation.pass(random.between(20_000, 30_000));
        expect(conditionOf(versionOne(simulation), 'Released')).toMatchObject({
          status: 'True',
          reason: 'RunningAtOptIn',
        });
        expect(simulation.store.list(KeptnTask)).toEqual([]);
        expect(simulation.store.list(KeptnAppVersion)).toEqual([]);
        expect(simulation.notes.filter(({ reason }) => reason === 'Bypassed')).toEqual([]);

        simulation.apply(cart('2'));
        await versionBecomes(simulation, 'shop-cart-2', 'Failed');
        const old = podsOf(simulation, 'cart').filter((pod) => !isHeld(pod));
        for (const pod of old.slice(0, 2)) simulation.store.delete(refOf(PodKind, pod));
        const areBack = (): boolean =>
          podsOf(simulation, 'cart').filter(({ status }) => status?.phase === 'Running').length >=
          (kind === 'Deployment' ? 3 : 1);
        // A StatefulSet and a DaemonSet make what is missing from the new revision.
        if (kind === 'Deployment') await simulation.until('they are back', areBack, 20_000);
        simulation.apply(cart('1'));
        const allRun = (): boolean =>
          podsOf(simulation, 'cart').every(
            (pod) => !isHeld(pod) && pod.status?.phase === 'Running',
          );
        await simulation.until('the rollback runs', allRun, 60_000);
        const isListed = (): boolean =>
          simulation.store
            .list(KeptnApp)
            .every(({ spec }) => spec.workloads?.every(({ version }) => version === '1'));
        await simulation.until('the application lists what runs', isListed, 60_000);
        const isOver = (): boolean =>
          simulation.store.list(KeptnAppVersion).every(({ status }) => isCompleted(status?.status));
        await simulation.until('no version of the application waits', isOver, 60_000);
        expect(simulation.store.list(JobKind)).toHaveLength(1);
      });
      stop.abort();
    },
  );

  it('is not what came past the webhook later, nor what was on record before', async () => {
    const simulation = sluice({ seed: 1 });
    const stop = new AbortController();
    await simulation.explained(async () => {
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check', 'fail'),
        aWorkload('cart', { annotations }),
      );
      simulation.start();
      reporting(simulation, stop.signal);
      await versionBecomes(simulation, 'shop-cart-1', 'Failed');
      await simulation.pass(700_000);
      expect(conditionOf(versionOne(simulation), 'Released')?.status).not.toBe('True');
      // Opted in again, a version that has failed stays what it is, even if somebody has started its Pods.
      for (const pod of podsOf(simulation, 'cart'))
        simulation.store.update(PodKind, { ...pod, spec: { ...pod.spec, schedulingGates: [] } });
      simulation.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      await simulation.pass(60_000);
      optIn(simulation);
      await simulation.pass(60_000);
      expect(conditionOf(versionOne(simulation), 'Released')?.status).not.toBe('True');
      expect(simulation.notes.some(({ reason }) => reason === 'Bypassed')).toBe(true);
    });
    stop.abort();
  });
});
