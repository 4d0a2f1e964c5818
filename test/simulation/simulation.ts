import type { IndexDefinition } from '../../src/ports/index-definition.ts';
import { parseAllDocuments } from 'yaml';

import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { type Kind, kindKey, type KubernetesObject } from '../../src/api/object.ts';
import type { Stage } from '../../src/cli/played/actors/actor.ts';
import type { Controller } from '../../src/controllers/engine/controller.ts';
import type { Lookup } from '../../src/domain/lookup.ts';
import type { EventNote } from '../../src/domain/plan.ts';
import type { CacheWeather, Watched } from '../support/memory/memory-caches.ts';
import { MemoryCaches, clearWeather } from '../support/memory/memory-caches.ts';
import type { Call, Fault } from '../support/memory/memory-cluster.ts';
import { kindText, MemoryStore } from '../../src/cli/played/memory-store.ts';
import { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { settled, TestClock } from '../support/clock-and-chance/test-clock.ts';
import { SimulatedProcess } from './simulated-process.ts';

/** An actor that may leave something to the chance of the seed. */
export interface ChancyActor {
  readonly name: string;
  step(stage: Stage & { readonly random: SeededRandom }): void;
}

/** A mutating webhook in the simulation: it sees the caches of a replica that lag like any other. */
export interface Admission {
  readonly kind: Kind;
  admit(object: KubernetesObject, lookup: Lookup, now: number): KubernetesObject;
  /** Whether the API server asks about this object; by default about all. */
  isAsked?(object: KubernetesObject, namespace: KubernetesObject | undefined): boolean;
}

export interface SimulationOptions {
  /** Everything that is left to chance follows from it; printed when the simulation fails. */
  readonly seed: number;
  readonly controllers: readonly Controller[];
  /** Beside those that the controllers name. */
  readonly indexes?: readonly IndexDefinition[];
  /** The kinds that are in the caches, beside those that controllers watch; here a kind can get its selectors. */
  readonly watched?: readonly Watched[];
  /** The kinds `apply` knows by name, beside those in the caches. */
  readonly kinds?: readonly Kind[];
  readonly admission?: readonly Admission[];
  readonly actors?: readonly ChancyActor[];
  /** Whether the controllers may do anything: those of a test, of whose kinds the installation knows nothing. Default: no. */
  readonly isAdministrator?: boolean;
  /** How the caches lag. Made once per process. Default: not at all. */
  readonly weather?: (random: SeededRandom) => CacheWeather;
  /** Requests and answers are on their way for up to this long. Default 0. */
  readonly latencyMs?: number;
  readonly fault?: (call: Call, random: SeededRandom) => Fault | undefined;
  /** How long the API server takes over a call, beside its way. Default 0. */
  readonly stallMs?: (call: Call, random: SeededRandom) => number;
  /** The process is killed right after these of its writes, counted over all processes, and started again a second later. */
  readonly crashAfterWrites?: readonly number[];
}

export interface StartOptions {
  /** The fence of the process. Default: it may write for as long as it lives. */
  readonly mayWrite?: () => boolean;
}

/** A cluster with Sluice's controllers in it, on a clock that jumps from one event to the next. */
export class Simulation {
  readonly clock = new TestClock();
  readonly store = new MemoryStore(this.clock);
  readonly random: SeededRandom;
  /** Every write of Sluice that was carried out, of all processes. */
  readonly writes: Call[] = [];
  /** Every Event that was recorded, of all processes. */
  readonly notes: EventNote[] = [];
  /** What the engine logged as warnings and errors. */
  readonly complaints: string[] = [];
  /** What starts left out although there was something to do: none, or the simulation fails. */
  readonly overlooked: string[] = [];
  readonly processes: SimulatedProcess[] = [];
  readonly #options: SimulationOptions;
  readonly #watched: readonly Watched[];
  readonly #kinds = new Map<string, Kind>();
  readonly #due = new Map<string, number>();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    const byControllers = options.controllers.flatMap(({ watches }) => watches);
    // What is named last counts: a kind watched by selectors is not also watched whole.
    const watched = new Map(
      [...byControllers, ...(options.watched ?? [])].map(({ kind, ...more }) => [
        kindKey(kind),
        'scopes' in more ? { kind, ...more } : { kind },
      ]),
    );
    this.#watched = [...watched.values()];
    const kinds = this.#watched.map(({ kind }) => kind);
    for (const kind of [...kinds, ...(options.kinds ?? []), NamespaceKind]) {
      if (kind.view === undefined) this.#kinds.set(kindText(kind), kind);
    }
    this.#openAdmission();
    const actors = (options.actors ?? []).map((actor) => ({ actor, random: this.random.fork() }));
    this.store.onChange(() => {
      for (const { actor, random } of actors) this.#wake(actor, random, random.between(1, 20));
    });
  }

  /** Starts a process that leads, with caches that begin with what is there. */
  start(options: StartOptions = {}): SimulatedProcess {
    const { controllers, latencyMs = 0 } = this.#options;
    const random = this.random.fork();
    const process = new SimulatedProcess({
      controllers,
      store: this.store,
      clock: this.clock,
      watched: this.#watched,
      indexes: this.#indexes(),
      random,
      weather: this.#options.weather?.(random.fork()) ?? clearWeather,
      latencyMs: () => (latencyMs > 0 ? random.between(0, latencyMs) : 0),
      isAdministrator: this.#options.isAdministrator ?? false,
      fault: (call) => this.#options.fault?.(call, random),
      stallMs: (call) => this.#options.stallMs?.(call, random) ?? 0,
      written: (call) => this.#written(call, process, options),
      crashed: () => this.#restartLater(options),
      record: (note) => void this.notes.push(note),
      complain: (complaint) => void this.complaints.push(complaint),
      mayWrite: options.mayWrite ?? (() => true),
      overlooked: (what) => void this.overlooked.push(what),
    });
    this.processes.push(process);
    process.start();
    return process;
  }

  /** Creates or replaces objects as a user does: objects as they are, or YAML. A missing namespace is created first. */
  apply(...manifests: readonly (string | KubernetesObject)[]): void {
    const objects = manifests.flatMap((manifest) =>
      typeof manifest === 'string' ? parsed(manifest) : [manifest],
    );
    for (const object of objects) {
      const kind = this.kindOf(object);
      const { namespace, name } = object.metadata;
      if (namespace !== undefined) this.ensureNamespace(namespace);
      if (this.store.get(kind, namespace, name) === undefined) this.store.create(kind, object);
      else this.store.update(kind, object);
    }
  }

  ensureNamespace(name: string): void {
    if (this.store.get(NamespaceKind, undefined, name) !== undefined) return;
    this.store.create(NamespaceKind, { ...namespaceType, metadata: { name } });
  }

  /** Creates a Namespace whose opt-in is on record, for simulations without the controllers that see to that. */
  createOptedIn(name: string): void {
    const metadata = { name, annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' } };
    const made = this.store.create(NamespaceKind, { ...namespaceType, metadata });
    const recorded = { [sluiceKeys.optInRecorded]: made.metadata.uid ?? '' };
    this.store.update(NamespaceKind, {
      ...made,
      metadata: { ...made.metadata, annotations: { ...metadata.annotations, ...recorded } },
    });
  }

  /** The kind of an object by its apiVersion and kind. */
  kindOf(object: { apiVersion: string; kind: string }): Kind {
    const kind = this.#kinds.get(kindText(object));
    if (kind === undefined) throw new Error(`the simulation does not know ${kindText(object)}`);
    return kind;
  }

  /** Lets time pass, from event to event, until the condition holds; fails after `withinMs` of simulated time. */
  async until(what: string, condition: () => boolean, withinMs = 600_000): Promise<void> {
    const deadlineMs = this.clock.elapsed() + withinMs;
    await settled();
    while (!condition()) {
      const [nextMs = Infinity] = this.clock.leftovers;
      if (this.clock.elapsed() + nextMs > deadlineMs) {
        throw new Error(`${what}: not within ${withinMs} ms of simulated time`);
      }
      await this.clock.advanceAsync(nextMs);
    }
  }

  /** Lets this much time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  /** Runs the check and, if it fails, says with which seed. */
  async explained(check: () => Promise<void>): Promise<void> {
    try {
      await check();
      if (this.overlooked.length > 0) throw new Error(this.overlooked.join('\n'));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${why}\n${this.describe()}`, { cause });
    } finally {
      for (const process of this.processes) process.kill();
    }
  }

  /** The seed, and every object with its status, for a failure's message. */
  describe(): string {
    const objects = this.store.all().map(({ kind, object }) => {
      const { namespace, name } = object.metadata;
      return `  ${kind.kind} ${namespace ?? ''}/${name}${'status' in object ? gist(object.status) : ''}`;
    });
    return [
      `seed ${this.#options.seed}, at ${new Date(this.clock.now()).toISOString()}`,
      ...objects,
      ...this.complaints.slice(-10).map((complaint) => `  ! ${complaint}`),
    ].join('\n');
  }

  #indexes(): readonly IndexDefinition[] {
    const { controllers, indexes = [] } = this.#options;
    return [...new Set([...indexes, ...controllers.flatMap((one) => one.indexes ?? [])])];
  }

  #openAdmission(): void {
    const { admission = [] } = this.#options;
    const indexes = this.#indexes();
    if (admission.length === 0) return;
    const weather = this.#options.weather?.(this.random.fork()) ?? clearWeather;
    const { store, clock } = this;
    const watched = this.#watched;
    const caches = new MemoryCaches({ store, clock, watched, weather, indexes });
    caches.start();
    for (const webhook of admission) {
      this.store.admitBy(webhook.kind, (object) => {
        const home = store.get(NamespaceKind, undefined, object.metadata.namespace ?? '');
        const isAsked = webhook.isAsked?.(object, home) ?? true;
        return isAsked ? webhook.admit(object, caches, clock.now()) : object;
      });
    }
  }

  /** Counts a write, and kills the process that did it if its time has come. */
  #written(call: Call, process: SimulatedProcess, options: StartOptions): void {
    this.writes.push(call);
    if (this.#options.crashAfterWrites?.includes(this.writes.length) !== true) return;
    process.kill();
    this.#restartLater(options);
  }

  #restartLater(options: StartOptions): void {
    this.clock.after(1_000, () => void this.start(options));
  }

  #wake(actor: ChancyActor, random: SeededRandom, afterMs: number): void {
    const dueMs = this.clock.elapsed() + afterMs;
    if ((this.#due.get(actor.name) ?? Infinity) <= dueMs) return;
    this.#due.set(actor.name, dueMs);
    this.clock.after(afterMs, () => {
      if (this.#due.get(actor.name) !== dueMs) return;
      this.#due.delete(actor.name);
      const wakeAfter = (ms: number): void => this.#wake(actor, random, ms);
      try {
        actor.step({ store: this.store, random, now: this.clock.now(), wakeAfter });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        wakeAfter(200);
      }
    });
  }
}

/** The plain fields of a status, and what its conditions say. */
function gist(status: unknown): string {
  const fields = Object.entries(status ?? {}).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'conditions' && Array.isArray(value)) return value.map(conditionGist);
    return typeof value === 'object' || /time|generation/iu.test(key)
      ? []
      : [`${key}=${JSON.stringify(value)}`];
  });
  return ` ${fields.join(' ')}`;
}

function conditionGist(condition: { type?: unknown; status?: unknown; reason?: unknown }): string {
  return `${String(condition.type)}:${String(condition.status)}(${String(condition.reason)})`;
}

const NamespaceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

const namespaceType = { apiVersion: 'v1', kind: 'Namespace' };

function parsed(manifest: string): KubernetesObject[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (!isObject(object)) throw new Error('a manifest needs apiVersion, kind and metadata.name');
    return [object];
  });
}

function isObject(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null) return false;
  return 'apiVersion' in value && 'kind' in value && 'metadata' in value;
}
