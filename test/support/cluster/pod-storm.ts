import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import { keptnAnnotationsOf } from '../builders/apps.ts';
import { type EnabledNamespace, isHeld } from './enabled-namespace.ts';

const everyMs = 100;

/** What became of the Pods of a storm. */
export interface StormEnd {
  readonly asked: number;
  /** Pods that would have started without a gate, with when they were asked for. */
  readonly unchecked: readonly string[];
  /** Pods that were refused, with when and why. */
  readonly refused: readonly string[];
}

/** Asks for annotated Pods of a new version, ten a second, by dry run: each has to be held. */
export class PodStorm {
  readonly #shop: EnabledNamespace;
  readonly #open = new Set<Promise<void>>();
  readonly #unchecked: string[] = [];
  readonly #refused: string[] = [];
  readonly #timer: NodeJS.Timeout;
  #asked = 0;

  private constructor(shop: EnabledNamespace) {
    this.#shop = shop;
    this.#timer = setInterval(() => {
      const asked = this.#ask().finally(() => this.#open.delete(asked));
      this.#open.add(asked);
    }, everyMs);
  }

  /** Begins, in this namespace. */
  static over(shop: EnabledNamespace): PodStorm {
    return new PodStorm(shop);
  }

  /** Ends it, and resolves when every Pod is answered for. */
  async end(): Promise<StormEnd> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return { asked: this.#asked, unchecked: this.#unchecked, refused: this.#refused };
  }

  async #ask(): Promise<void> {
    this.#asked += 1;
    const at = new Date().toISOString();
    const { cluster, name } = this.#shop;
    try {
      const pod = await cluster.create<Pod>(PodKind, podIn(name), { dryRun: true });
      if (!isHeld(pod)) this.#unchecked.push(at);
    } catch (error) {
      this.#refused.push(`${at} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const podIn = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'asked-',
    namespace,
    annotations: keptnAnnotationsOf({ workload: 'stormy', version: '9.9.9' }),
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'stormy-1',
        uid: 'not-there',
        controller: true,
      },
    ],
  },
  spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
});
