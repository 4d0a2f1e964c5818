import { isEqualJson } from '../../api/json.ts';
import type { ObjectRef } from '../../api/object.ts';
import { refKey } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { Refusal } from '../../domain/plan.ts';
import type { Change } from './effect-target.ts';
import { changeKey, targetOf } from './effect-target.ts';

interface Refused {
  readonly refusal: Refusal;
  readonly change: Change;
  readonly retryAfterMs: number;
  /** For a creation the version of what was in its way; undefined when nothing was. */
  readonly inTheWay: string | undefined;
  /** When the change may be tried again, in elapsed time; undefined while the reconcile it was refused in still runs. */
  notBefore: number | undefined;
}

/**
 * What the engine remembers of one key between reconciles: which changes were refused and when they may be tried again, and
 * how often in a row the key failed. Only a convenience: after a restart the first tries tell the same again.
 */
export class KeyMemory {
  /** Reconciles in a row that did not end well; the exponent of the back-off. */
  failures = 0;
  /**
   * The uids of objects that were created and may not be recorded yet. What exists under a name that anybody can compute is
   * known as ours by these; after a restart only its content can tell.
   */
  readonly made = new Set<string>();
  readonly #refused = new Map<string, Refused>();

  /** Why the last try to change this object was refused. */
  refusal(ref: ObjectRef): Refusal | undefined {
    return this.#about(ref).at(-1)?.[1].refusal;
  }

  /** Why the last try to change each object was refused, by `refKey`. */
  refusals(): ReadonlyMap<string, Refusal> {
    return new Map(
      [...this.#refused.values()].map(({ change, refusal }) => [refKey(targetOf(change)), refusal]),
    );
  }

  /** The change is not tried again in this reconcile, nor until `settle` says. */
  refuse(
    change: Change,
    answer: { readonly refusal: Refusal; readonly retryAfterMs: number },
    lookup: Lookup,
  ): void {
    const key = changeKey(change);
    this.#refused.delete(key); // the newest refusal of an object comes last
    this.#refused.set(key, {
      refusal: answer.refusal,
      change,
      retryAfterMs: answer.retryAfterMs,
      inTheWay: inTheWay(change, lookup),
      notBefore: undefined,
    });
  }

  /** Nothing about this object is refused any more. */
  succeed(ref: ObjectRef): void {
    for (const [key] of this.#about(ref)) this.#refused.delete(key);
  }

  /**
   * Whether this change has to wait: refused in this reconcile, or earlier with the same content, its time not come and the
   * object in its way not changed.
   */
  isHeldBack(change: Change, nowMs: number, lookup: Lookup): boolean {
    const refused = this.#refused.get(changeKey(change));
    if (refused === undefined) return false;
    if (refused.notBefore === undefined) return true;
    return (
      nowMs < refused.notBefore &&
      refused.inTheWay === inTheWay(change, lookup) &&
      isEqualJson(change, refused.change)
    );
  }

  /** Whether anything was refused since the last `settle`. */
  hasNewRefusals(): boolean {
    return this.#refused.values().some(({ notBefore }) => notBefore === undefined);
  }

  /** Ends a reconcile: what was refused in it may be tried again after this delay, or later if the API server said so. */
  settle(nowMs: number, delayMs: number): void {
    for (const refused of this.#refused.values()) {
      refused.notBefore ??= nowMs + Math.max(delayMs, refused.retryAfterMs);
    }
  }

  /** When the first of these changes may be tried again; undefined when none of them waits. */
  nextTry(changes: readonly Change[]): number | undefined {
    const times = changes.flatMap(
      (change) => this.#refused.get(changeKey(change))?.notBefore ?? [],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether there is nothing to remember. */
  isEmpty(): boolean {
    return this.failures === 0 && this.#refused.size === 0 && this.made.size === 0;
  }

  #about(ref: ObjectRef): [string, Refused][] {
    const about = refKey(ref);
    return [...this.#refused].filter(([, { change }]) => refKey(targetOf(change)) === about);
  }
}

function inTheWay(change: Change, lookup: Lookup): string | undefined {
  if (change.type !== 'create') return undefined;
  const { kind, namespace, name } = targetOf(change);
  return lookup.get(kind, namespace, name)?.metadata.resourceVersion;
}
