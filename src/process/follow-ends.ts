import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../api/object.ts';
import type { ObjectCaches } from '../kubernetes/cache/caches.ts';
import { Slices } from '../runtime/slices.ts';
import { courseOf } from '../telemetry/metrics/course.ts';
import { mostObjects } from '../telemetry/metrics/keptn-objects.ts';
import type { LifecycleRecorder } from '../telemetry/metrics/lifecycle-recorder.ts';

const kinds: readonly Kind[] = [KeptnAppVersion, KeptnWorkloadVersion, KeptnTask, KeptnEvaluation];

interface Following {
  readonly caches: Pick<ObjectCaches, 'get' | 'walk' | 'subscribe'>;
  readonly recorder: LifecycleRecorder;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Tells the recorder of every change of a version, task or evaluation from now on, and, in slices, of those of each kind that
 * changed last before.
 */
export async function followEnds({ caches, recorder, signal }: Following): Promise<void> {
  const stops = kinds.map((kind) =>
    caches.subscribe(kind, ({ type, object, previous, initial }) => {
      if (type === 'deleted') recorder.gone(object);
      else recorder.changed(object, initial === true ? undefined : previous);
    }),
  );
  const stop = (): void => stops.forEach((end) => end());
  if (signal.aborted) return stop();
  signal.addEventListener('abort', stop, { once: true });
  const turns = new Slices();
  for (const kind of kinds) {
    for (const { namespace, name } of await newest(kind, { caches, signal, turns })) {
      const object = caches.get(kind, namespace, name);
      if (object !== undefined && !signal.aborted) recorder.changed(object);
    }
  }
}

interface Place {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly atMs: number;
}

/** Where the objects are that changed last, oldest first: no more of them than the log names. */
async function newest(
  kind: Kind,
  { caches, signal, turns }: Pick<Following, 'caches' | 'signal'> & { readonly turns: Slices },
): Promise<readonly Place[]> {
  let found: Place[] = [];
  const prune = (): void => {
    found = found.toSorted((a, b) => a.atMs - b.atMs).slice(-mostObjects);
  };
  await turns.each(caches.walk(kind), (object) => {
    if (signal.aborted) return;
    found.push(placeOf(object));
    if (found.length >= 4 * mostObjects) prune();
  });
  prune();
  return found;
}

function placeOf(object: KubernetesObject): Place {
  const { namespace, name, creationTimestamp = '' } = object.metadata;
  const { endMs, startMs } = courseOf(object) ?? {};
  return { namespace, name, atMs: endMs ?? startMs ?? (Date.parse(creationTimestamp) || 0) };
}
