import type { KubernetesObject, ObjectRef } from '../../api/object.ts';
import { refKey, refOf } from '../../api/object.ts';
import type { SpanRecord } from '../../api/span.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { Exportable } from '../../domain/trace/trace-export.ts';

/** An object together with the spans it has to send. */
export interface Sendable {
  readonly exportable: Exportable;
  readonly object: KubernetesObject;
  readonly spans: readonly SpanRecord[];
}

// What every collector takes in one request: theirs are limited to 4 MiB over gRPC by default.
const mostSpans = 512;
const mostCharacters = 1024 * 1024;

/**
 * The objects whose spans are to be sent, by address: spans are built only when they are about to go, so that a collector
 * that is away for long costs no more than a name each.
 */
export class PendingSpans {
  readonly #lookup: Lookup;
  readonly #onBroken: (object: KubernetesObject, error: unknown) => void;
  readonly #objects = new Map<
    string,
    { readonly exportable: Exportable; readonly ref: ObjectRef }
  >();
  /** Objects in a batch; halved where a collector refuses one, to find what it refuses. */
  #mostObjects = mostSpans;

  /** `onBroken` is called with an object whose spans cannot be built; it is forgotten, and the others go on. */
  constructor(lookup: Lookup, onBroken: (object: KubernetesObject, error: unknown) => void) {
    this.#lookup = lookup;
    this.#onBroken = onBroken;
  }

  get size(): number {
    return this.#objects.size;
  }

  add(exportable: Exportable, object: KubernetesObject): void {
    const ref = refOf(exportable.kind, object);
    this.#objects.set(refKey(ref), { exportable, ref });
  }

  remove({ exportable, object }: Sendable): void {
    this.#objects.delete(refKey(refOf(exportable.kind, object)));
  }

  /**
   * The next batch, oldest first, within the limits unless a single object exceeds them. What has gone or was marked by
   * somebody else is forgotten on the way; what hangs on an object that is not in the caches is left for later.
   */
  batch(): readonly Sendable[] {
    const batch: Sendable[] = [];
    let spans = 0;
    let characters = 0;
    for (const [key, { exportable, ref }] of this.#objects) {
      const object = this.#lookup.get(ref.kind, ref.namespace, ref.name);
      if (object === undefined || !exportable.isPending(object)) {
        this.#objects.delete(key);
        continue;
      }
      const own = this.#spansOf(exportable, object);
      if (own === 'broken') this.#objects.delete(key);
      if (own === undefined || own === 'broken') continue;
      spans += own.length;
      characters += JSON.stringify(own).length;
      const isFull = spans > mostSpans || characters > mostCharacters;
      if (batch.length > 0 && isFull) break;
      batch.push({ exportable, object, spans: own });
      if (batch.length >= this.#mostObjects) break;
    }
    return batch;
  }

  #spansOf(
    exportable: Exportable,
    object: KubernetesObject,
  ): readonly SpanRecord[] | undefined | 'broken' {
    try {
      return exportable.spans(object, this.#lookup);
    } catch (error) {
      this.#onBroken(object, error);
      return 'broken';
    }
  }

  /** The collector takes what it is given: batches may grow again. */
  accepted(): void {
    this.#mostObjects = Math.min(mostSpans, this.#mostObjects * 2);
  }

  /** The collector refused a batch: `smaller` if a part of it may be taken, `single` if it was about one object. */
  refused(batch: readonly Sendable[]): 'smaller' | 'single' {
    if (batch.length <= 1) return 'single';
    this.#mostObjects = Math.ceil(batch.length / 2);
    return 'smaller';
  }
}
