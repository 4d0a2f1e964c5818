import type { IndexDefinition } from '../../ports/index-definition.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { Plan } from '../../domain/plan.ts';
import { rootOf } from '../../domain/task/task-follow-ups.ts';
import { type Followed, longestAncestry } from './follow-ups.ts';

/** The follow-ups by the check or version (and the attempt of it) that their line began with. */
export const followUpsByRoot: IndexDefinition<KeptnTask> = {
  kind: KeptnTask,
  name: 'root',
  values: (task) => {
    const line = lineOf(task);
    return line === undefined || controllerOf(task) === undefined ? [] : [line];
  },
};

// Far more lines than can be under way at once; what is forgotten can at most be counted one too few.
const mostLines = 1_000;

/**
 * The tasks of each line of follow-ups: those in the caches, and those that a decision has just asked for. Without the latter
 * two tasks of a line that end at the same moment would each take the last place.
 */
export class FollowUpLines {
  readonly #asked = new Map<string, Set<string>>();

  /** The names of the tasks of the line that a task belongs to; none if it is no follow-up. */
  namesOf(task: KeptnTask, lookup: Lookup): ReadonlySet<string> {
    const line = lineOf(task);
    if (line === undefined) return new Set();
    const there = lookup.byIndex(followUpsByRoot, line);
    const asked = this.#asked.get(line) ?? [];
    const names = there.map(({ metadata }) => metadata.name);
    return new Set([...names, ...asked, ...reservedAt(rootAbove(task, lookup))]);
  }

  /** Takes note of the tasks that a plan creates; answers the plan. */
  noted(plan: Plan): Plan {
    for (const effect of plan.effects ?? []) {
      if (effect.type !== 'create') continue;
      const { object } = effect;
      const line = isTask(object) ? lineOf(object) : undefined;
      if (line === undefined) continue;
      const asked = this.#asked.get(line) ?? new Set();
      this.#asked.delete(line);
      this.#asked.set(line, asked.add(object.metadata.name));
    }
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > mostLines && oldest !== undefined) this.#asked.delete(oldest);
    return plan;
  }
}

/** Stand-ins for the follow-ups that the check or version itself lists and that wait, for a definition above all. */
function reservedAt(root: Followed | undefined): readonly string[] {
  return (root?.status?.followUps ?? []).flatMap(({ name = '', status, definitionName = '' }) =>
    name === '' && !isCompleted(status) ? [`${definitionName} (waiting)`] : [],
  );
}

const kinds: readonly Kind<Followed>[] = [
  KeptnTask,
  KeptnEvaluation,
  KeptnAppVersion,
  KeptnWorkloadVersion,
];

/** What the line of a follow-up began with, as far as it is in the caches. */
function rootAbove(task: KeptnTask, lookup: Lookup): Followed | undefined {
  const { namespace } = task.metadata;
  let { parent } = task.spec;
  for (let steps = 0; parent !== undefined && steps < longestAncestry; steps += 1) {
    const { kind, name } = parent;
    const of = kinds.find((one) => one.kind === kind);
    if (kind !== KeptnTask.kind) return of && lookup.get(of, namespace, name);
    const above: KeptnTask | undefined = lookup.get(KeptnTask, namespace, name);
    if (above?.spec.parent === undefined) return above;
    ({ parent } = above.spec);
  }
  return undefined;
}

function isTask(object: KubernetesObject): object is KeptnTask {
  return object.kind === KeptnTask.kind;
}

function lineOf(task: KeptnTask): string | undefined {
  const root = rootOf(task);
  const { namespace = '' } = task.metadata;
  return root === undefined ? undefined : `${namespace}/${root}/${task.spec.attempt ?? 1}`;
}
