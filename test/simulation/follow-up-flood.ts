import { KeptnTask } from '../../src/api/keptn/task.ts';
import { isCompleted } from '../../src/api/keptn/states.ts';
import { aDefinition, aTask } from './follow-up-scenario.ts';
import type { Simulation } from './simulation.ts';

/**
 * A task and definitions in levels: each of a level is followed by all of the next. With three levels of 32 that is 97
 * definitions, of which every path is one Job: 33,825 without a total.
 */
export function manyFollowUps({
  levels,
  total,
}: {
  readonly levels: readonly number[];
  readonly total?: number;
}): readonly string[] {
  const names = levels.map((count, level) =>
    Array.from({ length: count }, (_, index) => `level-${level}-${index}`),
  );
  const followedBy = (level: number): string[] =>
    names[level] === undefined ? [] : [`onSuccess: [${names[level].join(', ')}]`];
  const settings = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: settings }
spec: { maxFollowUps: ${total} }
`;
  return [
    ...(total === undefined ? [] : [settings]),
    aDefinition('check', 'succeed', ...followedBy(0)),
    ...names.flatMap((of, level) =>
      of.map((name) => aDefinition(name, 'succeed', ...followedBy(level + 1))),
    ),
    aTask('succeed'),
  ];
}

/** The tasks there are. */
export function tasksIn({ store }: Simulation): KeptnTask[] {
  return store.list(KeptnTask);
}

/** Starts Sluice, and waits until every task and every follow-up of one has ended. */
export async function runOut(simulation: Simulation): Promise<void> {
  simulation.start();
  await simulation.until('all tasks have ended', () =>
    tasksIn(simulation).every(
      ({ status }) =>
        isCompleted(status?.status) &&
        (status?.followUps ?? []).every((each) => isCompleted(each.status)),
    ),
  );
}
