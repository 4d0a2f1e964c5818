import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { type Deployment, DeploymentKind, NamespaceKind } from '../../src/api/builtin.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { FakeApiServer } from '../support/api-server/fake-api-server.ts';

/**
 * What `memory.test.ts` shows of the caches, of a whole process: 5,000 Deployments over HTTPS, 500 of which change all the
 * time. SLUICE_SOAK_MINUTES says for how long; 10 unless told otherwise.
 */

const minutes = Number(process.env['SLUICE_SOAK_MINUTES'] ?? 10);
const deployments = 5_000;
const flapping = 500;
const samples = 20;
/** So many changes in a tick of `tickMs`: about a thousand a second. */
const atOnce = 50;
const tickMs = 50;
/** V8 sizes its young generation and compiles in the first half minute, however short the rest is. */
const leastWarmUpMs = 40_000;

interface Sample {
  readonly rssMb: number;
  readonly heapMb: number;
  readonly timers: number;
  readonly handles: number;
  readonly objects: number;
  readonly changes: number;
}

function isSample(message: unknown): message is Sample {
  return typeof message === 'object' && message !== null && 'rssMb' in message;
}

function deployment(index: number, change: number): Deployment {
  return {
    apiVersion: DeploymentKind.apiVersion,
    kind: DeploymentKind.kind,
    metadata: {
      name: `deployment-${index}`,
      namespace: 'shop',
      annotations: { note: `changed ${change}` },
    },
    spec: { replicas: change % 3 },
    template: { containers: [], digest: '' },
  };
}

const median = (of: readonly number[]): number =>
  of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;

const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;

it('RSS, timers, handles and watches of a process are flat while 500 objects flap', async () => {
  await using server = await FakeApiServer.start(NamespaceKind, DeploymentKind);
  const { store } = server;
  store.create(NamespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (let index = 0; index < deployments; index += 1) {
    store.create(DeploymentKind, deployment(index, 0));
  }
  const credentials = server.credentials();
  const url = credentials.server;
  const { tls } = await credentials.identity();
  const child = fork(new URL('watching-process.ts', import.meta.url), [url.href, String(tls.ca)]);
  const sample = async (): Promise<Sample> => {
    child.send('sample');
    const [message]: unknown[] = await once(child, 'message');
    if (!isSample(message)) throw new Error('no sample');
    return message;
  };
  try {
    await eventually('everything is cached', async () => (await sample()).objects === deployments);
    const seen: Sample[] = [];
    let change = 0;
    for (let at = 0; at < samples; at += 1) {
      const warmUpMs = at === 0 ? leastWarmUpMs : 0;
      const endMs = performance.now() + warmUpMs + (minutes * 60_000) / samples;
      while (performance.now() < endMs) {
        for (let one = 0; one < atOnce; one += 1) {
          change += 1;
          store.update(DeploymentKind, deployment(change % flapping, change));
        }
        // What this end remembers is not what is measured.
        store.history.splice(0, store.history.length - 10_000);
        server.forgottenBefore = store.history[0]?.version ?? 0;
        await sleep(tickMs);
      }
      const now = await sample();
      seen.push(now);
      const { rssMb, heapMb, timers, handles } = now;
      process.stdout.write(
        `${now.changes} changes: RSS ${rssMb.toFixed(1)} MB, heap ${heapMb.toFixed(1)} MB, ${timers} timers, ${handles} handles\n`,
      );
    }
    const early = seen.slice(samples / 4, samples / 2);
    const late = seen.slice(-samples / 4);
    for (const of of ['rssMb', 'heapMb'] as const) {
      const before = mean(early.map((one) => one[of]));
      expect(mean(late.map((one) => one[of])), of).toBeLessThanOrEqual(before * 1.05);
    }
    // Of a handful, one that is seen on its way in or out is more than five per cent.
    for (const of of ['timers', 'handles'] as const) {
      expect(median(late.map((one) => one[of])), of).toBe(median(early.map((one) => one[of])));
    }
    expect(seen.at(-1)?.changes).toBeGreaterThan(deployments + change / 2);
    expect(server.watches(DeploymentKind)).toHaveLength(1);
  } finally {
    child.kill();
  }
});
