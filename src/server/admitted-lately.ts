import type { AdmissionRequest, AdmissionReviewAnswer } from '../api/review.ts';
import type { Kind } from '../api/object.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Clock } from '../runtime/clock.ts';

/** Caches are behind by less than this. Milliseconds. */
const rememberedMs = 10_000;

/** So many objects are remembered; of more, as in a GitOps sync of a whole cluster, the oldest are forgotten. */
const mostRemembered = 5_000;

/**
 * The objects that this process has let in a moment ago. The caches may not have them yet: what is applied together with them, and
 * names them, must not be said to name nothing. They silence a warning and prove nothing.
 */
export class AdmittedLately {
  readonly #clock: Pick<Clock, 'elapsed'>;
  /** Until when each is remembered, the oldest first. */
  readonly #until = new Map<string, number>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#until.size;
  }

  /** Remembers an object that is created; one of a dry run is none, and neither is what is asked of an object that is there. */
  note(request: AdmissionRequest, { response }: AdmissionReviewAnswer): void {
    const { operation, subResource = '', dryRun = false, kind, namespace, name = '' } = request;
    if (operation !== 'CREATE' || subResource !== '') return;
    if (dryRun || !response.allowed || name === '') return;
    const key = keyOf(kind, namespace, name);
    this.#until.delete(key);
    const now = this.#clock.elapsed();
    this.#until.set(key, now + rememberedMs);
    for (const [oldest, until] of this.#until) {
      if (this.#until.size <= mostRemembered && until > now) break;
      this.#until.delete(oldest);
    }
  }

  /** The lookup, which also says what is expected in it. */
  over(lookup: Lookup): Lookup {
    return {
      get: (kind, namespace, name) => lookup.get(kind, namespace, name),
      list: (kind, namespace) => lookup.list(kind, namespace),
      byIndex: (index, value) => lookup.byIndex(index, value),
      byOwner: (kind, uid) => lookup.byOwner(kind, uid),
      isSynced: (...kinds) => lookup.isSynced?.(...kinds) ?? true,
      isMissing: (...kinds) => lookup.isMissing?.(...kinds) ?? false,
      isExpected: (kind, namespace, name) => this.#has(kind, namespace, name),
    };
  }

  #has({ apiVersion, kind }: Kind, namespace: string | undefined, name: string): boolean {
    const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
    const until = this.#until.get(keyOf({ group, kind }, namespace, name));
    return until !== undefined && until > this.#clock.elapsed();
  }
}

function keyOf(
  { group, kind }: { readonly group: string; readonly kind: string },
  namespace: string | undefined,
  name: string,
): string {
  return `${group} ${kind} ${namespace ?? ''}/${name}`;
}
