/*
 * Which of the tasks of a namespace get a Job when there are more tasks than Jobs may run at once (KeptnConfig
 * `maxJobsPerNamespace`). Within an application the task that came first is first; among applications the one with the fewest
 * running Jobs is, so that the roll-out of one with hundreds of tasks does not hold up the others'.
 */

/** A task that waits for a Job of its own. */
export interface WaitingTask {
  readonly name: string;
  readonly app: string;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly madeAt: number;
}

/** The names of the tasks that get the free places, in that order. `running` are the Jobs of each application. */
export function nextInLine(
  waiting: readonly WaitingTask[],
  running: ReadonlyMap<string, number>,
  free: number,
): readonly string[] {
  const lines = Map.groupBy(waiting.toSorted(byAge), ({ app }) => app);
  const used = new Map(running);
  const next: string[] = [];
  while (next.length < free && lines.size > 0) {
    const [app, line] = [...lines].reduce((best, one) => (isBefore(one, best, used) ? one : best));
    const [first, ...rest] = line;
    if (first === undefined) break;
    next.push(first.name);
    used.set(app, (used.get(app) ?? 0) + 1);
    if (rest.length === 0) lines.delete(app);
    else lines.set(app, rest);
  }
  return next;
}

type Line = readonly [app: string, line: readonly WaitingTask[]];

function isBefore([app, line]: Line, [other, otherLine]: Line, used: ReadonlyMap<string, number>) {
  const difference = (used.get(app) ?? 0) - (used.get(other) ?? 0);
  const [first] = line;
  const [otherFirst] = otherLine;
  if (difference !== 0 || first === undefined || otherFirst === undefined) return difference < 0;
  return byAge(first, otherFirst) < 0;
}

function byAge(one: WaitingTask, other: WaitingTask): number {
  return one.madeAt - other.madeAt || (one.name < other.name ? -1 : 1);
}
