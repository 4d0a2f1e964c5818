import { describe, expect, it } from 'vitest';

import { JobKind, NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../../src/api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { unreadyKey } from '../../src/cli/played/actors/kubelet.ts';
import { isHeld, ownVersion, repeated } from './oracles.ts';
import { allRun, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { fog, storm } from './weather.ts';

const checked = {
  annotations: {
    'keptn.sh/pre-deployment-tasks': 'check',
    'keptn.sh/post-deployment-tasks': 'after',
  },
};
const cart = (version: string): string => aWorkload('cart', { version, ...checked });

/** The Namespace opted in or out, as somebody's `kubectl annotate`; everything else on it stays. */
function setOptIn({ store }: Simulation, isIn: boolean): void {
  const namespace = store.get(NamespaceKind, undefined, 'shop');
  if (namespace === undefined) throw new Error('there is no Namespace');
  const { [keptnAnnotations.lifecycleToolkit]: _, ...others } =
    namespace.metadata.annotations ?? {};
  const annotations = {
    ...others,
    ...(isIn && { [keptnAnnotations.lifecycleToolkit]: 'enabled' }),
  };
  store.update(NamespaceKind, { ...namespace, metadata: { ...namespace.metadata, annotations } });
}

const isOnRecord = ({ store }: Simulation): boolean => {
  const namespace = store.get(NamespaceKind, undefined, 'shop');
  return namespace?.metadata.annotations?.[sluiceKeys.optInRecorded] === namespace?.metadata.uid;
};

const version = ({ store }: Simulation, name: string) =>
  store.get(KeptnWorkloadVersion, 'shop', name);

const reasonOf = (simulation: Simulation, name: string): string | undefined =>
  conditionOf(version(simulation, name), 'Reconciling')?.reason;

/** What was made of these kinds since then. */
const madeSince = ({ store }: Simulation, from: number, ...kinds: readonly string[]): string[] =>
  store.history
    .slice(from)
    .filter(({ type, object }) => type === 'added' && kinds.includes(object.kind))
    .map(({ object }) => `${object.kind} ${object.metadata.name}`);

describe('a Namespace that opts out', () => {
  it.each(seedsTo(10))(
    'lets the tasks of a version in flight come to their end, begins nothing, and says so (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(
          aShopNamespace,
          aTaskDefinition('check', 'succeed', 120),
          aTaskDefinition('after'),
          cart('1'),
        );
        simulation.start();
        await simulation.until('its task runs', () => store.list(JobKind).length === 1);
        setOptIn(simulation, false);
        await simulation.until('it runs', () => allRun(simulation, 'cart', { version: '1' }));
        await simulation.until(
          'it says so',
          () => reasonOf(simulation, 'shop-cart-1') === 'NamespaceDisabled',
        );
        const from = store.history.length;
        await simulation.pass(900_000);
        expect(store.list(KeptnTask).map(({ status }) => status?.status)).toEqual(['Succeeded']);
        expect(madeSince(simulation, from, 'KeptnTask', 'KeptnEvaluation', 'Job')).toEqual([]);
        expect(conditionOf(version(simulation, 'shop-cart-1'), 'Reconciling')?.message).toMatch(
          /Namespace shop is not opted in: no further check .* until kubectl annotate namespace shop/u,
        );
        expect(version(simulation, 'shop-cart-1')?.status?.deploymentStatus).toBeUndefined();
      });
    },
  );

  it.each(seedsTo(10))(
    'is not followed: what is deployed then gets no version, no check and no gate (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        const { store } = simulation;
        simulation.apply(aShopNamespace, aTaskDefinition('check'), aTaskDefinition('after'));
        simulation.start();
        simulation.apply(cart('1'));
        await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
        setOptIn(simulation, false);
        await simulation.until('no label', () => !hasLabel(simulation));
        await simulation.pass(60_000);
        const from = store.history.length;
        simulation.apply(cart('2'), aWorkload('pay', checked));
        await simulation.until(
          'both run',
          () =>
            allRun(simulation, 'cart', { version: '2' }) &&
            allRun(simulation, 'pay', { version: '1' }),
        );
        await simulation.pass(300_000);
        const kinds = [
          KeptnWorkload,
          KeptnWorkloadVersion,
          KeptnApp,
          KeptnAppVersion,
          KeptnAppCreationRequest,
          KeptnTask,
        ].map(({ kind }) => kind);
        expect(madeSince(simulation, from, ...kinds)).toEqual([]);
        const workload = store.get(KeptnWorkload, 'shop', 'shop-cart');
        expect(workload?.spec.version).toBe('1');
        expect(conditionOf(workload, 'Ready')).toMatchObject({ reason: 'NamespaceDisabled' });
      });
    },
  );
});

const hasLabel = ({ store }: Simulation): boolean =>
  store.get(NamespaceKind, undefined, 'shop')?.metadata.labels?.[sluiceKeys.enabled] !== undefined;

