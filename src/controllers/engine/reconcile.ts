import { defined, isEqualJson } from '../../api/json.ts';
import type { ClockWatch } from '../../runtime/clock-watch.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import type { Kind, OwnerReference } from '../../api/object.ts';
import { refKey } from '../../api/object.ts';
import type { Effect, EventNote, Plan, StatusChange } from '../../domain/plan.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Caches, Cluster, EventSink } from './cluster.ts';
import type { Controller, Key } from './controller.ts';
import type { Change } from './effect-target.ts';
import { targetOf } from './effect-target.ts';
import type { KeyMemory } from './key-memory.ts';
import type { FreshAnswers } from './fresh-answers.ts';
import { LiveView } from './live-view.ts';
import type { Performed } from './perform.ts';
import { perform } from './perform.ts';
import { ReconcileWorld } from './reconcile-world.ts';
import { stateOfNamespace } from './terminating-namespace.ts';

/**
 * One reconcile: decide, carry out, look again, until nothing is left to do.
 *
 *        ┌──────────────────────── again ────────────────────────┐
 *        ▼                                                        │
 *     gather ──► decide ──► look? ──► effects? ──► status? ──► afterwards? ──► settled, wake
 *                            read      perform      write,        perform
 *                            live      in order     events        in order
 *
 * Every arrow back means that the caches know more than the decision did. A status is therefore written, and anything that
 * must follow it done, only by a decision that saw the effects.
 */

/** What a reconcile works with. `cluster` refuses writes by itself once this process may not write any more. */
export interface Reconciling {
  readonly cluster: Cluster;
  /** The same cluster for what nothing waits for. */
  readonly unhurried: Cluster;
  readonly fresh: FreshAnswers;
  readonly caches: Caches;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Sees when the clock is set. */
  readonly clockWatch: ClockWatch;
  readonly kindOf: (owner: OwnerReference) => Kind | undefined;
  /** Told of every change that was carried out. Must not throw. */
  readonly onPerformed?: (change: Change) => void;
  /** Told of every decision. Must not throw. */
  readonly onDecided?: (decided: Decided) => void;
}

/** A decision, what it was made from, and for which key of which controller. */
export interface Decided {
  readonly controller: string;
  readonly key: Key;
  readonly observation: unknown;
  readonly plan: Plan;
}

/** How a reconcile ended; `waiting` are the changes asked for and not tried, because they were refused before. */
export type Reconciled =
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'unsettled' }
  | {
      readonly outcome: 'settled';
      readonly waiting: readonly Change[];
      readonly wakeAfterMs: number | undefined;
      readonly restMs?: number | undefined;
    };

// A decision takes one round per thing it learns. More rounds than this mean that it contradicts itself.
const maxRounds = 12;
// Changes whose order does not matter run at once, but one key must not use up the whole connection pool.
const maxAtOnce = 16;

const atRest: Reconciled = { outcome: 'settled', waiting: [], wakeAfterMs: undefined };

/**
 * Reconciles one key; what is in a Namespace that is being deleted is left alone, and nothing is decided while a kind that
 * is watched for it is not served. Rejects with `ClusterError` if a read or the status write failed, and with whatever deciding threw. */
export async function reconcile(
  controller: Controller,
  key: Key,
  by: Reconciling & { readonly memory: KeyMemory },
): Promise<Reconciled> {
  const { memory, caches } = by;
  const live = new LiveView(by.cluster, caches, {
    made: memory.made,
    // What is on no way to a gate, such as the end of an opt-in, has the time to ask.
    ...(controller.stepsToGate !== undefined && { fresh: by.fresh }),
  });
  const rounds = new Rounds(controller.name, live, by);
  const kinds = controller.watches.map(({ kind }) => kind);
  for (let round = 0; round < maxRounds; round += 1) {
    // Of a kind that is not served there seems to be nothing. When it is again, everything is decided anew (`leadership`).
    if (caches.isMissing?.(...kinds) === true) return atRest;
    // Everything in it is being deleted: nothing can be created in it, and no end of anything is worth a word.
    if (stateOfNamespace(key.namespace, caches) === 'going') return { outcome: 'gone' };
    const moment = { now: by.clock.now(), clockSteps: by.clockWatch.steps() };
    const world = new ReconcileWorld(moment, { lookup: caches, live, memory });
    const observation = controller.gather(key, world);
    if (observation === undefined) return { outcome: 'gone' };
    const plan = controller.decide(observation);
    by.onDecided?.({ controller: controller.name, key, observation, plan });
    const end = await rounds.carryOut(plan);
    if (end === 'again') continue;
    // A decision that has nothing left to do has recorded what was made for it.
    if (end.outcome === 'settled') memory.made.clear();
    return end;
  }
  return { outcome: 'unsettled' };
}

class Rounds {
  readonly #controller: string;
  readonly #live: LiveView;
  readonly #by: Reconciling & { readonly memory: KeyMemory };
  /** Event effects already recorded: a decision repeats them until the world has changed. */
  readonly #recorded = new Set<string>();

