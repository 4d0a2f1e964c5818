import { describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { rfc3339 } from '../../src/domain/time.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { allRun, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A CheckDefinition that is closed between these times. */
function aFreeze(from: number, until: number, more = ''): string {
  return `
apiVersion: sluice.keptn.sh/v1alpha1
kind: CheckDefinition
metadata: { namespace: shop, name: season }
spec:
  ${more}
  freezeWindow: { periods: [{ from: "${rfc3339(from)}", until: "${rfc3339(until)}", reason: stocktaking }] }
`;
}

const checked = { 'sluice.keptn.sh/pre-deployment-checks': 'season' };

const versionIn = ({ store }: Simulation) => store.get(KeptnWorkloadVersion, 'shop', 'cart-cart-1');
const itemIn = (simulation: Simulation) =>
  versionIn(simulation)?.status?.preDeploymentEvaluationTaskStatus?.[0];

async function started(
  manifests: (now: number) => readonly string[],
  annotations: Readonly<Record<string, string>>,
  check: (simulation: Simulation) => Promise<void>,
): Promise<void> {
  const simulation = sluice({ seed: 1 });
  await simulation.explained(async () => {
    simulation.apply(aShopNamespace, ...manifests(simulation.clock.now()));
    simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
    simulation.start();
    await check(simulation);
    expectNoHarm(simulation);
  });
}

const isClosed = (simulation: Simulation): boolean => itemIn(simulation)?.reason === 'FreezeWindow';

describe('a version that comes in a freeze window', () => {
  it('is held without a write until it opens, and starts then by itself', async () => {
    let opens = 0;
    await started(
      (now) => {
        opens = now + 30 * hour;
        return [aFreeze(now - hour, opens)];
      },
      checked,
      async (simulation) => {
        await simulation.until('it waits', () => isClosed(simulation));
        expect(itemIn(simulation)).toMatchObject({
          definitionName: 'CheckDefinition/season',
          status: 'Progressing',
          message: expect.stringContaining('stocktaking'),
        });
        expect(conditionOf(versionIn(simulation), 'Waiting')?.reason).toBe('CheckAwaited');
        await simulation.pass(2 * minute);
        const [pod] = podsOf(simulation, 'cart');
        expect(pod?.metadata.annotations?.['sluice.keptn.sh/explanation']).toMatch(
          /^Held by Sluice: waiting for CheckDefinition\/season: FreezeWindow: closed by the period/u,
        );
        const writes = simulation.writes.length;
        await simulation.pass(opens - simulation.clock.now() - 1000);
        expect(simulation.writes.slice(writes)).toEqual([]);
        await simulation.until(
          'its Pods run',
          () => allRun(simulation, 'cart', { version: '1' }),
          minute,
        );
        expect(itemIn(simulation)?.status).toBe('Succeeded');
        const startedAt = versionIn(simulation)?.status?.deploymentStartTime ?? '';
        expect(Date.parse(startedAt)).toBeGreaterThanOrEqual(opens - 999);
      },
    );
  });

  it('goes on as soon as the definition says otherwise', async () => {
    await started(
      (now) => [aFreeze(now - hour, now + 30 * hour)],
      checked,
      async (simulation) => {
        await simulation.until('it waits', () => isClosed(simulation));
        const now = simulation.clock.now();
        simulation.apply(aFreeze(now - 2 * hour, now - hour));
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      },
    );
  });

  it('fails at the deadline of the check, and its Pods stay held', async () => {
    await started(
      (now) => [aFreeze(now - hour, now + 30 * hour, 'deadline: 5m')],
      checked,
      async (simulation) => {
        await versionBecomes(simulation, 'cart-cart-1', 'Failed');
        expect(itemIn(simulation)?.reason).toBe('CheckDeadlineExceeded');
        await simulation.pass(40 * hour);
        expect(podsOf(simulation, 'cart').every((pod) => pod.status?.phase === 'Pending')).toBe(
          true,
        );
      },
    );
  });

  it('starts in mode observe, and says what would have been held', async () => {
    await started(
      (now) => [aFreeze(now - hour, now + 30 * hour)],
      { ...checked, 'sluice.keptn.sh/mode': 'observe' },
      async (simulation) => {
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        expect(conditionOf(versionIn(simulation), 'WouldBlock')?.message).toContain('stocktaking');
      },
    );
  });
});

describe('a freeze window that closes', () => {
  it('while another check runs holds what was open at first', async () => {
    await started(
      (now) => [
        aFreeze(now + 2 * minute, now + 30 * hour),
        aTaskDefinition('slow', 'succeed', 240),
      ],
      { ...checked, 'keptn.sh/pre-deployment-tasks': 'slow' },
      async (simulation) => {
        await simulation.until('it waits', () => isClosed(simulation));
        expect(podsOf(simulation, 'cart').every((pod) => pod.status?.phase === 'Pending')).toBe(
          true,
        );
      },
    );
  });

  it('while the version is paused holds its release, although the check has passed', async () => {
    await started(
      (now) => [aFreeze(now + hour, now + 30 * hour), aTaskDefinition('slow', 'succeed', 120)],
      { ...checked, 'keptn.sh/pre-deployment-tasks': 'slow' },
      async (simulation) => {
        const { store } = simulation;
        const pause = (paused: boolean): void => {
          const workload = store.get(KeptnWorkload, 'shop', 'cart-cart');
          if (workload === undefined) throw new Error('there is no workload');
          const { resourceVersion: _version, ...metadata } = workload.metadata;
          const annotations = paused ? { 'sluice.keptn.sh/paused': 'wait' } : {};
          store.update(KeptnWorkload, { ...workload, metadata: { ...metadata, annotations } });
        };
        await simulation.until('its workload is there', () => store.list(KeptnWorkload).length > 0);
        await simulation.until('its phases have begun', () => itemsOfTasks(simulation) > 0);
        pause(true);
        await simulation.pass(2 * hour);
        pause(false);
        await simulation.pass(10 * minute);
        const held = store
          .list(PodKind)
          .filter(({ metadata }) => metadata.labels?.['app'] === 'cart');
        expect(held.map((pod) => pod.status?.phase)).toEqual(['Pending', 'Pending']);
        const said = conditionOf(versionIn(simulation), 'Reconciling');
        expect(said?.message).toContain('stocktaking');
        await simulation.pass(30 * hour);
        expect(allRun(simulation, 'cart', { version: '1' })).toBe(true);
      },
    );
  });
});

const itemsOfTasks = (simulation: Simulation): number =>
  versionIn(simulation)?.status?.preDeploymentTaskStatus?.length ?? 0;

describe('a check without a Job that is not there', () => {
  it('is waited for, and said', async () => {
    await started(
      () => [],
      checked,
      async (simulation) => {
        await simulation.until(
          'it waits',
          () => conditionOf(versionIn(simulation), 'Stalled')?.reason === 'DefinitionNotFound',
        );
        expect(itemIn(simulation)?.message).toContain('CheckDefinition season does not exist');
        const now = simulation.clock.now();
        simulation.apply(aFreeze(now - 2 * hour, now - hour));
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      },
    );
  });

  it('a version that has failed by a freeze window is checked again when that is changed', async () => {
    await started(
      (now) => [aFreeze(now - hour, now + 30 * hour, 'deadline: 5m')],
      checked,
      async (simulation) => {
        await versionBecomes(simulation, 'cart-cart-1', 'Failed');
        const now = simulation.clock.now();
        simulation.apply(aFreeze(now - 2 * hour, now - hour));
        await simulation.until('its Pods run', () => allRun(simulation, 'cart', { version: '1' }));
      },
    );
  });

  it('goes on although the clock was set forward while it waited', async () => {
    await started(
      (now) => [aFreeze(now - hour, now + 30 * hour)],
      checked,
      async (simulation) => {
        await simulation.until('it waits', () => isClosed(simulation));
        await simulation.pass(hour);
        simulation.clock.setTimeOfDay(simulation.clock.now() + 29.5 * hour);
        await simulation.pass(15 * minute);
        expect(allRun(simulation, 'cart', { version: '1' })).toBe(true);
      },
    );
  });
});
