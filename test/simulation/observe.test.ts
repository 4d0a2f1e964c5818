import { describe, expect, it } from 'vitest';

import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { allRun, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const minute = 60_000;
const mode = (word: string) => ({ 'sluice.keptn.sh/mode': word });

const aNamespace = (annotations: Readonly<Record<string, string>> = {}): string => `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: ${JSON.stringify({ 'keptn.sh/lifecycle-toolkit': 'enabled', ...annotations })}
`;

const aContext = (annotations: Readonly<Record<string, string>> = {}): string => `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: cart, annotations: ${JSON.stringify(annotations)} }
spec: { preDeploymentTasks: [pre-app] }
`;

const preTask = { 'keptn.sh/pre-deployment-tasks': 'check' };
const cart = (annotations: Readonly<Record<string, string>>, version = '1') =>
  aWorkload('cart', { app: 'cart', version, annotations });

const versionOf = ({ store }: Simulation, name = 'cart-cart-1') =>
  store.get(KeptnWorkloadVersion, 'shop', name);

const run = (simulation: Simulation, version = '1') =>
  simulation.until('its Pods run', () => allRun(simulation, 'cart', { version }), minute);

const isHeld = (simulation: Simulation) =>
  podsOf(simulation, 'cart').every(({ status }) => status?.phase === 'Pending');

describe('in a Namespace that observes', () => {
  it('Pods start while the checks of application and workload still run, and what fails is said later', async () => {
    for (const seed of seedsTo(6)) {
      const simulation = sluice({ seed, ...(seed > 1 && { weather: storm }) });
      await simulation.explained(async () => {
        simulation.apply(aNamespace(mode('observe')), aContext(), cart(preTask));
        simulation.apply(aTaskDefinition('pre-app', 'fail', 120));
        simulation.apply(aTaskDefinition('check', 'fail', 120));
        simulation.start();
        await run(simulation);
        expect(conditionOf(versionOf(simulation), 'Released')?.reason).toBe('Observed');
        expect(conditionOf(versionOf(simulation), 'WouldBlock')).toBeUndefined();
        await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
        expect(conditionOf(versionOf(simulation), 'WouldBlock')?.message).toContain('check');
        const ofApp = () => simulation.store.list(KeptnAppVersion)[0];
        await simulation.until('its app is over', () => ofApp()?.status?.status === 'Succeeded');
        expect(conditionOf(ofApp(), 'WouldBlock')?.message).toContain('pre-app');
        // The Events of a status follow it.
        await simulation.pass(1_000);
        const told = simulation.notes.filter(({ reason }) => reason === 'WouldBlock');
        expect(told.map(({ about }) => about.kind).toSorted()).toEqual([
          'Deployment',
          'KeptnAppVersion',
          'KeptnWorkloadVersion',
        ]);
        expectNoHarm(simulation);
      });
    }
  });

  it('nothing that is missing holds anything: no definition, and no application', async () => {
    const foreign = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnApp
metadata: { namespace: shop, name: cart }
spec: { version: "1", workloads: [{ name: pay, version: "1" }] }
`;
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace(mode('observe')), foreign, cart(preTask));
      simulation.start();
      await run(simulation);
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      const message = conditionOf(versionOf(simulation), 'WouldBlock')?.message;
      expect(message).toContain('DefinitionNotFound');
      expectNoHarm(simulation);
    });
  });

  it('the next version is held once the Namespace blocks', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace(mode('observe')), aTaskDefinition('check', 'fail'));
      simulation.apply(cart(preTask));
      simulation.start();
      await run(simulation);
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      simulation.apply(aNamespace(mode('block')), cart(preTask, '2'));
      await versionBecomes(simulation, 'cart-cart-2', 'Failed');
      await simulation.pass(10 * minute);
      expect(conditionOf(versionOf(simulation, 'cart-cart-2'), 'Released')).toBeUndefined();
      expectNoHarm(simulation);
    });
  });

  it('a definition that blocks holds all the same', async () => {
    const simulation = sluice({ seed: 1 });
    const blocking = aTaskDefinition('check', 'fail').replace(
      'annotations: {',
      'annotations: { sluice.keptn.sh/mode: block,',
    );
    await simulation.explained(async () => {
      simulation.apply(aNamespace(mode('observe')), blocking, cart(preTask));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      await simulation.pass(10 * minute);
      expect(isHeld(simulation)).toBe(true);
    });
  });
});

describe('a workload', () => {
  it('that observes is not held by its own checks; by those of its application it is', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace(), aTaskDefinition('check', 'run'));
      simulation.apply(aContext(), aTaskDefinition('pre-app', 'succeed', 60));
      simulation.apply(cart({ ...preTask, ...mode('observe') }));
      simulation.start();
      await simulation.pass(minute);
      expect(isHeld(simulation)).toBe(true);
      await run(simulation);
      expectNoHarm(simulation);
    });
  });

  it('cannot undercut the minimum of its Namespace, nor can its definition or KeptnAppContext', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace({ 'sluice.keptn.sh/minimum-mode': 'block' }));
      simulation.apply(aContext(mode('observe')), aTaskDefinition('pre-app'));
      simulation.apply(
        aTaskDefinition('check', 'fail').replace(
          'annotations: {',
          'annotations: { sluice.keptn.sh/mode: observe,',
        ),
      );
      simulation.apply(cart({ ...preTask, ...mode('observe') }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      await simulation.pass(10 * minute);
      expect(isHeld(simulation)).toBe(true);
    });
  });
});
