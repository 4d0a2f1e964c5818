import type { IndexDefinition } from '../../src/ports/index-definition.ts';
import { expect, it } from 'vitest';

import type { Caches, Cluster, EventSink } from '../../src/controllers/engine/cluster.ts';
import { ObjectCaches } from '../../src/kubernetes/cache/caches.ts';
import type { KubernetesClient } from '../../src/kubernetes/transport/client.ts';
import type { EventRecorder } from '../../src/kubernetes/events/events.ts';
import { PodKind, type Pod } from '../../src/api/builtin.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

// The adapter may not import the ports it satisfies; the type checker compares them here.
type Satisfies<Port, Adapter extends Port> = Adapter;
export type Checked = [
  Satisfies<Cluster, KubernetesClient>,
  Satisfies<Caches, ObjectCaches>,
  Satisfies<EventSink, EventRecorder>,
];

it('the caches take the index definitions of the controllers, and call the owner index by their name', () => {
  const byNode: IndexDefinition<Pod> = {
    kind: PodKind,
    name: 'node',
    values: (pod) => (pod.spec?.nodeName === undefined ? [] : [pod.spec.nodeName]),
  };
  const caches = new ObjectCaches({ clock: new TestClock(), indexes: [byNode] });
  expect(caches.byIndex({ kind: PodKind, name: 'node' }, 'a')).toEqual([]);
  expect(caches.byOwner(PodKind, 'uid')).toEqual([]);
  expect(() => caches.byIndex({ kind: PodKind, name: 'nodes' }, 'a')).toThrow(
    'Pod has no index "nodes"',
  );
});
