import type { ClockStep, Moment } from '../../domain/clock-steps.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { IndexOf, Lookup, ObjectEvent, World } from '../../domain/lookup.ts';
import type { Answers, LiveState } from '../../domain/answers.ts';
import type { Refusal } from '../../domain/plan.ts';
import type { KeyMemory } from './key-memory.ts';
import type { LiveView } from './live-view.ts';

/** The world as one round of a reconcile sees it: the caches, what was read live, what was refused, and one instant. */
export class ReconcileWorld implements World {
  readonly now: number;
  readonly clockSteps: readonly ClockStep[];
  readonly #lookup: Lookup;
  readonly #live: LiveView;
  readonly #memory: KeyMemory;

  constructor(moment: Moment, sources: { lookup: Lookup; live: LiveView; memory: KeyMemory }) {
    this.now = moment.now;
    this.clockSteps = moment.clockSteps ?? [];
    this.#lookup = sources.lookup;
    this.#live = sources.live;
    this.#memory = sources.memory;
  }

  get<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#lookup.get(kind, namespace, name);
  }

  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    return this.#lookup.list(kind, namespace);
  }

  byIndex<T extends KubernetesObject>(index: IndexOf<T>, value: string): readonly T[] {
    return this.#lookup.byIndex(index, value);
  }

  byOwner<T extends KubernetesObject>(kind: Kind<T>, uid: string): readonly T[] {
    return this.#lookup.byOwner(kind, uid);
  }

  isSynced(...kinds: readonly Kind[]): boolean {
    return this.#lookup.isSynced?.(...kinds) ?? true;
  }

  isMissing(...kinds: readonly Kind[]): boolean {
    return this.#lookup.isMissing?.(...kinds) ?? false;
  }

  live(ref: ObjectRef): LiveState {
    return this.#live.state(ref);
  }

  listed(kind: Kind, namespace: string, labelSelector: string): boolean {
    return this.#live.listed(kind, namespace, labelSelector);
  }

  eventsAbout(uid: string): readonly ObjectEvent[] | 'unread' {
    return this.#live.eventsAbout(uid);
  }

  answers(written: readonly ObjectRef[] = []): Answers {
    return {
      live: this.#live.states(written),
      refusals: this.#memory.refusals(),
      made: new Set(this.#memory.made),
    };
  }

  refusal(ref: ObjectRef): Refusal | undefined {
    return this.#memory.refusal(ref);
  }
}
