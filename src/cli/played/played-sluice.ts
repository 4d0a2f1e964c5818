import { type Webhook, webhooks } from '../../admission/registry.ts';
import { NamespaceKind, PodKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { keptnAnnotations } from '../../api/keptn/annotations.ts';
import { ownKinds } from '../../api/keptn/registry.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { configFrom } from '../../config/config.ts';
import { Engine } from '../../controllers/engine/engine.ts';
import { noMetrics } from '../../controllers/engine/engine-metrics.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { templateDigest } from '../../kubernetes/projection/template-digest.ts';
import { silentLog } from '../../kubernetes/wire/silent-log.ts';
import { allControllers } from '../../process/controllers.ts';
import { watchedKinds } from '../../process/watched-kinds.ts';
import { ManualClock } from '../../runtime/manual-clock.ts';
import type { Actor } from './actors/actor.ts';
import { MemoryStore } from './memory-store.ts';
import { playedCaches } from './played-caches.ts';
import { PlayedCluster } from './played-cluster.ts';
import { isAsked, patched, reviewedKind, verdictOf } from './webhook-calls.ts';

/** What differs from one play to another. */
export interface PlayOptions {
  readonly operatorNamespace: string;
  readonly definitionsNamespace: string;
  /** The controllers of Kubernetes, kubelets, and what is asked for metrics. */
  readonly actors: (store: MemoryStore) => readonly Actor[];
  /** Told of each object that a webhook of Sluice has judged when it was created. */
  readonly onJudged: (judged: Judged) => void;
}

/** What the webhooks said when an object was created. */
export interface Judged {
  readonly object: KubernetesObject;
  readonly warnings: readonly string[];
  /** Why it was refused; undefined where it was let in. */
  readonly refused?: string;
  /** Whether a gate was put on it. */
  readonly isGated: boolean;
}

/** How soon an actor sees a change. */
const reactionMs = 10;

/**
 * All of Sluice as it runs in a cluster, in a cluster that is played: its webhooks, controllers and caches, the controllers of
 * Kubernetes, and a clock that jumps from one event to the next. Nothing is left to chance.
 */
export class PlayedSluice {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore(this.clock);
  readonly lookup: Lookup;
  readonly #kinds: readonly Kind[];
  readonly #engine: Engine;
  readonly #end = new AbortController();
  readonly #due = new Map<string, number>();
  #isUser = false;
  /** Faults of Sluice itself: none, or what was played proves nothing. */
  readonly faults: string[] = [];

  constructor(options: PlayOptions) {
    const { operatorNamespace, definitionsNamespace } = options;
    const flags = new Map([
      ['namespace', operatorNamespace],
      ['definitions-namespace', definitionsNamespace],
    ]);
    const controllers = allControllers(configFrom({ flags, env: {} }));
    const caches = playedCaches(this.store, this.clock, controllers);
    this.lookup = caches;
    const watched = watchedKinds(undefined, controllers).watched.map(({ kind }) => kind);
    this.#kinds = [...watched, ...ownKinds].filter(({ view }) => view === undefined);
    this.#admit(
      webhooks({ operatorNamespace, definitionsNamespace, templateDigest }),
      options.onJudged,
    );
    this.#engine = new Engine(controllers, {
      cluster: new PlayedCluster(this.store),
      caches,
      events: { record: () => undefined },
      clock: this.clock,
      log: {
        ...silentLog,
        error: (fields, message) => void this.faults.push(`${message}: ${faultOf(fields)}`),
      },
      metrics: noMetrics,
      random: () => 0.5,
      mayWrite: () => true,
      turns: { isOver: false, turn: () => Promise.resolve() },
    });
    const actors = options.actors(this.store);
    this.store.onChange(() => {
      for (const actor of actors) this.#wake(actor, reactionMs);
    });
  }

  start(): void {
    this.#engine.start(this.#end.signal);
  }

  /** The kind of an object, if Sluice or a controller that is played has to do with it. */
  kindOf({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Kind | undefined {
    return this.#kinds.find((one) => one.kind === kind && one.apiVersion === apiVersion);
  }

  /** A Namespace that has opted in, unless there is one of that name. */
  ensureNamespace(name: string, isOptedIn: boolean): void {
    if (this.store.get(NamespaceKind, undefined, name) !== undefined) return;
    const annotations = { [keptnAnnotations.lifecycleToolkit]: 'enabled' };
    this.store.create(NamespaceKind, {
      apiVersion: NamespaceKind.apiVersion,
      kind: NamespaceKind.kind,
      metadata: { name, ...(isOptedIn && { annotations }) },
    });
  }

  /** Creates an object as a user does. Throws `ClusterError` where a webhook refuses it, or where it is there already. */
  apply(kind: Kind, object: KubernetesObject): void {
    this.#isUser = true;
    try {
      this.store.create(kind, object);
    } finally {
      this.#isUser = false;
    }
  }

  /** Lets time pass until the condition holds, from event to event, and for `withinMs` at most; answers whether it holds. */
  async until(condition: () => boolean, withinMs: number): Promise<boolean> {
    const deadlineMs = this.clock.elapsed() + withinMs;
    await this.clock.advanceAsync(0);
    while (!condition()) {
      const [nextMs = Infinity] = this.clock.leftovers;
      if (this.clock.elapsed() + nextMs > deadlineMs) {
        await this.clock.advanceAsync(deadlineMs - this.clock.elapsed());
        return condition();
      }
      await this.clock.advanceAsync(nextMs);
    }
    return true;
  }

  /** Takes up nothing new. */
  async end(): Promise<void> {
    this.#end.abort();
    await this.#engine.stop();
  }

  #admit(all: readonly Webhook[], onJudged: PlayOptions['onJudged']): void {
    for (const webhook of all) {
      const kind = reviewedKind(webhook);
      this.store.admitBy(kind, (object) => {
        const home = this.store.get(NamespaceKind, undefined, object.metadata.namespace ?? '');
        // What controllers write is not judged by the rules for what people apply.
        const isJudged = webhook.type === 'mutating' || kind.kind === PodKind.kind || this.#isUser;
        if (!isJudged || !isAsked(webhook, object, kind.namespaced ? home : object)) return object;
        const by = { lookup: this.lookup, now: this.clock.now(), user: 'sluice test' };
        const verdict = verdictOf(webhook, object, by);
        const { warnings = [] } = verdict;
        if (verdict.type === 'denied') {
          onJudged({ object, warnings, isGated: false, refused: verdict.message });
          throw new ClusterError({ code: 422, reason: 'Invalid', message: verdict.message });
        }
        const isGated = verdict.patch.some(({ path }) => path.startsWith('/spec/schedulingGates'));
        onJudged({ object, warnings, isGated });
        return patched(object, verdict);
      });
    }
  }

  #wake(actor: Actor, afterMs: number): void {
    const dueMs = this.clock.elapsed() + afterMs;
    if ((this.#due.get(actor.name) ?? Infinity) <= dueMs) return;
    this.#due.set(actor.name, dueMs);
    this.clock.after(afterMs, () => {
      if (this.#due.get(actor.name) !== dueMs) return;
      this.#due.delete(actor.name);
      const wakeAfter = (ms: number): void => this.#wake(actor, Math.max(1, ms));
      try {
        actor.step({ store: this.store, now: this.clock.now(), wakeAfter });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        wakeAfter(1_000);
      }
    });
  }
}

function faultOf(fields: object): string {
  return 'err' in fields && fields.err instanceof Error
    ? fields.err.message
    : JSON.stringify(fields);
}
