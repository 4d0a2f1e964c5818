import { NamespaceKind } from '../../api/builtin.ts';
import { ClusterError, isNamespaceTerminating } from '../../api/cluster-error.ts';
import type { Kind, OwnerReference } from '../../api/object.ts';
import type { Refusal } from '../../domain/plan.ts';
import { resolveCollision } from './already-exists.ts';
import type { Cluster } from './cluster.ts';
import type { Change } from './effect-target.ts';
import type { LiveView } from './live-view.ts';
import { defined } from '../../api/json.ts';

/**
 * How performing one change ended.
 * - `done`: the cluster is as asked for, and the caches know.
 * - `moved`: the world is not what the decision was made from; the caches know what it is now. Gather again.
 * - `refused`: the API server did not carry it out.
 */
export type Performed =
  | { readonly type: 'done' }
  | { readonly type: 'moved' }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly retryAfterMs: number };

/** What performing needs. `kindOf` knows the kinds that are watched. */
export interface Performing {
  readonly cluster: Cluster;
  readonly live: LiveView;
  readonly kindOf: (owner: OwnerReference) => Kind | undefined;
}

type Of<Type extends Change['type']> = Extract<Change, { type: Type }>;

const done: Performed = { type: 'done' };
const moved: Performed = { type: 'moved' };

/** Performs one change. Rejects only when a read that was needed to understand the answer failed. */
export async function perform(change: Change, by: Performing): Promise<Performed> {
  try {
    return await attempt(change, by);
  } catch (error) {
    if (change.type !== 'create') by.live.unsure(change.ref);
    if (!(error instanceof ClusterError)) throw error;
    return explain(change, error, by);
  }
}

async function attempt(change: Change, { cluster, live }: Performing): Promise<Performed> {
  switch (change.type) {
    case 'create':
      live.created(change.kind, await cluster.create(change.kind, change.object));
      return done;
    case 'patch':
      live.observe(change.ref.kind, await cluster.patch(change.ref, change.operations));
      return done;
    case 'delete': {
      const { ref, uid, resourceVersion, propagation } = change;
      const end = await cluster.delete(ref, {
        uid,
        ...defined({ resourceVersion, propagation }),
      });
      if (end === 'gone') live.deleted(ref, uid);
      else await live.read(ref); // finalizers and grace periods take their time
      return done;
    }
  }
}

function explain(
  change: Change,
  error: ClusterError,
  by: Performing,
): Promise<Performed> | Performed {
  switch (change.type) {
    case 'create':
      if (isNamespaceTerminating(error)) return explainGoing(change, error, by);
      return error.reason === 'AlreadyExists'
        ? explainCollision(change, error, by)
        : refused(change, error);
    case 'patch':
      return explainPatch(change, error, by);
    case 'delete':
      return explainDelete(change, error, by);
  }
}

/** The cache of Namespaces is behind. Once it knows, nothing is decided any more about what is in this one. */
async function explainGoing(
  change: Of<'create'>,
  error: ClusterError,
  { live }: Performing,
): Promise<Performed> {
  const { namespace = '' } = change.object.metadata;
  const home = await live.read({ kind: NamespaceKind, name: namespace });
  return home?.metadata.deletionTimestamp === undefined ? refused(change, error) : moved;
}

async function explainCollision(
  change: Of<'create'>,
  error: ClusterError,
  { live, kindOf }: Performing,
): Promise<Performed> {
  const collision = await resolveCollision(change, live, kindOf);
  if (collision === 'adopt') return done;
  if (collision === 'gone') return moved;
  return refused(change, error, collision);
}

async function explainPatch(
  change: Of<'patch'>,
  error: ClusterError,
  { live }: Performing,
): Promise<Performed> {
  const goneIsDone = change.goneIsDone === true;
  if (error.code === 404) {
    live.forget(change.ref);
    return goneIsDone ? done : refused(change, error);
  }
  if (error.code !== 409 && !isInapplicablePatch(error)) return refused(change, error);
  const uid = (await live.read(change.ref))?.metadata.uid;
  const tested = change.operations.find(
    ({ op, path }) => op === 'test' && path === '/metadata/uid',
  );
  const isAnother = uid === undefined || (tested?.op === 'test' && tested.value !== uid);
  return goneIsDone && isAnother ? done : moved;
}

async function explainDelete(
  change: Of<'delete'>,
  error: ClusterError,
  { live }: Performing,
): Promise<Performed> {
  if (error.code === 404) {
    live.forget(change.ref);
    return done;
  }
  if (error.code !== 409) return refused(change, error);
  return (await live.read(change.ref))?.metadata.uid === change.uid ? moved : done;
}

/**
 * Whether the API server could not apply a JSON patch to the object, because a `test` failed or a path is not there. It
 * answers 422 Invalid as for a refused value, but always in these words, without naming object or field (apimachinery,
 * `NewGenericServerResponse`; tried on 1.36.3).
 */
export function isInapplicablePatch({ code, message }: ClusterError): boolean {
  return (
    code === 422 &&
    message.startsWith('the server rejected our request due to an error in our request')
  );
}

function refused(
  effect: Change,
  error: ClusterError,
  reason: Refusal['reason'] = refusalReason(error),
): Performed {
  const refusal = { effect, reason, message: error.message };
  return { type: 'refused', refusal, retryAfterMs: error.retryAfterMs ?? 0 };
}

// A request that is wrong stays wrong until somebody changes something; everything else may pass by itself.
function refusalReason({ code }: ClusterError): Refusal['reason'] {
  if (code === 403) return 'Forbidden';
  if (code === 404) return 'NotFound';
  const mayPass = code === 401 || code === 408 || code === 409 || code === 429;
  return code >= 400 && code < 500 && !mayPass ? 'Invalid' : 'Unavailable';
}