  constructor(
    controller: string,
    live: LiveView,
    by: Reconciling & { readonly memory: KeyMemory },
  ) {
    this.#controller = controller;
    this.#live = live;
    this.#by = by;
  }

  async carryOut(plan: Plan): Promise<Reconciled | 'again'> {
    if (plan.look !== undefined && plan.look.length > 0) {
      await this.#live.look(plan.look);
      return 'again';
    }
    const effects = this.#due(plan.effects);
    if (effects.length > 0) {
      if (plan.onlyIfCurrent && !(await this.#live.isCurrent(plan.onlyIfCurrent))) return 'again';
      await this.#performAll(effects, { plan, mayOverlap: ({ type }) => type === 'create' });
      if (effects.some(isChange)) return 'again';
    }
    if (plan.status !== undefined && !isEqualJson(plan.status.from, plan.status.to)) {
      if (!(await this.#writeStatus(plan.status, plan))) return 'again';
      for (const note of plan.events ?? []) this.#record(note);
    }
    const undisturbed = await this.#performAll(this.#due(plan.afterwards), {
      plan,
      mayOverlap: () => true,
    });
    if (!undisturbed) return 'again';
    const waiting = [...(plan.effects ?? []), ...(plan.afterwards ?? [])]
      .filter(isChange)
      .filter((change) => this.#isHeldBack(change));
    const { wakeAfterMs, restMs } = plan;
    return { outcome: 'settled', waiting, wakeAfterMs, ...defined({ restMs }) };
  }

  #due(effects: readonly Effect[] = []): Effect[] {
    return effects.filter((effect) =>
      isChange(effect) ? !this.#isHeldBack(effect) : !this.#recorded.has(noteKey(effect.note)),
    );
  }

  #isHeldBack(change: Change): boolean {
    const { memory, clock, caches } = this.#by;
    return memory.isHeldBack(change, clock.elapsed(), caches);
  }

  /**
   * Performs effects in order and says whether all of them were done. A refused change does not stop those after it: what
   * must not happen without it belongs into a later decision. A world that has moved on stops everything.
   */
  async #performAll(
    effects: readonly Effect[],
    { plan, mayOverlap }: { plan: Plan; mayOverlap: (change: Change) => boolean },
  ): Promise<boolean> {
    const cluster = this.#clusterFor(plan);
    let undisturbed = true;
    for (const step of stepsOf(effects, mayOverlap)) {
      const results = await Promise.all(step.map((effect) => this.#performOne(effect, cluster)));
      if (results.some(({ type }) => type === 'moved')) return false;
      undisturbed &&= results.every(({ type }) => type === 'done');
    }
    return undisturbed;
  }

  async #performOne(effect: Effect, cluster: Cluster): Promise<Performed> {
    if (!isChange(effect)) {
      this.#recorded.add(noteKey(effect.note));
      this.#record(effect.note);
      return { type: 'done' };
    }
    const { kindOf, memory, caches, onPerformed } = this.#by;
    const performed = await perform(effect, { cluster, kindOf, live: this.#live });
    if (performed.type === 'done') {
      memory.succeed(targetOf(effect));
      onPerformed?.(effect);
    }
    if (performed.type === 'refused') {
      memory.refuse(effect, performed, caches);
    }
    return performed;
  }

  /** Whether the status was stored; if not, the caches know why. */
  async #writeStatus({ ref, resourceVersion, to }: StatusChange, plan: Plan): Promise<boolean> {
    try {
      const written = await this.#clusterFor(plan).writeStatus(ref, resourceVersion, to);
      this.#live.observe(ref.kind, written);
      return true;
    } catch (error) {
      this.#live.unsure(ref);
      if (!(error instanceof ClusterError) || (error.code !== 409 && error.code !== 404))
        throw error;
      await this.#live.read(ref);
      return false;
    }
  }

  #clusterFor({ isBookkeeping = false }: Plan): Cluster {
    return isBookkeeping ? this.#by.unhurried : this.#by.cluster;
  }

  #record(note: EventNote): void {
    this.#by.events.record(note, note.reportedBy ?? this.#controller);
  }
}

function isChange(effect: Effect): effect is Change {
  return effect.type !== 'event';
}

function noteKey({ about, reason, message }: EventNote): string {
  return `${about.kind} ${about.metadata.uid ?? about.metadata.name} ${reason} ${message}`;
}

/** Neighbouring effects that may overlap and are about different objects form one step; every other effect is its own. */
function stepsOf(effects: readonly Effect[], mayOverlap: (change: Change) => boolean): Effect[][] {
  const steps: { effects: Effect[]; objects: Set<string> | undefined }[] = [];
  for (const effect of effects) {
    const object = isChange(effect) && mayOverlap(effect) ? refKey(targetOf(effect)) : undefined;
    const last = steps.at(-1);
    const joins =
      object !== undefined &&
      last?.objects !== undefined &&
      last.objects.size < maxAtOnce &&
      !last.objects.has(object);
    if (joins) {
      last.effects.push(effect);
      last.objects?.add(object);
    } else {
      steps.push({
        effects: [effect],
        objects: object === undefined ? undefined : new Set([object]),
      });
    }
  }
  return steps.map((step) => step.effects);
}
