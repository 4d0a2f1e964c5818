import { describe, expect, it } from 'vitest';

import { JobKind, NamespaceKind, ReplicaSetKind } from '../../src/api/builtin.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { refOf } from '../../src/api/object.ts';
import { retentionScenario, retentionSettings } from './retention-scenario.ts';
import { allRun, expectNoHarm, versionBecomes } from './scenario.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

const annotations = { 'keptn.sh/pre-deployment-tasks': 'check' };
const cart = (version: string, spec = ''): string =>
  aWorkload('cart', { app: 'cart', version, annotations, spec, replicas: 1 });

const versionsIn = ({ store }: Simulation): string[] =>
  store.list(KeptnWorkloadVersion).map(({ spec }) => spec.version);

async function rollOut(simulation: Simulation, versions: readonly string[], spec = '') {
  for (const version of versions) {
    simulation.apply(cart(version, spec));
    await versionBecomes(simulation, `cart-cart-${version}`, 'Succeeded');
    await simulation.until('its Pods run', () =>
      allRun(simulation, 'cart', { version, replicas: 1 }),
    );
  }
}

describe('history is kept by number', () => {
  it('old versions go with their tasks and Jobs, and what runs is not touched, whatever the weather', async () => {
    for (let seed = 1; seed <= 6; seed += 1) await retentionScenario(seed);
  });

  it('by default the last ten versions of a workload and of an application are kept', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      await rollOut(
        simulation,
        Array.from({ length: 14 }, (_, i) => String(i + 1)),
        'revisionHistoryLimit: 0',
      );
      await simulation.pass(60_000);
      expect(versionsIn(simulation)).toEqual([
        '5',
        '6',
        '7',
        '8',
        '9',
        '10',
        '11',
        '12',
        '13',
        '14',
      ]);
      expect(store.list(KeptnAppVersion)).toHaveLength(10);
      expect(store.list(KeptnTask)).toHaveLength(10);
      const before = simulation.writes.length;
      await simulation.pass(3 * 3_600_000);
      expect(simulation.writes.slice(before)).toEqual([]);
      expectNoHarm(simulation);
    });
  });

  it('a version to which a ReplicaSet of the owner can be rolled back is kept', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check'),
        retentionSettings({ versions: 1 }),
      );
      simulation.start();
      await rollOut(simulation, ['1', '2', '3', '4'], 'revisionHistoryLimit: 2');
      await simulation.pass(60_000);
      const sets = store.list(ReplicaSetKind).map(({ metadata }) => metadata.annotations ?? {});
      expect(sets).toHaveLength(3);
      expect(versionsIn(simulation)).toEqual(['2', '3', '4']);
    });
  });
});

describe('a rollback to a version whose record was deleted', () => {
  it('is held and checked again, and an Event on the owner says so', async () => {
    const simulation = sluice({ seed: 3 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(
        aShopNamespace,
        aTaskDefinition('check'),
        retentionSettings({ versions: 1 }),
      );
      simulation.start();
      await rollOut(simulation, ['1', '2', '3'], 'revisionHistoryLimit: 0');
      await simulation.until('version 1 is deleted', () => !versionsIn(simulation).includes('1'));
      const workload = store.get(KeptnWorkload, 'shop', 'cart-cart');
      expect(workload?.status?.prunedVersions).toContain('1');
      const tasks = simulation.writes.filter(isTaskCreation).length;
      await rollOut(simulation, ['1'], 'revisionHistoryLimit: 0');
      expect(simulation.writes.filter(isTaskCreation).length).toBe(tasks + 1);
      const notes = simulation.notes.filter(({ reason }) => reason === 'VersionCheckedAgain');
      expect(notes.map(({ about, type }) => [about.kind, about.metadata.name, type])).toEqual([
        ['Deployment', 'cart', 'Warning'],
      ]);
      await simulation.until('it is forgotten', () => {
        const pruned = store.get(KeptnWorkload, 'shop', 'cart-cart')?.status?.prunedVersions ?? [];
        return !pruned.includes('1');
      });
      expectNoHarm(simulation);
    });
  });
});

