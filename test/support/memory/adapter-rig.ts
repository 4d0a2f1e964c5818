import { NamespaceKind } from '../../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { KubernetesClient } from '../../../src/kubernetes/transport/client.ts';
import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { Transport } from '../../../src/kubernetes/transport/transport.ts';
import {
  watchAll,
  type Watching,
  type WatchSpec,
} from '../../../src/kubernetes/watch/watch-all.ts';
import { FakeApiServer } from '../api-server/fake-api-server.ts';
import { TestClock } from '../clock-and-chance/test-clock.ts';

/** How long a request may take: a figure that nothing else waits for, so that a test can tell what the clock is armed for. */
export const requestTimeoutMs = 33_333;

/** The adapter, connected to a fake API server over HTTPS, with a clock that the test moves and no chance. */
export class AdapterRig implements AsyncDisposable {
  readonly server: FakeApiServer;
  readonly clock = new TestClock();
  readonly transport: Transport;
  readonly client: KubernetesClient;
  readonly caches = new ObjectCaches({ clock: this.clock });
  /** What the reflectors warn of. */
  readonly warnings: string[] = [];
  readonly log = { ...silentLog, warn: (_: object, line: string) => void this.warnings.push(line) };
  #watching: Watching | undefined;

  /** Serves these kinds; namespace `shop` is there. */
  static async start(...kinds: readonly Kind[]): Promise<AdapterRig> {
    const rig = new AdapterRig(await FakeApiServer.start(NamespaceKind, ...kinds));
    rig.server.store.create(NamespaceKind, namespaced('shop', {}, NamespaceKind));
    return rig;
  }

  private constructor(server: FakeApiServer) {
    this.server = server;
    this.transport = new Transport({
      credentials: server.credentials(),
      clock: this.clock,
      random: () => 0,
      userAgent: 'sluice/test',
      timeoutMs: requestTimeoutMs,
    });
    this.client = new KubernetesClient(this.transport);
  }

  /** Starts reflectors into `caches`. */
  watch(...specs: readonly WatchSpec[]): Watching {
    const { client, transport, clock } = this;
    const cluster = { client, transport, clock, random: () => 0 };
    this.#watching = watchAll(specs, this.caches, { ...cluster, log: this.log });
    return this.#watching;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watching?.stop();
    await this.transport.close();
    await this.server[Symbol.asyncDispose]();
  }
}

/** An object of a kind in namespace `shop`, or without one if its kind has none. */
export function namespaced<T extends KubernetesObject>(
  name: string,
  fields: Partial<Omit<T, 'metadata'>> & { metadata?: Partial<T['metadata']> },
  kind: Kind<T>,
): T {
  const place = kind.namespaced ? { namespace: 'shop' } : {};
  return {
    ...fields,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { ...place, ...fields.metadata, name },
  } as T;
}
