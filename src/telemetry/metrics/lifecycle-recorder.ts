import type { Condition, KubernetesObject } from '../../api/object.ts';
import { type Course, courseOf } from './course.ts';
import type { KeptnObjects } from './keptn-objects.ts';
import { evaluationFamily, taskFamily } from './keptn-series.ts';
import type { Recording } from './recording.ts';
import type { Series } from './series.ts';
import {
  evaluationDuration,
  evaluationsEnded,
  taskDuration,
  tasksEnded,
  wouldBlock,
} from './sluice-series.ts';

/** A hand-made task may name any type: as a label it would have no bound. */
const checkTypes = new Set([
  'pre',
  'post',
  'promotion',
  'pre-eval',
  'post-eval',
  'on-success',
  'on-failure',
]);

function wouldBeBlocked(object: Stated): boolean {
  const { conditions = [] } = object.status ?? {};
  return conditions.some(({ type, status }) => type === 'WouldBlock' && status === 'True');
}

type Stated = KubernetesObject & { readonly status?: { readonly conditions?: Condition[] } };

/**
 * Counts the ends of versions, tasks and evaluations, and what would have been blocked, as this process sees them happen. An end is counted once, by the
 * process that leads; what ended while no process led is not counted.
 */
export class LifecycleRecorder {
  readonly #registry: Recording;
  readonly #keptn: KeptnObjects | undefined;

  /** Without `keptn` Keptn's series are left out. */
  constructor(registry: Recording, keptn: KeptnObjects | undefined) {
    this.#registry = registry;
    this.#keptn = keptn;
  }

  /** An object is there or has changed; without `previous` nothing is known to have happened to it just now. */
  changed(object: KubernetesObject, previous?: KubernetesObject): void {
    const course = courseOf(object);
    if (course === undefined) return;
    const before = previous && courseOf(previous);
    if (previous !== undefined && wouldBeBlocked(object) && !wouldBeBlocked(previous)) {
      this.#registry.add(wouldBlock, { kind: object.kind });
    }
    const hasEnded =
      before !== undefined && before.endMs === undefined && course.endMs !== undefined;
    if (!hasEnded) return this.#keptn?.seen(course);
    this.#keptn?.ended(course);
    if (course.family === taskFamily) this.#check(course, tasksEnded, taskDuration);
    if (course.family === evaluationFamily)
      this.#check(course, evaluationsEnded, evaluationDuration);
  }

  /** An object is gone. */
  gone(object: KubernetesObject): void {
    const course = courseOf(object);
    if (course !== undefined) this.#keptn?.gone(course);
  }

  /** This process leads no longer. */
  clear(): void {
    this.#keptn?.clear();
  }

  #check({ checkType, state, startMs, endMs }: Course, count: Series, duration: Series): void {
    const type = checkTypes.has(checkType) ? checkType : 'other';
    const labels = { type, result: state };
    this.#registry.add(count, labels);
    if (startMs === undefined || endMs === undefined) return;
    this.#registry.observe(duration, labels, (endMs - startMs) / 1000);
  }
}
