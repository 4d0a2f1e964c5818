import { isThis, type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import {
  parseRequests,
  steeringKeys,
  type SteeringRecord,
  type SteeringVerb,
  type StampedRequest,
} from '../../api/keptn/steering.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type KubernetesObject, type ObjectRef, refOf } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import { lookupOver } from '../command/snapshot.ts';
import type { SteeredObject } from './steered-object.ts';

/** What steering needs of the cluster. */
export interface SteeredCluster {
  get(ref: ObjectRef): Promise<KubernetesObject | undefined>;
  patch(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options?: { readonly dryRun?: boolean },
  ): Promise<KubernetesObject>;
}

/** How often it is looked whether the controller has answered. */
const lookEveryMs = 250;

/** What became of what was asked for. */
export type Answer =
  /** Carried out or refused, by the record of the version. */
  | { readonly type: 'answered'; readonly record: SteeringRecord }
  /** Stamped, and not carried out yet. */
  | { readonly type: 'asked'; readonly request: StampedRequest }
  /** Nothing was stored: a dry run. */
  | { readonly type: 'checked'; readonly request: StampedRequest }
  /** No admission has stamped it: nothing will come of it. */
  | { readonly type: 'unstamped' };

/**
 * Writes the annotations that ask for it, and waits for the controller's record. Rejects with what the API server says against
 * it: the right that is missing, or what is wrong with the request.
 */
export async function ask(
  { kind, object }: SteeredObject,
  request: {
    readonly verb: SteeringVerb;
    readonly annotations: Readonly<Record<string, string>>;
    readonly dryRun: boolean;
    readonly waitMs: number;
  },
  by: { readonly cluster: SteeredCluster; readonly clock: Clock; readonly stop: AbortSignal },
): Promise<Answer> {
  const { verb, annotations, dryRun, waitMs } = request;
  const { cluster, clock, stop } = by;
  const ref = refOf(kind, object);
  const patched = await cluster.patch(ref, annotating(object, annotations), { dryRun });
  const listed = patched.metadata.annotations?.[steeringKeys[verb].stamped];
  const stamped = listed === undefined ? undefined : parseRequests(listed)?.at(-1);
  const isLeft = patched.metadata.annotations?.[steeringKeys[verb].asked] !== undefined;
  if (stamped === undefined || isLeft) return { type: 'unstamped' };
  if (dryRun) return { type: 'checked', request: stamped };
  const untilMs = clock.elapsed() + waitMs;
  for (;;) {
    const record = recordOf(await cluster.get(ref), stamped.id);
    if (record !== undefined) return { type: 'answered', record };
    if (clock.elapsed() >= untilMs || stop.aborted) return { type: 'asked', request: stamped };
    await sleep(clock, lookEveryMs, stop);
  }
}

/** The operations that write these annotations on this very object; a value of undefined takes one off. */
export function annotating(
  object: KubernetesObject,
  annotations: Readonly<Record<string, string | undefined>>,
): readonly JsonPatchOperation[] {
  const { annotations: known } = object.metadata;
  const empty: readonly JsonPatchOperation[] =
    known === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : [];
  const changes = Object.entries(annotations).flatMap(([key, value]): JsonPatchOperation[] => {
    const path = pointer('metadata', 'annotations', key);
    if (value !== undefined) return [{ op: 'add', path, value }];
    return known?.[key] === undefined ? [] : [{ op: 'remove', path }];
  });
  return [isThis(object), ...empty, ...changes];
}

function recordOf(object: KubernetesObject | undefined, id: string): SteeringRecord | undefined {
  if (object === undefined) return undefined;
  const read = lookupOver([object]);
  const versions = [...read.list(KeptnWorkloadVersion), ...read.list(KeptnAppVersion)];
  return versions
    .flatMap(({ status }) => status?.steering ?? [])
    .find((record) => record.id === id);
}
