import { describe, expect, it } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { refKey } from '../../src/api/object.ts';
import { clearWeather } from '../support/memory/memory-caches.ts';
import type { MemoryStore } from '../../src/cli/played/memory-store.ts';
import type { Call } from '../support/memory/memory-cluster.ts';
import { aShopNamespace, aTaskDefinition, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';

const noWindow = `
apiVersion: v1
kind: Namespace
metadata: { name: keptn-system }
---
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: keptnconfig }
spec: { appContextWindow: 0s }
`;

/** Every call of Sluice for one workload that is an application of its own, until the gate of its Pod is lifted. */
async function pathToGate(
  seed: number,
  tasks = '',
  refuses: (call: Call, store: MemoryStore) => boolean = () => false,
): Promise<Call[]> {
  const calls: Call[] = [];
  const simulation = sluice({
    seed,
    latencyMs: 5,
    // As in a cluster: a Job has its end, and gets its time to live, when the gate is open already.
    jobBatchMs: 1_000,
    // Watches tell later than answers.
    weather: () => ({ ...clearWeather, lagMs: () => 100 }),
    fault: (call) => {
      if (refuses(call, simulation.store)) return '500';
      calls.push(call);
      return undefined;
    },
  });
  await simulation.explained(async () => {
    simulation.apply(noWindow, aShopNamespace, aTaskDefinition('check'));
    simulation.start();
    await simulation.pass(5_000);
    calls.length = 0;
    const annotations = { 'keptn.sh/app': '', 'keptn.sh/pre-deployment-tasks': tasks };
    simulation.apply(aWorkload('cart', { replicas: 1, annotations }));
    await simulation.until('the gate is lifted', () => calls.some(isLift));
  });
  const lifted = calls.findIndex(isLift);
  expect(lifted).toBeGreaterThan(0);
  return calls.slice(0, lifted + 1);
}

const textOf = (call: Call): string => `${call.verb} ${refKey(call)}`;
const readsOf = (calls: readonly Call[]): string[] =>
  calls.filter(({ verb }) => verb === 'get' || verb === 'list').map(textOf);

describe('from the first held Pod to the lifting of its gate', () => {
  it.each([1, 2, 3, 4, 5])(
    'nothing is read live but whether there is a context, and what was just written is not asked for again (seed %i)',
    async (seed) => {
      const calls = await pathToGate(seed);
      expect(readsOf(calls), calls.map(textOf).join('\n')).toEqual([
        expect.stringContaining('KeptnAppContext'),
      ]);
    },
  );

  it('a task adds no read', async () => {
    const calls = await pathToGate(1, 'check');
    expect(readsOf(calls)).toHaveLength(1);
  });

  // Whatever else is written from then on fails: had the patch to wait for it, the gate would stay.
  it.each([1, 2, 3, 4, 5])(
    'between the decision and the patch nothing is written but Released (seed %i)',
    async (seed) => {
      for (const { tasks, isDecided } of decisions) {
        let isSeen = false;
        const calls = await pathToGate(seed, tasks, (call, store) => {
          isSeen ||= isDecided(store);
          return isSeen && isWrite(call) && !isLast(call);
        });
        expect(isSeen).toBe(true);
        expect(calls.slice(-2).map(what)).toEqual(path.slice(-2));
      }
    },
  );

  it.each([1, 2, 3, 4, 5])(
    'seven writes lead to it one after the other or side by side, and none of those that only tell (seed %i)',
    async (seed) => {
      const needed = new Set<string>(path);
      const calls = await pathToGate(
        seed,
        '',
        (call, store) =>
          store.list(KeptnWorkload).length > 0 && isWrite(call) && !needed.has(what(call)),
      );
      const carriedOut = calls.map(what).filter((one) => needed.has(one));
      expect(carriedOut.toSorted()).toEqual(path.toSorted());
    },
  );
});

/** What lets a version be Released: its app has a version on record that has no checks, or its own check has passed. */
const decisions = [
  {
    tasks: '',
    isDecided: (store: MemoryStore) =>
      store.list(KeptnApp).some(({ status }) => status?.appVersionUID !== undefined),
  },
  {
    tasks: 'check',
    isDecided: (store: MemoryStore) =>
      store.list(KeptnTask).some(({ status }) => status?.status === 'Succeeded'),
  },
];

const path = [
  'create KeptnWorkload',
  'create KeptnWorkloadVersion',
  'create KeptnApp',
  'create KeptnAppVersion',
  'writeStatus KeptnApp',
  'writeStatus KeptnWorkloadVersion',
  'patch Pod',
];

function what({ verb, kind }: Call): string {
  return `${verb} ${kind.kind}`;
}

function isLift({ verb, kind }: Call): boolean {
  return verb === 'patch' && kind === PodKind;
}

function isWrite({ verb }: Call): boolean {
  return verb !== 'get' && verb !== 'list';
}

/** The two writes of the rule. */
function isLast(call: Call): boolean {
  return path.slice(-2).includes(what(call));
}
