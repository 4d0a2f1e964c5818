import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';

import { DeploymentKind } from '../../src/api/builtin.ts';
import { kindKey } from '../../src/api/object.ts';
import { ObjectCaches } from '../../src/kubernetes/cache/caches.ts';
import { project } from '../../src/kubernetes/projection/projections.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { allIndexes } from '../support/memory/all-indexes.ts';

/**
 * Whether memory stays what it is while objects flap: 5,000 Deployments in the caches of a process, 500 of which change all
 * the time, in groups of which each rests for long. SLUICE_SOAK_MINUTES says for how long; 10 unless told otherwise.
 */

const minutes = Number(process.env['SLUICE_SOAK_MINUTES'] ?? 10);
const deployments = 5_000;
const flapping = 500;
const samples = 20;

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

function deployment(index: number, version: number) {
  const time = new Date(Date.UTC(2026, 0, 1) + version * 500).toISOString();
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `deployment-${index}`,
      namespace: `team-${index % 50}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(version),
      annotations: { note: `changed ${Math.floor(version / 2)}` },
    },
    spec: { replicas: version % 3 },
    status: {
      conditions: [
        {
          type: 'Available',
          status: version % 2 === 0 ? 'True' : 'False',
          lastTransitionTime: time,
        },
      ],
    },
  };
}

it('memory, timers and handles are flat while 500 objects flap', async () => {
  const caches = new ObjectCaches({ clock: systemClock, indexes: allIndexes });
  const feed = caches.feed(DeploymentKind);
  let version = 1;
  const next = (index: number) => {
    version += 1;
    // As it comes from the wire: every text a new one.
    const object = project(DeploymentKind, JSON.parse(JSON.stringify(deployment(index, version))));
    if (object === undefined) throw new Error('no Deployment');
    return object;
  };
  feed.listing();
  for (let index = 0; index < deployments; index += 1) feed.listed(next(index));
  feed.listComplete(String(version));
  const resources = (): number => process.getActiveResourcesInfo().length;
  const resourcesBefore = resources();
  const megabytes: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const endMs = performance.now() + (minutes * 60_000) / samples;
    // Ten groups take turns, and none changes while another does.
    const first = ((sample % 10) * flapping) / 10;
    while (performance.now() < endMs) {
      for (let one = 0; one < 1_000; one += 1) feed.changed(next(first + (one % (flapping / 10))));
      await nextTurn();
    }
    collectGarbage();
    megabytes.push(process.memoryUsage().heapUsed / 1e6);
    process.stdout.write(`${version} changes, heap ${megabytes.at(-1)?.toFixed(1)} MB\n`);
  }
  const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
  // The first quarter fills what is bounded: tables, objects kept hot, compiled code.
  const early = mean(megabytes.slice(samples / 4, samples / 2));
  const late = mean(megabytes.slice(-samples / 4));
  expect(late).toBeLessThan(early * 1.05);
  expect(resources()).toBeLessThanOrEqual(resourcesBefore + 2);
  expect(caches.sizes().get(kindKey(DeploymentKind))).toBe(deployments);
});