describe('what must not be deleted', () => {
  it('nothing in a Namespace that is being deleted', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      await rollOut(simulation, ['1', '2', '3'], 'revisionHistoryLimit: 0');
      const namespace = store.get(NamespaceKind, undefined, 'shop');
      if (namespace === undefined) throw new Error('there is no Namespace');
      const { metadata } = namespace;
      store.update(NamespaceKind, { ...namespace, metadata: { ...metadata, finalizers: ['a/b'] } });
      store.delete({ kind: NamespaceKind, name: 'shop' });
      const before = simulation.writes.length;
      simulation.apply(retentionSettings({ versions: 1 }));
      await simulation.pass(600_000);
      expect(simulation.writes.slice(before).filter(({ verb }) => verb === 'delete')).toEqual([]);
    });
  });

  it('nothing while retention is suspended', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const suspended = retentionSettings({ versions: 1, suspend: true });
      simulation.apply(aShopNamespace, aTaskDefinition('check'), suspended);
      simulation.start();
      await rollOut(simulation, ['1', '2', '3'], 'revisionHistoryLimit: 0');
      await simulation.pass(600_000);
      expect(versionsIn(simulation)).toEqual(['1', '2', '3']);
      simulation.apply(retentionSettings({ versions: 1 }));
      await simulation.until('they go', () => versionsIn(simulation).join(' ') === '3');
    });
  });
});

describe('a generated application without a workload', () => {
  it('goes with its history after the grace time, and not before', async () => {
    const simulation = sluice({ seed: 2 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      await rollOut(simulation, ['1', '2']);
      deleteDeployment(simulation);
      await simulation.pass(50 * 60_000);
      const app = store.get(KeptnApp, 'shop', 'cart');
      expect(app?.status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'Unused', status: 'True', reason: 'NoWorkloads' }),
      );
      await simulation.pass(15 * 60_000);
      expect(store.list(KeptnApp)).toEqual([]);
      expect(store.list(KeptnAppVersion)).toEqual([]);
    });
  });

  it('stays when a workload of it comes back, and stays when its users keep it', async () => {
    const simulation = sluice({ seed: 2 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check'));
      simulation.start();
      await rollOut(simulation, ['1']);
      deleteDeployment(simulation);
      await simulation.pass(50 * 60_000);
      await rollOut(simulation, ['2']);
      await simulation.pass(2 * 3_600_000);
      const app = store.get(KeptnApp, 'shop', 'cart');
      expect(app?.status?.conditions?.some(({ type }) => type === 'Unused')).toBe(false);
      const kept = 'kubectl.kubernetes.io/last-applied-configuration';
      if (app === undefined) throw new Error('there is no KeptnApp');
      store.update(KeptnApp, {
        ...app,
        metadata: { ...app.metadata, annotations: { [kept]: '{}' } },
      });
      deleteDeployment(simulation);
      await simulation.pass(5 * 3_600_000);
      expect(store.list(KeptnApp)).toHaveLength(1);
    });
  });
});

describe('a Job whose task was deleted without it', () => {
  it('goes at once if it is suspended, and is left to run otherwise', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      const { store } = simulation;
      simulation.apply(aShopNamespace, aTaskDefinition('check', 'run'), cart('1'));
      simulation.start();
      await simulation.until('the task runs', () => store.list(JobKind).length === 1);
      const [job] = store.list(JobKind);
      if (job === undefined) throw new Error('there is no Job');
      const { ownerReferences: _, ...metadata } = job.metadata;
      store.update(JobKind, { ...job, metadata });
      for (const task of store.list(KeptnTask)) store.delete(refOf(KeptnTask, task));
      await simulation.pass(60_000);
      const orphan = store.list(JobKind).find(({ metadata: { uid } }) => uid === metadata.uid);
      if (orphan === undefined) throw new Error('the running Job was deleted');
      store.update(JobKind, { ...orphan, spec: { ...orphan.spec, suspend: true } });
      await simulation.until('it is deleted', () =>
        store.list(JobKind).every(({ metadata: { uid } }) => uid !== metadata.uid),
      );
    });
  });
});

function deleteDeployment({ store }: Simulation): void {
  const found = store.all().find(({ kind }) => kind.kind === 'Deployment');
  if (found !== undefined) store.delete(refOf(found.kind, found.object));
}

function isTaskCreation(call: Simulation['writes'][number]): boolean {
  return call.verb === 'create' && call.kind.kind === KeptnTask.kind;
}
