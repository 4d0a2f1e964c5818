import { describe, expect, it } from 'vitest';

import { PodKind } from '../../src/api/builtin.ts';
import { refKey } from '../../src/api/object.ts';
import { clearWeather } from '../support/memory/memory-caches.ts';
import type { Call } from '../support/memory/memory-cluster.ts';
import { completed } from './scenario.ts';
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
async function pathToGate(seed: number, tasks = ''): Promise<Call[]> {
  const calls: Call[] = [];
  const simulation = sluice({
    seed,
    latencyMs: 5,
    // As in a cluster: a Job has its end, and gets its time to live, when the gate is open already.
    jobBatchMs: 1_000,
    // Watches tell later than answers.
    weather: () => ({ ...clearWeather, lagMs: () => 100 }),
    fault: (call) => {
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
    await completed(simulation);
  });
  const lifted = calls.findIndex(({ verb, kind }) => verb === 'patch' && kind === PodKind);
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

  it.each([1, 2, 3, 4, 5])(
    'between the decision and the patch nothing is written but Released (seed %i)',
    async (seed) => {
      for (const tasks of ['', 'check']) {
        const [passed, released, lifted] = (await pathToGate(seed, tasks)).slice(-3);
        expect(lifted).toMatchObject({ verb: 'patch', kind: { kind: 'Pod' } });
        expect(released).toMatchObject({
          verb: 'writeStatus',
          kind: { kind: 'KeptnWorkloadVersion' },
        });
        // What let it decide: the application's checks, or the task.
        expect(passed).toMatchObject({
          verb: 'writeStatus',
          kind: { kind: tasks === '' ? 'KeptnAppVersion' : 'KeptnTask' },
        });
      }
    },
  );
});
