import { expect, test } from 'vitest';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { ReleasedVersionsKind } from '../../src/api/released-versions.ts';
import { releasedListController } from '../../src/controllers/released-list.ts';
import { isEqualJson } from '../../src/api/json.ts';
import type { World } from '../../src/domain/lookup.ts';
import { aWorkloadVersion } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

/** How often the controller goes through all that could be listed. */

const now = Date.UTC(2026, 10, 1);
const shop = {
  apiVersion: NamespaceKind.apiVersion,
  kind: NamespaceKind.kind,
  metadata: {
    name: 'shop',
    labels: { 'sluice.keptn.sh/listed': 'true' },
    annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' },
  },
};
const writtenAgo = (ms: number) => ({
  apiVersion: ReleasedVersionsKind.apiVersion,
  kind: ReleasedVersionsKind.kind,
  metadata: { name: 'released', namespace: 'shop', uid: 'l1', resourceVersion: '9' },
  spec: { entries: {} },
  status: { writtenAt: new Date(now - ms).toISOString() },
});
const controller = releasedListController({ operatorNamespace: 'keptn-system' });

/** How many lists of the cache one look asks for, and when it is to be repeated. */
function lookAt(objects: readonly KubernetesObject[]) {
  const lookup = fixedLookup(objects);
  let lists = 0;
  const world: World = {
    ...lookup,
    list: <T extends KubernetesObject>(kind: Kind<T>, namespace?: string) => {
      lists += 1;
      return lookup.list(kind, namespace);
    },
    now,
    clockSteps: [],
    live: () => 'absent',
    listed: () => false,
    eventsAbout: () => 'unread',
    refusal: () => undefined,
    answers: () => ({ live: new Map(), refusals: new Map(), made: new Set() }),
  };
  const seen = controller.gather({ name: 'shop' }, world);
  return { lists, wakeAfterMs: seen && controller.decide(seen).wakeAfterMs };
}

test('within a second of a write, no change goes through what is to be listed; afterwards one look does', () => {
  expect(lookAt([shop, writtenAgo(300)])).toEqual({ lists: 0, wakeAfterMs: 700 });
  expect(lookAt([shop, writtenAgo(1_000)]).lists).toBeGreaterThan(0);
});

test('a change of what a version says beside its release wakes nothing', () => {
  const watched = controller.watches.find(({ kind }) => kind === KeptnWorkloadVersion);
  const wakes = watched?.wakes;
  if (typeof wakes !== 'object') throw new Error('it says what it reads of versions');
  const reads = (version: KubernetesObject) => wakes.reads(version);
  const released = (status: object) =>
    reads(
      aWorkloadVersion({
        status: {
          conditions: [
            {
              type: 'Released',
              status: 'True',
              reason: 'ChecksPassed',
              message: '',
              lastTransitionTime: '',
            },
          ],
          ...status,
        },
      }),
    );
  expect(isEqualJson(released({}), released({ status: 'Progressing' }))).toBe(true);
  expect(isEqualJson(released({}), released({ releasedRevisions: ['rs1'] }))).toBe(false);
  expect(isEqualJson(released({}), reads(aWorkloadVersion({})))).toBe(false);
});
