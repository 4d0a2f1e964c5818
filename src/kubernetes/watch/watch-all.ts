import type { Log } from '../../ports/log.ts';
import type { Kind } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Slots } from '../../runtime/slots.ts';
import type { ObjectCaches } from '../cache/caches.ts';
import type { KubernetesClient } from '../transport/client.ts';
import type { ReflectorState } from './reflector-state.ts';
import { Reflector } from './reflector.ts';
import type { ListScope } from '../wire/resource-path.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * One row of the table of what is watched. A kind may have several rows with different selectors; they feed one cache. An
 * `optional` kind may be missing in the cluster: then there is nothing of it, and it is watched as soon as it exists.
 */
export interface WatchSpec extends ListScope {
  readonly kind: Kind;
  readonly optional?: boolean;
}

/** How one row fares. */
export interface WatchReport extends WatchSpec {
  readonly state: ReflectorState;
  /** How long ago the API server last said anything of it; undefined before the first list. */
  readonly silentMs?: number | undefined;
  /** Watches that failed, or were given up because nothing came. */
  readonly restarts?: number;
}

export interface Watching {
  /** The rows, each with where its reflector is; for status, metrics and probes. */
  reports(): readonly WatchReport[];
  /** Ends all watches; the caches keep what they have. */
  stop(): Promise<void>;
}

/** Pages being read and parsed at once, whatever the number of kinds. */
const pagesAtOnce = 2;

/** Starts a reflector for every row. */
export function watchAll(
  specs: readonly WatchSpec[],
  caches: ObjectCaches,
  cluster: {
    readonly client: KubernetesClient;
    readonly transport: Transport;
    readonly clock: Clock;
    readonly random: () => number;
    readonly log: Log;
  },
): Watching {
  const pages = new Slots(pagesAtOnce);
  const stopping = new AbortController();
  const rows = specs.map((spec) => {
    const { kind, optional = false, ...scope } = spec;
    const feed = caches.feed(kind, scope);
    return { spec, reflector: new Reflector({ kind, feed, optional, pages, ...cluster }) };
  });
  const runs = rows.map(({ reflector }) => reflector.run(stopping.signal));
  return {
    reports: () =>
      rows.map(({ spec, reflector: { state, heardAtMs, restarts } }) => ({
        ...spec,
        state,
        restarts,
        silentMs: heardAtMs === undefined ? undefined : cluster.clock.elapsed() - heardAtMs,
      })),
    async stop() {
      stopping.abort();
      await Promise.all(runs);
    },
  };
}
