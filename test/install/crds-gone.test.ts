import { expect, test } from 'vitest';

import type { JsonPatchOperation } from '../../src/api/json-patch.ts';
import type { KubernetesObject, ObjectRef } from '../../src/api/object.ts';
import { untilCrdsGone } from '../../src/install/crds-gone.ts';
import { type Installed, objectsOfPart } from '../../src/install/installation.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

const settings = { namespace: 'keptn-system', target: { url: 'https://127.0.0.1:9443' } } as const;
const [tasks, apps] = objectsOfPart('crds', settings);
if (tasks === undefined || apps === undefined) throw new Error('there are no CRDs');

/** A CRD that the API server deletes, in its words. */
function terminating({ object }: Installed, message: string, reason = ''): KubernetesObject {
  const status = { conditions: [{ type: 'Terminating', status: 'True', reason, message }] };
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  return Object.assign(
    { ...object, metadata: { ...object.metadata, deletionTimestamp } },
    { status },
  );
}

function waiting(live: Map<string, KubernetesObject>) {
  const clock = new TestClock();
  const told: string[] = [];
  const get = async ({ name }: ObjectRef) => live.get(name);
  const changed: string[] = [];
  const patch = async ({ name }: ObjectRef, operations: readonly JsonPatchOperation[]) => {
    const found = live.get(name);
    if (found === undefined) throw new Error('there is no such CRD');
    changed.push(`${name} ${operations.map(({ op, path }) => `${op} ${path}`).join(', ')}`);
    return found;
  };
  const by = { cluster: { get, patch }, clock, tell: (line: string) => void told.push(line) };
  return { clock, told, changed, by };
}

test('CRDs that go are waited for, and said is every ten seconds which are left and what the API server says of them', async () => {
  const live = new Map([[tasks.object.metadata.name, terminating(tasks, '3 objects left')]]);
  const { clock, told, by } = waiting(live);
  const done = untilCrdsGone([tasks, apps], by);
  await clock.advanceAsync(21_000);
  live.clear();
  await clock.advanceAsync(1_000);
  await done;
  expect(told).toEqual([
    `waiting for 1 CRD to go, 10 s so far: ${tasks.object.metadata.name} (3 objects left)`,
    `waiting for 1 CRD to go, 20 s so far: ${tasks.object.metadata.name} (3 objects left)`,
  ]);
});

test('a CRD whose objects could not be deleted is changed every three seconds, because the API server may have given up trying', async () => {
  const failed = terminating(tasks, 'storage is (re)initializing', 'InstanceDeletionFailed');
  const live = new Map([
    [tasks.object.metadata.name, failed],
    [apps.object.metadata.name, terminating(apps, '1 object left', 'InstanceDeletionInProgress')],
  ]);
  const { clock, changed, by } = waiting(live);
  const done = untilCrdsGone([tasks, apps], by);
  await clock.advanceAsync(6_500);
  live.clear();
  await clock.advanceAsync(1_000);
  await done;
  const { name } = tasks.object.metadata;
  expect(changed).toHaveLength(2);
  expect(changed[0]).toContain(`${name} test /metadata/uid`);
});

test('after two minutes in all it is said what is left, why, and how to see what holds it', async () => {
  const live = new Map(
    [tasks, apps].map((one) => [one.object.metadata.name, terminating(one, 'finalizers')]),
  );
  const { clock, by } = waiting(live);
  const done = untilCrdsGone([tasks, apps], by);
  await Promise.all([
    expect(done).rejects.toThrow(
      /^2 CRDs still going after 120 s: .*\(finalizers\), .*\(finalizers\)\. Everything else of Sluice is removed\. .*kubectl get .* -A -o custom-columns=.*uninstall again$/u,
    ),
    clock.advanceAsync(125_000),
  ]);
});
