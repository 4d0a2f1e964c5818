import type { DeletePreconditions } from '../../../src/ports/delete-preconditions.ts';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { JsonPatchOperation } from '../../../src/api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../../src/api/object.ts';
import { refOf } from '../../../src/api/object.ts';
import type {
  CallLimits,
  Cluster,
  ClusterConnection,
} from '../../../src/controllers/engine/cluster.ts';
import type { ObjectEvent } from '../../../src/domain/lookup.ts';
import type { Subject } from '../../../src/domain/plan.ts';
import { EventKind } from '../../../src/kubernetes/events/event-series.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { StoreCalls } from '../../../src/cli/played/store-calls.ts';
import type { MemoryStore } from '../../../src/cli/played/memory-store.ts';

/** One call of a process to the API server. */
export interface Call {
  /** 1 for the first call of the process. */
  readonly number: number;
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'writeStatus' | 'delete';
  readonly kind: Kind;
  readonly namespace?: string;
  /** Empty for a list. */
  readonly name: string;
}

/**
 * How a call fails.
 * - `500`, `429` (try again in a second), `409`, `403`: the API server's answer; nothing was done. As an error: in these words.
 * - `lost-before`, `lost-after`: the connection broke; in the second case everything was done and nobody heard.
 * - `crash-before`, `crash-after`: the process dies at this moment; the call never returns.
 */
export type Fault =
  | ClusterError
  | '500'
  | '429'
  | '409'
  | '403'
  | 'lost-before'
  | 'lost-after'
  | 'crash-before'
  | 'crash-after';

export interface MemoryClusterOptions {
  readonly store: MemoryStore;
  readonly clock: Clock;
  /** How long a request, and then its answer, is on its way. Default: no time at all. */
  readonly latencyMs?: () => number;
  readonly fault?: (call: Call) => Fault | undefined;
  /** How long the API server takes over a request, beside its way. Default: no time at all. */
  readonly stallMs?: (call: Call) => number;
  /** Told of every write that the store carried out. */
  readonly written?: (call: Call) => void;
  /** Called when a fault says so; from then on no call returns. */
  readonly crash?: () => void;
}

/** The connection of one process to the store. */
export class MemoryCluster implements ClusterConnection {
  readonly #options: MemoryClusterOptions;
  readonly #played: StoreCalls;
  #calls = 0;
  #dead = false;

  constructor(options: MemoryClusterOptions) {
    this.#options = options;
    this.#played = new StoreCalls(options.store);
  }

  /** From now on no call returns, as in a process that was killed. */
  die(): void {
    this.#dead = true;
  }

  /** What is given up may still be carried out: it was on its way. */
  within({ signal, maySend }: CallLimits): Cluster {
    const limited =
      <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
      (...args: Args): Promise<Result> =>
        signal.aborted || maySend?.() === false
          ? Promise.reject(givenUp())
          : unlessAborted(call(...args), signal);
    return {
      get: limited((ref) => this.get(ref)),
      list: limited((kind, namespace, selector) => this.list(kind, namespace, selector)),
      eventsAbout: limited((subject) => this.eventsAbout(subject)),
      create: limited((kind, object) => this.create(kind, object)),
      patch: limited((ref, operations) => this.patch(ref, operations)),
      writeStatus: limited((ref, version, status) => this.writeStatus(ref, version, status)),
      delete: limited((ref, preconditions) => this.delete(ref, preconditions)),
    };
  }

  get(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    return this.#call({ verb: 'get', ...ref }, () => this.#played.get(ref));
  }

  list(kind: Kind, namespace: string, labelSelector: string): Promise<KubernetesObject[]> {
    return this.#call({ verb: 'list', kind, namespace, name: '' }, () =>
      this.#played.list(kind, namespace, labelSelector),
    );
  }

  eventsAbout(subject: Subject): Promise<ObjectEvent[]> {
    return this.#call(
      { verb: 'list', kind: EventKind, namespace: subject.namespace, name: '' },
      () => this.#played.eventsAbout(subject),
    );
  }

  create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject> {
    return this.#call({ verb: 'create', ...refOf(kind, object) }, () =>
      this.#played.create(kind, object),
    );
  }

  patch(ref: ObjectRef, operations: readonly JsonPatchOperation[]): Promise<KubernetesObject> {
    return this.#call({ verb: 'patch', ...ref }, () => this.#played.patch(ref, operations));
  }

  writeStatus(ref: ObjectRef, version: string, status: unknown): Promise<KubernetesObject> {
    return this.#call({ verb: 'writeStatus', ...ref }, () =>
      this.#played.writeStatus(ref, version, status),
    );
  }

  delete(ref: ObjectRef, preconditions: DeletePreconditions): Promise<'gone' | 'going'> {
    return this.#call({ verb: 'delete', ...ref }, () => this.#played.delete(ref, preconditions));
  }

  async #call<T>(request: Omit<Call, 'number'>, carryOut: () => T): Promise<T> {
    this.#calls += 1;
    const { verb, kind, namespace, name } = request;
    const call = {
      number: this.#calls,
      verb,
      kind,
      name,
      ...(namespace !== undefined && { namespace }),
    };
    const fault = this.#options.fault?.(call);
    await this.#onItsWay();
    await this.#pass(this.#options.stallMs?.(call) ?? 0);
    this.#failBefore(fault);
    await this.#unlessDead();
    const answer = carryOut();
    if (verb !== 'get' && verb !== 'list') this.#options.written?.(call);
    if (fault === 'crash-after') this.#crash();
    await this.#onItsWay();
    await this.#unlessDead();
    if (fault === 'lost-after') throw lost();
    return answer;
  }

  #failBefore(fault: Fault | undefined): void {
    if (fault === 'crash-before') this.#crash();
    if (fault === 'lost-before') throw lost();
    if (fault instanceof ClusterError) throw fault;
    const answer = answers.find(({ code }) => String(code) === fault);
    if (answer !== undefined) throw new ClusterError(answer);
  }

  #crash(): void {
    this.#dead = true;
    this.#options.crash?.();
  }

  async #unlessDead(): Promise<void> {
    if (this.#dead) await new Promise<never>(() => {});
  }

  async #onItsWay(): Promise<void> {
    await this.#unlessDead();
    await this.#pass(this.#options.latencyMs?.() ?? 0);
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.#options.clock.after(ms, resolve));
  }
}

const answers = [
  { code: 500, reason: 'InternalError', message: 'etcdserver: leader changed' },
  { code: 429, reason: 'TooManyRequests', message: 'too many requests', retryAfterMs: 1_000 },
  { code: 409, reason: 'Conflict', message: 'the object has been modified' },
  { code: 403, reason: 'Forbidden', message: 'exceeded quota: cpu' },
];

function unlessAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(givenUp());
    signal.addEventListener('abort', giveUp, { once: true });
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

function givenUp(): ClusterError {
  return new ClusterError({ code: 0, reason: 'Unavailable', message: 'the request was given up' });
}

function lost(): ClusterError {
  return new ClusterError({ code: 0, reason: 'ConnectionLost', message: 'socket hang up' });
}
