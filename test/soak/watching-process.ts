import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { DeploymentKind } from '../../src/api/builtin.ts';
import { kindKey } from '../../src/api/object.ts';
import { ObjectCaches } from '../../src/kubernetes/cache/caches.ts';
import { KubernetesClient } from '../../src/kubernetes/transport/client.ts';
import { silentLog } from '../../src/kubernetes/wire/silent-log.ts';
import { Transport } from '../../src/kubernetes/transport/transport.ts';
import { watchAll } from '../../src/kubernetes/watch/watch-all.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { allIndexes } from '../support/memory/all-indexes.ts';

/**
 * A process of its own that lists and watches Deployments into its caches, as Sluice does. To every message it answers with
 * what it holds after a garbage collection: `memory-process.test.ts` is the other end.
 */

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Timers do not keep the process alive, so that Node does not list them: they are counted where they are set. */
const timers = new Set<symbol>();
const clock: Clock = {
  ...systemClock,
  after(ms, run) {
    const one = Symbol('timer');
    timers.add(one);
    const timer = systemClock.after(ms, () => {
      timers.delete(one);
      run();
    });
    return {
      cancel() {
        timers.delete(one);
        timer.cancel();
      },
    };
  },
};

const [server = '', ca = ''] = process.argv.slice(2);
const transport = new Transport({
  credentials: {
    server: new URL(server),
    namespace: 'sluice',
    identity: () => Promise.resolve({ tls: { ca }, headers: { authorization: 'Bearer token-1' } }),
    expire: () => undefined,
    close: () => undefined,
  },
  clock,
  random: Math.random,
  userAgent: 'sluice/soak',
});
const caches = new ObjectCaches({ clock, indexes: allIndexes });
const client = new KubernetesClient(transport);
const cluster = { client, transport, clock, random: Math.random, log: silentLog };
watchAll([{ kind: DeploymentKind }], caches, cluster);
let changes = 0;
caches.subscribe(DeploymentKind, () => void (changes += 1));

process.on('message', () => {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({
    rssMb: rss / 1e6,
    heapMb: heapUsed / 1e6,
    timers: timers.size,
    handles: process.getActiveResourcesInfo().length,
    objects: caches.sizes().get(kindKey(DeploymentKind)) ?? 0,
    changes,
  });
});