describe('a Namespace that opts in again', () => {
  /** Version 1 is in flight, with a check that runs for long, when the Namespace opts out; its Pods start. */
  async function optedOut(simulation: Simulation): Promise<void> {
    simulation.apply(
      aShopNamespace,
      aTaskDefinition('check', 'run'),
      aTaskDefinition('after'),
      cart('1'),
    );
    simulation.start();
    await simulation.until('its task runs', () => simulation.store.list(JobKind).length === 1);
    setOptIn(simulation, false);
    await simulation.until('it runs', () => allRun(simulation, 'cart', { version: '1' }));
  }

  it.each(seedsTo(20))(
    'has what runs on record as Released before it decides anything, whichever write it is killed after (seed %i)',
    async (seed) => {
      const crashes = sluice({ seed }).random.fork();
      const first = crashes.between(5, 30);
      const simulation = sluice({
        seed,
        weather: fog,
        crashAfterWrites: [first, first + crashes.between(1, 6)],
      });
      await simulation.explained(async () => {
        const { store } = simulation;
        await optedOut(simulation);
        // Version 2 has replaced it meanwhile, or not; there may be another workload.
        const running = seed % 2 === 0 ? '2' : '1';
        simulation.apply(cart(running), aWorkload('pay', checked));
        await simulation.until('it runs', () => allRun(simulation, 'cart', { version: running }));
        await simulation.until('pay runs', () => allRun(simulation, 'pay', { version: '1' }));
        await simulation.pass(seed * 7_000);
        setOptIn(simulation, true);
        const from = store.history.length;
        await simulation.until('it is on record', () => isOnRecord(simulation));
        await simulation.pass(120_000);
        for (const name of [`shop-cart-${running}`, 'shop-pay-1']) {
          expect(conditionOf(version(simulation, name), 'Released')).toMatchObject({
            status: 'True',
            reason: 'RunningAtOptIn',
          });
        }
        expect(madeSince(simulation, from, 'KeptnTask', 'Job')).toEqual([]);
        for (const pod of podsOf(simulation, 'cart')) store.delete(refOf(PodKind, pod));
        await simulation.until('they are back', () =>
          allRun(simulation, 'cart', { version: running }),
        );
        // What comes next is checked, and held until then.
        simulation.apply(aTaskDefinition('check', 'succeed', 60), cart('3'));
        await simulation.until('it is checked', () =>
          podsOf(simulation, 'cart').some((pod) => isHeld(pod)),
        );
        await versionBecomes(simulation, 'shop-cart-3', 'Succeeded');
        const isOver = (): boolean =>
          store.list(KeptnAppVersion).every(({ status }) => isCompleted(status?.status));
        await simulation.until('no version of the application waits', isOver);
        const jobs = repeated(simulation).filter((one) => one.startsWith('the Job'));
        expect(jobs).toEqual([]);
      });
    },
  );

  it.each(seedsTo(10))(
    'goes on with a version none of whose Pods was started (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        simulation.apply(
          aShopNamespace,
          aTaskDefinition('check', 'succeed', 90),
          aTaskDefinition('after'),
          aWorkload('cart', { ...checked, replicas: 1 }),
        );
        simulation.start();
        await simulation.until('its task runs', () => simulation.store.list(JobKind).length === 1);
        setOptIn(simulation, false);
        simulation.apply(aWorkload('cart', { ...checked, replicas: 0 }));
        await simulation.until('no Pod', () => podsOf(simulation, 'cart').length === 0);
        await simulation.pass(30_000);
        setOptIn(simulation, true);
        await simulation.until('it is on record', () => isOnRecord(simulation));
        await simulation.pass(10_000);
        expect(conditionOf(version(simulation, 'shop-cart-1'), 'Released')).toBeUndefined();
        simulation.apply(aWorkload('cart', { ...checked, replicas: 1 }));
        await versionBecomes(simulation, 'shop-cart-1', 'Succeeded');
        expect(repeated(simulation)).toEqual([]);
        expect(
          simulation.store
            .list(KeptnTask)
            .map(({ spec }) => spec.taskDefinition)
            .toSorted(),
        ).toEqual(['after', 'check']);
        expect(podsOf(simulation, 'cart').map(ownVersion)).toEqual(['shop-cart 1']);
      });
    },
  );

  it('runs no time-out for the time in between', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const stuck = { annotations: { ...checked.annotations, [unreadyKey]: 'true' } };
      simulation.apply(aShopNamespace, aTaskDefinition('check'), aTaskDefinition('after'));
      simulation.start();
      simulation.apply(aWorkload('cart', stuck));
      await simulation.until('it deploys', () => isReleased(simulation, 'shop-cart-1'));
      setOptIn(simulation, false);
      await simulation.pass(1_200_000);
      setOptIn(simulation, true);
      await simulation.pass(60_000);
      expect(version(simulation, 'shop-cart-1')?.status).toMatchObject({
        currentPhase: 'WorkloadDeploy',
        status: 'Progressing',
      });
    });
  });
});

const isReleased = (simulation: Simulation, name: string): boolean =>
  conditionOf(version(simulation, name), 'Released')?.status === 'True';
