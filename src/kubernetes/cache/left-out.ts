import type { Log } from '../../ports/log.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Head } from './object-store.ts';
import { objectOf, type RawObject, textOf } from '../wire/raw-json.ts';

/** An object that cannot be taken in as it is; the message says why, without its name. */
export class ObjectUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ObjectUnusable';
  }
}

/** One object that this process does not see. */
export interface LeftOutObject {
  /** As much as can be told of it: kind and name. */
  readonly object: KubernetesObject;
  /** Why: goes on from its name. */
  readonly why: string;
}

/** So many are remembered one by one; the count goes on. */
const mostRemembered = 1_000;

/**
 * The objects that could not be taken into the caches: one that is unreadable is left out alone, and everything else goes on.
 * Whatever names such an object finds nothing, so nothing is released by it.
 */
export class LeftOut {
  readonly #log: Log;
  readonly #objects = new Map<string, LeftOutObject>();
  readonly #counts = new Map<string, number>();
  readonly #listeners = new Set<(one: LeftOutObject) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes note of an object, logs it and tells listeners; once for each reason. */
  add({ apiVersion, kind }: Kind, head: Head, error: unknown): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const why = whyOf(error);
    const key = keyOf(kind, head);
    if (this.#objects.get(key)?.why === why) return;
    if (this.#objects.size >= mostRemembered && !this.#objects.has(key)) return;
    const { name, namespace, uid } = head;
    const metadata = { name, ...(namespace !== undefined && { namespace }), ...(uid && { uid }) };
    const one = { object: { apiVersion, kind, metadata }, why };
    this.#objects.set(key, one);
    this.#log.warn({ kind, namespace, name, why }, 'an object is left out');
    for (const listener of this.#listeners) listener(one);
  }

  /** The object is gone, or readable again. */
  remove(kind: string, head: Head): void {
    if (this.#objects.size > 0) this.#objects.delete(keyOf(kind, head));
  }

  /** What is left out now. */
  objects(): readonly LeftOutObject[] {
    return [...this.#objects.values()];
  }

  /** How often an object of a kind was left out since the process started; for metrics. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Calls `listener` with what is left out from now on; returns the way to stop. */
  subscribe(listener: (one: LeftOutObject) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** What can be told of an object whatever else it is; without a name that is empty. */
export function headOf(raw: RawObject): Head {
  const { name, namespace, uid, resourceVersion } = objectOf(raw['metadata']);
  return {
    name: textOf(name) ?? '',
    namespace: textOf(namespace),
    uid: textOf(uid),
    resourceVersion: textOf(resourceVersion),
  };
}

function whyOf(error: unknown): string {
  if (error instanceof ObjectUnusable) return error.message;
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500);
}

function keyOf(kind: string, { namespace = '', name }: Head): string {
  return `${kind} ${namespace}/${name}`;
}
