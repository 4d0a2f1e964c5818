import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './api-client.ts';
import type { Stage } from './stage.ts';

/** One hop: somebody writes a status, somebody else sees it. */
export interface Hop {
  /** When the write was sent, in milliseconds since the epoch. */
  readonly at: number;
  /** From the sending of the status PATCH to the arrival of the change at another client's watch. */
  readonly ms: number;
}

/** Makes hops, one after the other, from now until `stop`: what nothing that reacts to a watch can be faster than. */
export class Hops {
  readonly #stopping = new AbortController();
  readonly #hops: Hop[] = [];
  #running: Promise<void> = Promise.resolve();

  /** `pauseMs`: between one hop and the next, so that measuring is not itself a load. */
  static start(stage: Stage, pauseMs: number): Hops {
    const hops = new Hops();
    hops.#running = hops.#make(stage, pauseMs);
    return hops;
  }

  /** Resolves with the first hops, as many as asked for, and makes no more. */
  static async first(count: number, stage: Stage, pauseMs: number): Promise<readonly Hop[]> {
    const hops = new Hops();
    hops.#running = hops.#make(stage, pauseMs, count);
    await hops.#running;
    return hops.#hops;
  }

  /** Resolves with all hops made. */
  async stop(): Promise<readonly Hop[]> {
    this.#stopping.abort();
    await this.#running;
    return this.#hops;
  }

  async #make({ cluster, api }: Stage, pauseMs: number, most = Infinity): Promise<void> {
    const { signal } = this.#stopping;
    await using place = await cluster.namespace();
    await using watcher = new ApiClient(cluster.controlPlane);
    const name = `hop-${randomBytes(3).toString('hex')}`;
    const pods = `/api/v1/namespaces/${place.name}/pods`;
    // Held by a gate of nobody's, so that nobody else touches it.
    await api.mustSend({ method: 'POST', path: pods, body: heldPod(name) });
    let seen: { readonly text: string; readonly resolve: () => void } | undefined;
    const watching = new AbortController();
    await watcher.watch(
      `${pods}?watch=true&fieldSelector=metadata.name%3D${name}`,
      (line) => {
        if (seen !== undefined && line.includes(seen.text)) seen.resolve();
      },
      watching.signal,
    );
    for (let count = 0; !signal.aborted && count < most; count += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const message = `hop ${count} of ${name}`;
      seen = { text: message, resolve };
      const [at, startedAt] = [Date.now(), performance.now()];
      const path = `${pods}/${name}/status`;
      const contentType = 'application/merge-patch+json';
      await api.mustSend({ method: 'PATCH', path, contentType, body: { status: { message } } });
      await promise;
      this.#hops.push({ at, ms: performance.now() - startedAt });
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    watching.abort();
  }
}

/** A Pod that a foreign gate holds for good. */
export function heldPod(name: string): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      schedulingGates: [{ name: 'example.com/bench' }],
      containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
    },
  };
}
