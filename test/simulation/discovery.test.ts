import { describe, expect, it } from 'vitest';
import { KeptnAppCreationRequest } from '../../src/api/keptn/app-creation-request.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { appCreationController } from '../../src/controllers/app-creation.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';

function discovery(options: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation({
    seed: 1,
    controllers: [
      appCreationController({ operatorNamespace: 'keptn-system' }, { promotionTasks: true }),
    ],
    ...options,
  });
  simulation.createOptedIn('shop');
  return simulation;
}

const aRequest = (app: string, annotations = '{}'): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppCreationRequest
metadata: { namespace: shop, name: ${app}, annotations: ${annotations} }
spec: { appName: ${app} }
`;

const aWorkload = (app: string, workload: string, version: string): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnWorkload
metadata: { namespace: shop, name: ${app}-${workload} }
spec: { app: ${app}, version: "${version}", resourceReference: { uid: u, kind: ReplicaSet, name: r } }
`;

const requests = ({ store }: Simulation) => store.list(KeptnAppCreationRequest);
const app = ({ store }: Simulation, name: string) => store.get(KeptnApp, 'shop', name);

describe('discovery', () => {
  it('gathers the workloads of an app for thirty seconds, then makes the app and ends', async () => {
    const simulation = discovery();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aWorkload('shop', 'cart', '1'), aRequest('shop'));
      await simulation.pass(20_000);
      simulation.apply(aWorkload('shop', 'pay', '2'), aWorkload('other', 'x', '1'));
      await simulation.pass(9_000);
      expect(app(simulation, 'shop')).toBeUndefined();
      await simulation.until('the request is gone', () => requests(simulation).length === 0, 2_000);
      expect(app(simulation, 'shop')?.spec).toMatchObject({
        workloads: [
          { name: 'cart', version: '1' },
          { name: 'pay', version: '2' },
        ],
      });
      // One status that says what is waited for, the app, the removal.
      expect(simulation.writes.map(({ verb }) => verb)).toEqual([
        'writeStatus',
        'create',
        'delete',
      ]);
    });
  });

  it('makes the app of a single service at once, in two writes', async () => {
    const simulation = discovery();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(
        aWorkload('cart', 'cart', '1.4'),
        aRequest('cart', '{ keptn.sh/app-type: single-service }'),
      );
      await simulation.until('the request is gone', () => requests(simulation).length === 0, 1_000);
      expect(app(simulation, 'cart')).toMatchObject({
        metadata: { annotations: { 'keptn.sh/app-type': 'single-service' } },
        spec: { version: '1.4', workloads: [{ name: 'cart', version: '1.4' }] },
      });
      expect(simulation.writes.map(({ verb }) => verb)).toEqual(['create', 'delete']);
    });
  });

  it('B17: decides on what is there, however late its caches', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const simulation = discovery({
        seed,
        latencyMs: 20,
        // Workloads arrive in the caches after the window has closed.
        weather: () => ({ lagMs: ({ kind }) => (kind.kind === 'KeptnWorkload' ? 60_000 : 0) }),
      });
      await simulation.explained(async () => {
        simulation.start();
        simulation.apply(aWorkload('shop', 'cart', '1'), aRequest('shop'));
        simulation.apply(
          aWorkload('solo', 'solo', '1'),
          aRequest('solo', '{ keptn.sh/app-type: single-service }'),
        );
        await simulation.pass(29_000);
        simulation.apply(aWorkload('shop', 'pay', '2'));
        await simulation.until('the requests are gone', () => requests(simulation).length === 0);
        expect(app(simulation, 'shop')?.spec).toMatchObject({
          workloads: [{ name: 'cart' }, { name: 'pay' }],
        });
        expect(app(simulation, 'solo')?.spec).toMatchObject({ workloads: [{ name: 'solo' }] });
      });
    }
  });

  it('ends the same whichever write it is killed after', async () => {
    for (let write = 1; write <= 3; write += 1) {
      const simulation = discovery({ seed: write, crashAfterWrites: [write], latencyMs: 5 });
      await simulation.explained(async () => {
        simulation.start();
        simulation.apply(aWorkload('shop', 'cart', '1'), aRequest('shop'));
        await simulation.until('the request is gone', () => requests(simulation).length === 0);
        await simulation.pass(60_000);
        expect(app(simulation, 'shop')?.spec).toMatchObject({ version: '1' });
        expect(app(simulation, 'shop')?.metadata.generation).toBe(1);
      });
    }
  });

  it('follows a change of the discovery window', async () => {
    const simulation = discovery();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aWorkload('shop', 'cart', '1'), aRequest('shop'));
      await simulation.pass(5_000);
      simulation.apply(`
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: keptnconfig }
spec: { keptnAppCreationRequestTimeoutSeconds: 4 }
`);
      await simulation.until('the app is made', () => app(simulation, 'shop') !== undefined, 1_000);
    });
  });

  it('leaves an app of the users’ own alone', async () => {
    const simulation = discovery();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(
        aWorkload('shop', 'cart', '1'),
        'apiVersion: lifecycle.keptn.sh/v1\nkind: KeptnApp\nmetadata: { namespace: shop, name: shop }\nspec: { version: "7" }',
        aRequest('shop'),
      );
      await simulation.until('the request is gone', () => requests(simulation).length === 0, 1_000);
      expect(app(simulation, 'shop')?.metadata.generation).toBe(1);
      expect(simulation.writes.map(({ verb }) => verb)).toEqual(['delete']);
    });
  });

  it('removes from a generated app the workload that has disappeared', async () => {
    const simulation = discovery();
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(
        aWorkload('shop', 'cart', '1'),
        aWorkload('shop', 'pay', '2'),
        aRequest('shop'),
      );
      await simulation.until('the request is gone', () => requests(simulation).length === 0);
      const gone = simulation.store.get(KeptnWorkload, 'shop', 'shop-pay');
      const ref = { kind: KeptnWorkload, namespace: 'shop', name: 'shop-pay' };
      simulation.store.delete(ref, { uid: gone?.metadata.uid ?? '' });
      simulation.apply(aRequest('shop'));
      await simulation.until('the request is gone', () => requests(simulation).length === 0);
      expect(app(simulation, 'shop')?.spec).toEqual({
        version: '1',
        workloads: [{ name: 'cart', version: '1' }],
      });
    });
  });
});
