import type { ConfigMap } from '../../../src/api/builtin.ts';
import { ConfigMapKind, NamespaceKind } from '../../../src/api/builtin.ts';
import type { OwnerReference } from '../../../src/api/object.ts';
import { LiveView } from '../../../src/controllers/engine/live-view.ts';
import type { EventNote } from '../../../src/domain/plan.ts';
import { MemoryCaches, clearWeather } from './memory-caches.ts';
import type { Call, Fault } from './memory-cluster.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { MemoryStore } from '../../../src/cli/played/memory-store.ts';
import { TestClock } from '../clock-and-chance/test-clock.ts';

/** A store with namespace `shop`, a connection that notes its calls, and caches that know everything at once. */
export class MemoryRig {
  readonly clock = new TestClock();
  readonly store = new MemoryStore(this.clock);
  /** Every call to the API server: `create ConfigMap a`. */
  readonly calls: string[] = [];
  readonly notes: (EventNote & { readonly by: string })[] = [];
  /** Decides how calls fail; by default they do not. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** How long requests, and then answers, are on their way. */
  latencyMs = 0;
  readonly caches: MemoryCaches;
  readonly cluster: MemoryCluster;
  readonly live: LiveView;
  readonly events = {
    record: (note: EventNote, by: string): void => void this.notes.push({ ...note, by }),
  };
  readonly #closeCaches: () => void;

  constructor() {
    const { store, clock } = this;
    this.caches = new MemoryCaches({
      store,
      clock,
      watched: [{ kind: ConfigMapKind }],
      weather: clearWeather,
      indexes: [],
    });
    this.#closeCaches = this.caches.start();
    const fault = (call: Call): Fault | undefined => {
      this.calls.push(`${call.verb} ${call.kind.kind} ${call.name}`);
      return this.fault(call);
    };
    this.cluster = new MemoryCluster({
      store,
      clock,
      fault,
      latencyMs: () => this.latencyMs,
    });
    this.live = new LiveView(this.cluster, this.caches);
    store.create(NamespaceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
  }

  /** From now on the caches hear nothing by themselves. */
  blind(): void {
    this.#closeCaches();
  }

  /** Creates a ConfigMap behind everybody's back. */
  given(name: string, more: Partial<ConfigMap['metadata']> = {}): ConfigMap {
    return this.store.create(ConfigMapKind, configMap(name, more));
  }

  /** What is stored under the name. */
  stored(name: string): ConfigMap | undefined {
    return this.store.get(ConfigMapKind, 'shop', name);
  }
}

/** A ConfigMap of namespace `shop` that is to be created. */
export function configMap(name: string, more: Partial<ConfigMap['metadata']> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name, ...more } };
}

/** Ownership by a ConfigMap. */
export function controlledBy(name: string, uid: string): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true };
}
